"""The last year's bills under another rule; nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from billing.models import UtilityBill
from billing.rubs import RuleInput
from billing.views.bill_problems import reasons
from billing.views.rule_scope import RuleScope, find_scope
from billing.views.share_rules import rule_form
from billing.views.wording import billing_month
from billing.what_if import Comparison, UnitChange, compare_rules
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in

NO_RULE = "No version of the rule counts for this bill, so there is nothing to compare with."


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A bill that cannot be compared, and why.

    Shape: `reasons` are (sentence, url) pairs.
    """

    bill: UtilityBill
    month: str
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A comparison as it is shown, whoever pays more first.

    Units: cents.
    """

    found: Comparison
    units: tuple[UnitChange, ...]
    left_out: tuple[LeftOut, ...]
    tenants_before_cents: int
    tenants_after_cents: int

    @property
    def paying_more(self) -> int:
        """Count the units whose tenants would pay more."""
        return sum(change.difference_cents > 0 for change in self.units)

    @property
    def paying_less(self) -> int:
        """Count the units whose tenants would pay less."""
        return sum(change.difference_cents < 0 for change in self.units)

    @property
    def tenants_difference_cents(self) -> int:
        """Tell by how much all tenants together would pay more."""
        return self.tenants_after_cents - self.tenants_before_cents

    @property
    def owner_difference_cents(self) -> int:
        """Tell by how much the owner would pay more."""
        return self.found.owner_after_cents - self.found.owner_before_cents


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def what_if(request: SignedInRequest, pk: int, utility: str) -> HttpResponse:
    """Compare the last bills under the rule in force and under the one in the form."""
    scope = find_scope(request, pk, utility, Action.READ)
    sent = request.POST or (request.GET if "method" in request.GET else None)
    form = rule_form(scope, sent)
    outcome = _compare(scope, form.rule()) if form.is_bound and form.is_valid() else None
    return render(
        request,
        "billing/what_if.html",
        {
            "title": f"What if {scope.name} were shared differently?",
            "breadcrumbs": scope.breadcrumbs,
            "scope": scope,
            "form": form,
            "outcome": outcome,
            "what_if_url": scope.url("what-if"),
            "has_bill": scope.place.bills.filter(utility=scope.utility).exists(),
        },
    )


def _compare(scope: RuleScope, rule: RuleInput) -> Outcome:
    found = compare_rules(place=scope.place, utility=scope.utility, proposal=rule)
    return Outcome(
        found=found,
        units=tuple(sorted(found.units, key=lambda change: -change.difference_cents)),
        left_out=tuple(
            LeftOut(
                trial.bill,
                billing_month(trial.bill),
                tuple(reasons(trial.bill, trial.problems)) or ((NO_RULE, ""),),
            )
            for trial in found.left_out
        ),
        tenants_before_cents=sum(change.before_cents for change in found.units),
        tenants_after_cents=sum(change.after_cents for change in found.units),
    )

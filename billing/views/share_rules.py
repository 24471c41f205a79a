"""Setting how a property's bills for one utility are shared, with a look at what it would do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.charge_codes import codes_in_use
from billing.forms import ShareRuleForm
from billing.forms.rule_reading import initial_of
from billing.forms.share_rules import MIX_ROWS
from billing.inputs import rule_input
from billing.models import Method, ShareRule, VacancyPolicy
from billing.operations.share_rules import set_share_rule
from billing.operations.usual_charge_codes import ensure_charge_codes
from billing.rubs import RuleInput, Vacancy
from billing.views.breadcrumbs import below_property
from billing.views.rule_facts import facts_of
from billing.views.rule_preview import preview_rule, review_of
from billing.views.rule_scope import RuleScope, find_scope
from billing.views.rule_words import rule_sentence
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in

_FIRST_RULE = RuleInput(method=Method.SQUARE_FEET.value, vacancy=Vacancy.OWNER_PAYS)
_FIRST_CHOICE = {
    "method": Method.SQUARE_FEET,
    "vacancy": VacancyPolicy.OWNER_PAYS,
    "common_area_percent": "0",
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def share_rule_edit(request: SignedInRequest, pk: int, utility: str) -> HttpResponse:
    """Show a rule with its history, and put a new version in force."""
    action = Action.PREPARE if request.method == "POST" else Action.READ
    scope = find_scope(request, pk, utility, action)
    active = scope.active
    sent = request.POST if request.method == "POST" else None
    form = rule_form(scope, sent)
    if request.method == "POST" and form.is_valid():
        rule = set_share_rule(
            place=scope.place,
            utility=scope.utility,
            entry=form.entry(),
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, _answer(rule, active))
        return redirect("billing:property-rules", pk=scope.place.pk)
    return render(request, "billing/share_rule_edit.html", _page(scope, form, active))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def share_rule_preview(request: SignedInRequest, pk: int, utility: str) -> HttpResponse:
    """Show what the values in the form would do; nothing is stored."""
    scope = find_scope(request, pk, utility, Action.PREPARE)
    active = scope.active
    sent = request.POST or (request.GET if "method" in request.GET else None)
    form = rule_form(scope, sent)
    if request.htmx:
        page = _tried(scope, form, active) | {"scope": scope, "form": form}
        return render(request, "billing/share_rule_edit.html#preview", page)
    return render(request, "billing/share_rule_edit.html", _page(scope, form, active))


def rule_form(scope: RuleScope, sent: QueryDict | None) -> ShareRuleForm:
    """Make the form of a property's rule, filled with what was sent or else what is in force."""
    active = scope.active
    ensure_charge_codes(portfolio=scope.place.portfolio)
    return ShareRuleForm(
        sent,
        initial=initial_values(active),
        codes=[
            (code.code, f"{code.code}, {code.name}") for code in codes_in_use(scope.place.portfolio)
        ],
        kept_code=active.charge_code if active else "",
    )


def initial_values(active: ShareRule | None) -> dict[str, Any]:
    """Say what the form shows before anybody changes it."""
    if active is None:
        return dict(_FIRST_CHOICE)
    return {
        **initial_of(rule_input(active), MIX_ROWS),
        "common_area_percent": active.common_area_percent,
        "charge_code": active.charge_code,
        "effective_from": active.effective_from,
    }


def _answer(rule: ShareRule, before: ShareRule | None) -> str:
    name = rule.get_utility_display().lower()
    if before is not None and before.pk == rule.pk:
        return f"The rule for {name} stays as it was, version {rule.version}."
    if rule.effective_from is not None:
        return (
            f"Version {rule.version} of the rule for {name} is set, for bills whose service begins "
            f"on {rule.effective_from} or later."
        )
    return f"Version {rule.version} of the rule for {name} is in force."


def _page(scope: RuleScope, form: ShareRuleForm, active: ShareRule | None) -> dict[str, object]:
    versions = ShareRule.objects.filter(property=scope.place, utility=scope.utility)
    return {
        "title": f"How {scope.name} is shared",
        "breadcrumbs": below_property(scope.place),
        "scope": scope,
        "form": form,
        "facts": facts_of(active) if active and not scope.may_prepare else (),
        "versions": [(rule, rule_sentence(rule)) for rule in versions.select_related("created_by")],
        "units_url": scope.url("unit-terms"),
        "preview_url": scope.url("share-rule-preview"),
        "what_if_url": scope.url("what-if"),
        "cancel_url": reverse("billing:property-rules", args=[scope.place.pk]),
        **_tried(scope, form, active),
    }


def _tried(scope: RuleScope, form: ShareRuleForm, active: ShareRule | None) -> dict[str, object]:
    """Try the form's rule, or the stored one while nobody has changed it."""
    if form.is_bound and not form.is_valid():
        return {"rule_is_complete": False}
    stored = rule_input(active) if active else _FIRST_RULE
    rule = form.rule() if form.is_bound else stored
    return {
        "rule_is_complete": True,
        "preview": preview_rule(scope, rule),
        "review": review_of(scope, rule),
        "place_url": reverse("billing:place-facts", args=[scope.place.pk]),
    }

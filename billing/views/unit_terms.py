"""What a share rule says of single units: weights, percentages, exclusions and limits."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.forms import UnitTermsForm
from billing.models import UnitTerms
from billing.operations.unit_terms import set_unit_terms
from billing.rubs.figures import plain
from billing.views.rule_scope import RuleScope, find_scope
from billing.views.setup_sheets import terms_sheet
from billing.views.wording import PAGE_SIZE
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Unit
from portfolios.queries import read_units

Forms = list[UnitTermsForm]


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def unit_terms(request: SignedInRequest, pk: int, utility: str) -> HttpResponseBase:
    """Show what is set for each unit, and change it for those of one page."""
    action = Action.PREPARE if request.method == "POST" else Action.READ
    scope = find_scope(request, pk, utility, action)
    stored, units = _stored(scope), _units(scope)
    if answer := list_file(request, lambda: terms_sheet(scope.place, scope.utility, units, stored)):
        return answer
    page = Paginator(units, PAGE_SIZE).get_page(request.GET.get("page"))
    sent = request.POST if request.method == "POST" else None
    forms = [UnitTermsForm(sent, unit=unit, stored=stored.get(unit.pk)) for unit in page]
    problems: list[tuple[str, str]] = []
    if request.method == "POST":
        problems = _problems(forms, stored)
        if not problems:
            return _save(request, scope, forms, page)
    given = _given(stored.values())
    return render(
        request,
        "billing/unit_terms.html",
        {
            "title": f"Units under the rule for {scope.name}",
            "breadcrumbs": scope.breadcrumbs,
            "scope": scope,
            "page": page,
            "forms": forms,
            "problems": problems,
            "percent_given": plain(Fraction(given)),
            "owner_keeps": given < 100,
        },
    )


def _units(scope: RuleScope) -> list[Unit]:
    """List the units in the order in which people read their numbers."""
    rows = Unit.objects.in_bulk(list(scope.place.units.values_list("pk", flat=True)))
    return [rows[facts.unit_id] for facts in read_units(scope.place)]


def _stored(scope: RuleScope) -> dict[int, UnitTerms]:
    found = UnitTerms.objects.filter(unit__property=scope.place, utility=scope.utility)
    return {terms.unit_id: terms for terms in found}


def _given(rows: Iterable[UnitTerms]) -> Decimal:
    return sum((terms.percent for terms in rows if terms.percent), Decimal(0))


def _problems(forms: Forms, stored: dict[int, UnitTerms]) -> list[tuple[str, str]]:
    """List what is wrong, each with its field, the sum of all percentages last."""
    wrong = [
        (f"Unit {form.unit}: {error}", f"#{field.id_for_label}")
        for form in forms
        if not form.is_valid()
        for field in form
        for error in field.errors
    ]
    if wrong:
        return wrong
    here = {form.unit.pk for form in forms}
    elsewhere = _given(terms for terms in stored.values() if terms.unit_id not in here)
    total = elsewhere + sum((form.cleaned_data["percent"] or 0 for form in forms), Decimal(0))
    if total > 100:
        sentence = (
            f"The percentages of all units add up to {total.normalize():f} %; together they may be "
            "100 % at most, and the owner keeps what is left."
        )
        return [(sentence, "")]
    return []


def _save(
    request: SignedInRequest, scope: RuleScope, forms: Forms, page: Page[Unit]
) -> HttpResponse:
    changed = [form for form in forms if form.has_changed()]
    with transaction.atomic():
        for form in changed:
            set_unit_terms(
                unit=form.unit,
                utility=scope.utility,
                entry=form.entry(),
                by=request.user,
                now=timezone.now(),
            )
    if changed:
        units = "1 unit" if len(changed) == 1 else f"{len(changed)} units"
        messages.success(request, f"What the rule for {scope.name} says of {units} is saved.")
    else:
        messages.info(request, "Nothing was changed.")
    return redirect(f"{scope.url('unit-terms')}?page={page.number}")

"""Changing what one bill alone says of units: the preview, then the act."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from billing.forms.bill_terms import BillTermsForm
from billing.models import Calculation
from billing.operations.bill_terms import NotAsSeen, set_bill_terms
from billing.operations.calculations import CannotCalculate, NoShareRule, WrongState
from billing.term_preview import CannotPreview, TermPreview, preview_terms
from billing.views.breadcrumbs import below_calculation
from billing.views.calculation_page import calculation_page, calculations_to_show, may_change_units
from billing.views.review_table import rows_shown
from billing.views.term_choices import Choice, question_of, read_choice
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@require_POST
@signed_in
def bill_terms_preview(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what terms for the ticked units would make of a bill, before anything is stored."""
    calculation = access.fetch(calculations_to_show(), Action.PREPARE, user=request.user, pk=pk)
    if not may_change_units(calculation, user=request.user):
        messages.error(request, _TOO_LATE)
        return redirect("billing:calculation-detail", pk=calculation.pk)
    form = BillTermsForm(request.POST)
    choice = read_choice(calculation, form, _ticked(request, calculation))
    if choice is not None:
        try:
            preview = preview_terms(calculation, choice.by_key)
        except CannotPreview as refusal:
            form.add_error(None, str(refusal))
        else:
            return _ask(request, calculation, form, choice, preview)
    ticked = frozenset(request.POST.getlist("unit"))
    page = calculation_page(
        request, calculation, query=_shown(request), terms_form=form, ticked=ticked
    )
    return render(request, "billing/calculation_detail.html", page)


_TOO_LATE = (
    "The units of this calculation cannot be changed: it is out of date, was posted, or has a "
    "newer version."
)


def _shown(request: SignedInRequest) -> QueryDict:
    """Show the rows again from which the units were ticked."""
    query = QueryDict(mutable=True)
    query["show"] = request.POST.get("show", "")
    return query


def _ticked(request: SignedInRequest, calculation: Calculation) -> list[str]:
    """List the units that were ticked, or all that the filter shows."""
    if "everyone" in request.POST:
        return rows_shown(calculation, show=request.POST.get("show", ""))
    return request.POST.getlist("unit")


def _ask(
    request: SignedInRequest,
    calculation: Calculation,
    form: BillTermsForm,
    choice: Choice,
    preview: TermPreview,
) -> HttpResponse:
    question, verb = question_of(choice, form.cleaned_data["amount"])
    labels = {str(unit) for unit in choice.terms}
    keys = list(choice.by_key)
    changed = [unit for unit in preview.units if unit.difference_cents]
    return render(
        request,
        "billing/bill_terms_preview.html",
        {
            "question": question,
            "verb": verb,
            "calculation": calculation,
            "bill": calculation.bill,
            "choice": choice,
            "preview": preview,
            "changed": changed,
            "unchanged_count": len(preview.units) - len(changed),
            "others_count": sum(unit.unit_label not in labels for unit in changed),
            "hidden": _hidden(request, keys, preview),
            "cancel_url": reverse("billing:calculation-detail", args=[calculation.pk]) + "#units",
            "breadcrumbs": below_calculation(calculation),
        },
    )


def _hidden(
    request: SignedInRequest, keys: list[str], preview: TermPreview
) -> list[tuple[str, str]]:
    """List what the confirmation sends again."""
    sent = [(name, request.POST.get(name, "")) for name in ("act", "amount", "reason")]
    return [*sent, *(("unit", key) for key in keys), ("digest", preview.digest)]


@require_POST
@signed_in
def bill_terms_set(request: SignedInRequest, pk: int) -> HttpResponse:
    """Set what was previewed, and calculate the bill again."""
    calculation = access.fetch(calculations_to_show(), Action.PREPARE, user=request.user, pk=pk)
    back = redirect("billing:calculation-detail", pk=calculation.pk)
    form = BillTermsForm(request.POST)
    choice = read_choice(calculation, form, request.POST.getlist("unit"))
    if choice is None:
        messages.error(request, _first_error(form))
        return back
    try:
        made = set_bill_terms(
            calculation=calculation,
            terms=choice.terms,
            reason=choice.reason,
            seen_digest=request.POST.get("digest", ""),
            by=request.user,
            now=timezone.now(),
        )
    except (NotAsSeen, WrongState, NoShareRule, CannotCalculate) as refusal:
        messages.error(request, str(refusal))
        return back
    messages.success(
        request,
        f"Version {made.version} is calculated with what you set for {choice.units}. The next bill "
        "follows the rule again.",
    )
    return redirect("billing:calculation-detail", pk=made.pk)


def _first_error(form: BillTermsForm) -> str:
    return next(str(error) for errors in form.errors.values() for error in errors)

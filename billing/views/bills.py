"""Bills: the list, entering one, and what can be done with it."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.forms import BillForm
from billing.models import PostingJob, ShareRule, UtilityBill
from billing.operations.bills import BillAlreadyEntered, enter_bill
from billing.operations.calculations import (
    CannotCalculate,
    NoShareRule,
    WrongState,
    calculate_bill,
)
from billing.rubs import Problem
from billing.views.breadcrumbs import below_property
from billing.views.standing import bill_rows, with_calculations
from billing.views.wording import PAGE_SIZE, billing_month, calculation_badge
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property, Unit

# What a problem without a unit names, when it is the rule and not the bill or the building.
_OF_THE_RULE = frozenset({"method", "common_area_percent", "vacant_unit_occupants"})


@require_safe
@signed_in
def bill_list(request: SignedInRequest) -> HttpResponse:
    """List the bills, newest first, with where each stands."""
    bills = with_calculations(access.rows(UtilityBill, user=request.user))
    page = Paginator(bills, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "billing/bill_list.html",
        {
            "page": page,
            "bills": bill_rows(list(page)),
            "has_property": access.rows(Property, user=request.user).exists(),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def bill_create(request: SignedInRequest, pk: int) -> HttpResponse:
    """Enter a bill of a property."""
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, Action.PREPARE, user=request.user, pk=pk)
    form = BillForm(request.POST or None, initial=_next_period(place))
    existing: UtilityBill | None = None
    if request.method == "POST" and form.is_valid():
        try:
            bill = enter_bill(place=place, entry=form.entry(), by=request.user, now=timezone.now())
        except BillAlreadyEntered as refusal:
            existing = refusal.existing
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "The bill is entered. Calculate it next.")
            return redirect("billing:bill-detail", pk=bill.pk)
    home = reverse("billing:property-detail", args=[place.pk])
    return render(
        request,
        "billing/bill_create.html",
        {
            "title": "Enter a bill",
            "eyebrow": place.name,
            "breadcrumbs": below_property(place),
            "form": form,
            "verb": "Enter the bill",
            "cancel_url": home,
            "existing": existing,
        },
    )


def _next_period(place: Property) -> dict[str, object]:
    """Suggest the utility of the last bill, and that the next one starts where it ended."""
    last = place.bills.order_by("-period_end", "-pk").first()
    return {"utility": last.utility, "period_start": last.period_end} if last else {}


@require_safe
@signed_in
def bill_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a bill, the rule that shares it and its calculations."""
    bill = access.fetch(_bills(), Action.READ, user=request.user, pk=pk)
    return render(request, "billing/bill_detail.html", _page(request, bill))


@require_POST
@signed_in
def calculation_create(request: SignedInRequest, pk: int) -> HttpResponse:
    """Share a bill over the units, or show everything that stands in the way."""
    bill = access.fetch(_bills(), Action.PREPARE, user=request.user, pk=pk)
    try:
        calculation = calculate_bill(bill=bill, by=request.user, now=timezone.now())
    except CannotCalculate as refusal:
        reasons = _reasons(bill, refusal.problems)
        page = _page(request, bill) | {"reasons": reasons}
        return render(request, "billing/bill_detail.html", page)
    except NoShareRule as refusal:
        page = _page(request, bill) | {"reasons": [(str(refusal), _rule_url(bill))]}
        return render(request, "billing/bill_detail.html", page)
    except WrongState as refusal:
        messages.error(request, str(refusal))
        return redirect("billing:bill-detail", pk=bill.pk)
    messages.success(
        request, f"Version {calculation.version} is calculated. Look it over, then submit it."
    )
    return redirect("billing:calculation-detail", pk=calculation.pk)


def _bills() -> QuerySet[UtilityBill]:
    return UtilityBill.objects.select_related("property__portfolio", "entered_by")


def _page(request: SignedInRequest, bill: UtilityBill) -> dict[str, object]:
    place = bill.property
    calculations = (
        bill.calculations.defer("inputs", "result")
        .select_related("prepared_by", "share_rule")
        .order_by("-version")
    )
    rules = ShareRule.objects.filter(property=place, utility=bill.utility, is_active=True)
    jobs = PostingJob.objects.filter(calculation__bill=bill, post_to_pms=True)
    return {
        "bill": bill,
        "month": billing_month(bill),
        "rule": rules.first(),
        "rule_url": _rule_url(bill),
        "versions": [(version, calculation_badge(version)) for version in calculations],
        "posted_by": jobs.first(),
        "may_prepare": access.may(place.portfolio, Action.PREPARE, user=request.user),
        "breadcrumbs": below_property(place),
    }


def _rule_url(bill: UtilityBill) -> str:
    return reverse("billing:share-rule-edit", args=[bill.property_id, bill.utility])


def _reasons(bill: UtilityBill, problems: tuple[Problem, ...]) -> list[tuple[str, str]]:
    """Give each problem the page on which it is put right."""
    keys = {problem.unit_key for problem in problems if problem.unit_key}
    units = Unit.objects.filter(property_id=bill.property_id, propexo_unit_id__in=keys)
    unit_ids = dict(units.values_list("propexo_unit_id", "pk"))
    return [(problem.message, _where(bill, problem, unit_ids)) for problem in problems]


def _where(bill: UtilityBill, problem: Problem, unit_ids: dict[str, int]) -> str:
    if problem.unit_key in unit_ids:
        return reverse("portfolios:unit-edit", args=[unit_ids[problem.unit_key]])
    if problem.field in _OF_THE_RULE:
        return _rule_url(bill)
    return reverse("portfolios:property-detail", args=[bill.property_id])

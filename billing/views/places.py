"""The bills of one property, and how each utility is shared there."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.bill_calendar import read_calendar
from billing.models import ShareRule, Utility
from billing.views.bill_calendar import calendar_rows, month_names
from billing.views.bill_sheets import bill_sheet
from billing.views.breadcrumbs import above_property
from billing.views.setup_sheets import rule_sheet
from billing.views.standing import bill_rows, with_calculations
from billing.views.wording import PAGE_SIZE
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Property


@dataclass(frozen=True, slots=True)
class RuleRow:
    """The rule in force for one utility, if there is one."""

    utility: Utility
    rule: ShareRule | None
    url: str


@require_safe
@signed_in
def property_detail(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show the months of a property's accounts, and its bills."""
    place = _place(request, pk)
    bills = place.bills.all()
    of_place = (("Property", place.name),)
    if answer := list_file(request, lambda: bill_sheet(bills, title="Bills", filters=of_place)):
        return answer
    page = Paginator(with_calculations(bills), PAGE_SIZE).get_page(request.GET.get("page"))
    may_prepare = access.may(place.portfolio, Action.PREPARE, user=request.user)
    today = timezone.localdate()
    rules = ShareRule.objects.filter(property=place)
    accounts = read_calendar(bills=place.bills.all(), rules=rules, today=today)
    enter = [("Enter a bill", reverse("billing:bill-create", args=[place.pk]))]
    return render(
        request,
        "billing/property_detail.html",
        {
            "place": place,
            "page": page,
            "bills": bill_rows(list(page)),
            "accounts": calendar_rows(accounts, user=request.user),
            "month_names": month_names(today),
            "may_prepare": may_prepare,
            "actions": enter if may_prepare else [],
            "breadcrumbs": above_property(place),
        },
    )


@require_safe
@signed_in
def property_rules(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show how each utility of a property is shared."""
    place = _place(request, pk)
    rules = _rule_rows(place)
    in_force = [(row.utility, row.rule) for row in rules]
    if answer := list_file(request, lambda: rule_sheet(place, in_force)):
        return answer
    context = {
        "place": place,
        "rules": rules,
        "may_prepare": access.may(place.portfolio, Action.PREPARE, user=request.user),
        "breadcrumbs": above_property(place),
    }
    return render(request, "billing/property_rules.html", context)


def _place(request: SignedInRequest, pk: int) -> Property:
    places = Property.objects.select_related("portfolio")
    return access.fetch(places, Action.READ, user=request.user, pk=pk)


def _rule_rows(place: Property) -> list[RuleRow]:
    active = ShareRule.objects.filter(property=place, is_active=True)
    rules = {rule.utility: rule for rule in active}
    return [
        RuleRow(
            utility,
            rules.get(utility),
            reverse("billing:share-rule-edit", args=[place.pk, utility]),
        )
        for utility in Utility
    ]

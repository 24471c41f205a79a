"""The way from the portfolios down to a page."""

from __future__ import annotations

from django.urls import reverse

from billing.models import Calculation, UtilityBill
from billing.views.wording import billing_month
from portfolios.models import Property

Crumbs = list[tuple[str, str]]


def above_property(place: Property) -> Crumbs:
    """Lead to a property."""
    portfolio = place.portfolio
    return [
        ("Portfolios", reverse("portfolios:portfolio-list")),
        (portfolio.name, reverse("portfolios:portfolio-detail", args=[portfolio.pk])),
    ]


def below_property(place: Property) -> Crumbs:
    """Lead to a page of a property, such as a bill."""
    return [
        *above_property(place),
        (place.name, reverse("billing:property-detail", args=[place.pk])),
    ]


def below_bill(bill: UtilityBill) -> Crumbs:
    """Lead to a page of a bill, such as a calculation."""
    name = f"{billing_month(bill)} {bill.get_utility_display().lower()}"
    return [*below_property(bill.property), (name, reverse("billing:bill-detail", args=[bill.pk]))]


def below_calculation(calculation: Calculation) -> Crumbs:
    """Lead to a page of a calculation, such as a charge."""
    url = reverse("billing:calculation-detail", args=[calculation.pk])
    return [*below_bill(calculation.bill), (f"Calculation {calculation.version}", url)]

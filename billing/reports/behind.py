"""The bills and charges behind a step, which add up to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billing.models import (
    Calculation,
    CalculationState,
    Charge,
    ChargeKind,
    OwnerShare,
    UtilityBill,
)
from billing.reports.recovery import owner_shares, shares_with_step
from billing.reports.steps import OF_CHARGES, OF_OWNER, Step, buckets_of

RowT = TypeVar("RowT", Charge, OwnerShare)
Behind = QuerySet[UtilityBill] | QuerySet[OwnerShare] | QuerySet[Charge]

_BY_BILL = ("property__name", "property", "period_start", "utility")


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows there are, and what they come to.

    Units: cents.
    """

    count: int
    cents: int


def behind(step: Step | None, bills: QuerySet[UtilityBill]) -> Behind:
    """Select what a step consists of, each row with its part of it as `cents`.

    Shape: charges where residents are charged, the owner's shares where the owner bears something,
        else bills with the `state` of their latest calculation; without a step, all bills.
    """
    if step in OF_CHARGES:
        charges = shares_with_step(bills).filter(Q(step=step)).defer("explanation")
        return _light(charges.annotate(cents=F("amount_cents")))
    if step in OF_OWNER:
        shares = owner_shares(bills).filter(bucket__in=buckets_of(step))
        return _light(shares.annotate(cents=F("amount_cents")))
    latest = Calculation.objects.filter(bill=OuterRef("pk")).order_by("-version").values("state")
    found = bills.select_related("property").annotate(state=Subquery(latest[:1]))
    if step is Step.UNEXPLAINED:
        return _unexplained(found).order_by(*_BY_BILL, "pk")
    if step is Step.NOT_APPROVED:
        found = found.exclude(calculations__state=CalculationState.APPROVED)
    return found.annotate(cents=F("amount_cents")).order_by(*_BY_BILL, "pk")


def total_of(rows: Behind) -> Total:
    """Count rows and add them up."""
    sums = rows.order_by().aggregate(count=Count("pk"), sum_cents=Sum("cents"))
    return Total(sums["count"], sums["sum_cents"] or 0)


def _light(rows: QuerySet[RowT]) -> QuerySet[RowT]:
    """Read rows of a calculation with their bill, but not the calculation's large columns."""
    return (
        rows.select_related("calculation__bill__property")
        .defer("calculation__inputs", "calculation__result")
        .order_by(*(f"calculation__bill__{name}" for name in _BY_BILL), "pk")
    )


def _unexplained(bills: QuerySet[UtilityBill]) -> QuerySet[UtilityBill]:
    approved = Calculation.objects.filter(bill=OuterRef("pk"), state=CalculationState.APPROVED)
    owner = OwnerShare.objects.filter(calculation=OuterRef("approved"))
    shares = Charge.objects.filter(calculation=OuterRef("approved"), kind=ChargeKind.SHARE)
    return (
        bills.annotate(approved=Subquery(approved.values("pk")[:1]))
        .exclude(approved=None)
        .annotate(cents=F("amount_cents") - _sum(owner) - _sum(shares))
        .exclude(cents=0)
    )


def _sum(rows: QuerySet[OwnerShare] | QuerySet[Charge]) -> Coalesce:
    sums = rows.order_by().values("calculation").annotate(cents=Sum("amount_cents"))
    return Coalesce(Subquery(sums.values("cents")), 0)

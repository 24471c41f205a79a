"""How much of the bills came back from the residents, and where the rest is, to the cent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeVar

from django.db.models import Exists, F, OuterRef, QuerySet, Sum

from billing.models import (
    Calculation,
    CalculationState,
    Charge,
    ChargeKind,
    OwnerShare,
    UtilityBill,
)
from billing.reports.steps import FATES, Fate, Step, step_of_bucket, with_step
from billing.words import month_of
from meterbase.lib.periods import Period

Steps = Mapping[Step, int]

# What bills are grouped by: their month, their utility, or the name and key of their property.
KeyT = TypeVar("KeyT", date, str, tuple[str, int])


@dataclass(frozen=True, slots=True)
class BillRecovery:
    """One bill, and on which steps its money is; the steps add up to the bill.

    Units: cents.
    """

    bill_id: int
    place_id: int
    place_name: str
    utility: str
    period: Period
    cents: int
    steps: Steps

    @property
    def month(self) -> date:
        """Give the first day of the month that the bill belongs to."""
        return month_of(self.period)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Bills with where their money is.

    Units: cents.
    """

    bills: tuple[BillRecovery, ...]

    @property
    def billed_cents(self) -> int:
        """Add up the bills.

        Units: cents.
        """
        return sum(bill.cents for bill in self.bills)

    @property
    def steps(self) -> Steps:
        """Add up each step over all bills; steps without money are left out."""
        sums: Counter[Step] = Counter()
        for bill in self.bills:
            for step, cents in bill.steps.items():
                sums[step] += cents
        return {step: sums[step] for step in Step if sums[step]}

    @property
    def recovered_cents(self) -> int:
        """Tell what the residents owe in the PMS.

        Units: cents.
        """
        return self.steps.get(Step.RECOVERED, 0)

    @property
    def recovered_part(self) -> Fraction | None:
        """Tell which part of the bills came back; None where they come to nothing."""
        return Fraction(self.recovered_cents, self.billed_cents) if self.billed_cents else None

    def fate_cents(self, fate: Fate) -> int:
        """Add up the steps that end in the same way.

        Units: cents.
        """
        return sum(cents for step, cents in self.steps.items() if FATES[step] is fate)

    def by(self, key: Callable[[BillRecovery], KeyT]) -> list[tuple[KeyT, Recovery]]:
        """Group the bills, in the order of the keys."""
        groups: defaultdict[KeyT, list[BillRecovery]] = defaultdict(list)
        for bill in self.bills:
            groups[key(bill)].append(bill)
        return [(found, Recovery(tuple(groups[found]))) for found in sorted(groups)]


def read_recovery(bills: QuerySet[UtilityBill]) -> Recovery:
    """Tell of each bill where its money is, in three queries.

    Shape: only an approved calculation counts; fees are beside the bills.
    """
    approved = Calculation.objects.filter(bill=OuterRef("pk"), state=CalculationState.APPROVED)
    rows = bills.annotate(is_approved=Exists(approved)).order_by(
        "property__name", "property", "utility", "period_start", "pk"
    )
    columns = ("pk", "property_id", "property__name", "utility", "period_start", "period_end")
    parts = _parts(bills)
    return Recovery(
        tuple(
            BillRecovery(
                pk, place, name, utility, Period(start, end), cents, _steps(cents, parts[pk], done)
            )
            for pk, place, name, utility, start, end, cents, done in rows.values_list(
                *columns, "amount_cents", "is_approved"
            )
        )
    )


def _steps(cents: int, parts: Counter[Step], is_approved: bool) -> Steps:  # noqa: FBT001
    """Give the steps of a bill; what no row accounts for is said, and not hidden."""
    if not is_approved:
        return {Step.NOT_APPROVED: cents}
    rest = cents - sum(parts.values())
    found = {**parts, Step.UNEXPLAINED: rest}
    return {step: found[step] for step in Step if found.get(step)}


def _parts(bills: QuerySet[UtilityBill]) -> defaultdict[int, Counter[Step]]:
    found: defaultdict[int, Counter[Step]] = defaultdict(Counter)
    for bill, step, cents in (*_owner_parts(bills), *_charge_parts(bills)):
        found[bill][step] += cents
    return found


def _owner_parts(bills: QuerySet[UtilityBill]) -> Iterator[tuple[int, Step, int]]:
    sums = owner_shares(bills).order_by().values_list("calculation__bill_id", "bucket")
    for bill, bucket, cents in sums.annotate(Sum("amount_cents")):
        yield bill, step_of_bucket(bucket), cents


def _charge_parts(bills: QuerySet[UtilityBill]) -> Iterator[tuple[int, Step, int]]:
    sums = shares_with_step(bills).order_by().values_list("calculation__bill_id", F("step"))
    for bill, step, cents in sums.annotate(Sum("amount_cents")):
        yield bill, Step(step), cents


def owner_shares(bills: QuerySet[UtilityBill]) -> QuerySet[OwnerShare]:
    """Select what the owner bears of bills that are approved."""
    return OwnerShare.objects.filter(
        calculation__state=CalculationState.APPROVED, calculation__bill__in=bills.order_by()
    )


def shares_with_step(bills: QuerySet[UtilityBill]) -> QuerySet[Charge]:
    """Select the residents' shares of bills that are approved, each with its `step`."""
    return with_step(
        Charge.objects.filter(
            kind=ChargeKind.SHARE,
            calculation__state=CalculationState.APPROVED,
            calculation__bill__in=bills.order_by(),
        )
    )

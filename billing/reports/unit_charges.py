"""What each unit of a property is charged, month by month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet, Sum

from billing.models import CalculationState, Charge, UtilityBill
from billing.queries import standing_charges
from billing.words import month_of
from meterbase.lib.periods import Period
from portfolios.models import Unit


@dataclass(frozen=True, slots=True)
class UnitCharges:
    """A unit with what it is charged in each month; months without a charge are left out.

    Units: cents.
    """

    unit_id: int
    label: str
    by_month: dict[date, int]

    @property
    def cents(self) -> int:
        """Add up the months.

        Units: cents.
        """
        return sum(self.by_month.values())


def charges_of(bills: QuerySet[UtilityBill]) -> QuerySet[Charge]:
    """Select what residents owe of approved calculations of bills, fees included."""
    charges = Charge.objects.filter(
        calculation__state=CalculationState.APPROVED,
        calculation__bill__in=bills.order_by(),
    )
    return standing_charges(charges)


def read_unit_charges(place_id: int, bills: QuerySet[UtilityBill]) -> list[UnitCharges]:
    """Add up what each unit is charged of the bills of its property, in three queries.

    Shape: units that are there now or were charged; not in any order that people know.
    """
    sums: defaultdict[int, Counter[date]] = defaultdict(Counter)
    for unit, month, cents in _sums(bills):
        sums[unit][month] += cents
    units = Unit.objects.filter(property=place_id)
    return [
        UnitCharges(unit.pk, str(unit), dict(sums[unit.pk]))
        for unit in units
        if unit.missing_since is None or unit.pk in sums
    ]


def totals_of(units: Iterable[UnitCharges]) -> Counter[date]:
    """Add the months up over units.

    Units: cents.
    """
    totals: Counter[date] = Counter()
    for unit in units:
        for month, cents in unit.by_month.items():
            totals[month] += cents
    return totals


def _sums(bills: QuerySet[UtilityBill]) -> Iterator[tuple[int, date, int]]:
    periods = bills.order_by().values_list("pk", "period_start", "period_end")
    months = {pk: month_of(Period(start, end)) for pk, start, end in periods}
    sums = charges_of(bills).order_by().values_list("unit_id", "calculation__bill_id")
    for unit, bill, cents in sums.annotate(Sum("amount_cents")):
        # A bill that was entered between the two questions waits for the next look.
        if bill in months:
            yield unit, months[bill], cents

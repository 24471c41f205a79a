"""The reports as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from billing.models import Utility
from billing.reports.costs import MonthCost, UtilityCosts
from billing.reports.month_end import Blocker, MonthEnd
from billing.reports.recovery import Recovery
from billing.reports.steps import NAMES, Step
from billing.reports.unit_charges import UnitCharges
from meterbase.lib.months import Months
from meterbase.lib.sheets import Cell, Column, Kind, Sheet

Filters = tuple[tuple[str, str], ...]


def recovery_sheet(found: Recovery, *, filters: Filters) -> Sheet:
    """Write each bill with its steps, which add up to it."""
    columns = (
        Column("property"),
        Column("utility"),
        Column("month"),
        Column("service from", Kind.DATE),
        Column("service to", Kind.DATE),
        Column("billed", Kind.CENTS),
        *(Column(NAMES[step].lower(), Kind.CENTS) for step in Step),
    )
    return Sheet("Recovery", filters, columns, _bills(found))


def _bills(found: Recovery) -> Iterator[Sequence[Cell]]:
    for bill in found.bills:
        yield (
            bill.place_name,
            Utility(bill.utility).label,
            f"{bill.month:%Y-%m}",
            bill.period.start,
            bill.period.end,
            bill.cents,
            *(bill.steps.get(step, 0) for step in Step),
        )


def cost_sheet(found: Iterable[UtilityCosts], *, filters: Filters) -> Sheet:
    """Write what each utility cost in each month."""
    columns = (
        Column("utility"),
        Column("month"),
        Column("bills", Kind.NUMBER),
        Column("days", Kind.NUMBER),
        Column("billed", Kind.CENTS),
        Column("per day", Kind.CENTS),
        Column("per unit", Kind.CENTS),
        Column("flags"),
    )
    return Sheet("Costs", filters, columns, _costs(found))


def _costs(found: Iterable[UtilityCosts]) -> Iterator[Sequence[Cell]]:
    for costs in found:
        for month in filter(_has_bills, costs.months):
            yield (
                Utility(costs.utility).label,
                f"{month.month:%Y-%m}",
                len(month.bills),
                month.days,
                month.cents,
                None if month.per_day is None else round(month.per_day),
                None if month.per_unit is None else round(month.per_unit),
                " ".join(flag.message for flag in month.flags),
            )


def _has_bills(month: MonthCost) -> bool:
    return bool(month.bills)


def unit_sheet(units: Iterable[UnitCharges], months: Months, *, filters: Filters) -> Sheet:
    """Write what each unit is charged in each month."""
    columns = (
        Column("unit"),
        *(Column(f"{month:%Y-%m}", Kind.CENTS) for month in months),
        Column("total", Kind.CENTS),
    )
    rows = (
        (unit.label, *(unit.by_month.get(month) for month in months), unit.cents) for unit in units
    )
    return Sheet("Charges per unit", filters, columns, rows)


def month_end_sheet(
    found: Iterable[MonthEnd], names: Sequence[tuple[Blocker, str]], *, filters: Filters
) -> Sheet:
    """Write what is still to do at each property."""
    columns = (
        Column("property"),
        *(Column(name.lower(), Kind.NUMBER) for _, name in names),
        Column("all", Kind.NUMBER),
    )
    return Sheet("Month-end", filters, columns, _month_ends(found, names))


def _month_ends(
    found: Iterable[MonthEnd], names: Sequence[tuple[Blocker, str]]
) -> Iterator[Sequence[Cell]]:
    for row in found:
        counts = [row.counts.get(blocker, 0) for blocker, _ in names]
        yield row.place.name, *counts, row.total

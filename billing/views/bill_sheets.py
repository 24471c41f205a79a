"""The lists of bills as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from django.db.models import QuerySet

from billing.bill_calendar import AccountMonths, MonthState, shown_months
from billing.models import Utility, UtilityBill
from billing.views.standing import bill_rows, with_calculations
from meterbase.lib.sheets import Cell, Column, Kind, Sheet, in_batches
from meterbase.lib.sheets.batches import BATCH

Filters = tuple[tuple[str, str], ...]

_BILLS = (
    Column("property"),
    Column("utility"),
    Column("account"),
    Column("service from", Kind.DATE),
    Column("service to", Kind.DATE),
    Column("days", Kind.NUMBER),
    Column("amount", Kind.CENTS),
    Column("usage", Kind.NUMBER),
    Column("usage unit"),
    Column("state"),
)
_STATES = {
    MonthState.BILLED: "billed",
    MonthState.DOUBLE: "billed more than once",
    MonthState.MISSING: "missing",
    MonthState.DUE: "not yet due",
    MonthState.NOT_EXPECTED: "",
}


def bill_sheet(bills: QuerySet[UtilityBill], *, title: str, filters: Filters) -> Sheet:
    """Write bills with where each stands."""
    return Sheet(title, filters, _BILLS, _bills(bills))


def _bills(bills: QuerySet[UtilityBill]) -> Iterator[Sequence[Cell]]:
    for batch in in_batches(with_calculations(bills).iterator(chunk_size=BATCH)):
        for row in bill_rows(batch):
            bill = row.bill
            yield (
                bill.property.name,
                bill.get_utility_display(),
                bill.account_number,
                bill.period_start,
                bill.period_end,
                bill.period.days,
                bill.amount_cents,
                bill.usage,
                bill.usage_unit,
                row.badge.label,
            )


def calendar_sheet(accounts: Iterable[AccountMonths], *, today: date, filters: Filters) -> Sheet:
    """Write accounts with what is known of each of their months."""
    columns = (
        Column("property"),
        Column("utility"),
        Column("account"),
        Column("missing bills", Kind.NUMBER),
        Column("usual amount", Kind.CENTS),
        *(Column(f"{month:%Y-%m}") for month in shown_months(today)),
    )
    rows: Iterable[Sequence[Cell]] = (
        (
            months.account.property_name,
            Utility(months.account.utility).label,
            months.account.number,
            months.missing,
            months.average_cents,
            *(_STATES[month.state] for month in months.months),
        )
        for months in accounts
    )
    return Sheet("Months of bills", filters, columns, rows)

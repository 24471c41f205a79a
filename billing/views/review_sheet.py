"""The table of a calculation as a file, as its reviewers have narrowed it down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.http import QueryDict

from billing.models import Calculation
from billing.views.breakdown import Breakdown, Row, break_down
from billing.views.review_table import ReviewRow, ReviewTable, review_table
from billing.views.wording import billing_month
from meterbase.lib.sheets import Cell, Column, Kind, Sheet


def shown_sheet(calculation: Calculation, *, query: QueryDict) -> Sheet:
    """Write the rows of units that are shown, and of a whole table what the owner bears besides.

    Shape: tenants and owner of a whole table add up to the bill.
    """
    table = break_down(calculation)
    review = review_table(calculation, table, query=query)
    bill = calculation.bill
    shown = next((each.label for each in review.filters if each.active and review.show), "")
    filters = [
        ("Property", bill.property.name),
        ("Bill", f"{billing_month(bill)} {bill.get_utility_display()}"),
        ("Version", str(calculation.version)),
        ("State", calculation.get_state_display()),
    ]
    if shown:
        filters.append(("Show", shown))
    return Sheet("Calculation", tuple(filters), tuple(_columns(table)), _rows(table, review))


def _columns(table: Breakdown) -> Iterable[Column]:
    yield from (Column("unit"), Column("resident"), Column("days", Kind.NUMBER))
    yield from (Column(name) for name in table.input_columns)
    yield from (Column("weight"), Column("share", Kind.PERCENT))
    yield from (Column(name) for name in table.fixed_columns)
    yield from (
        Column("charge", Kind.CENTS),
        Column("fee", Kind.CENTS),
        Column("owner", Kind.CENTS),
        Column("remark"),
        Column("in the PMS"),
        Column("last run", Kind.CENTS),
        Column("difference", Kind.CENTS),
        Column("difference in %", Kind.PERCENT),
        Column("why"),
        Column("missing"),
        Column("set for this unit"),
    )


def _rows(table: Breakdown, review: ReviewTable) -> Iterator[Sequence[Cell]]:
    for shown in review.rows:
        yield (*_figures(shown.row), *_beside(shown))
    if not review.is_filtered:
        yield from ((*_figures(row), *(None,) * 7) for row in table.common)


def _figures(row: Row) -> Sequence[Cell]:
    return (
        row.unit_label,
        row.resident,
        row.days,
        *row.inputs,
        row.weight,
        row.part,
        *row.fixed,
        row.charge_cents,
        row.fee_cents,
        row.owner_cents,
        row.remark,
    )


def _beside(shown: ReviewRow) -> Sequence[Cell]:
    return (
        ", ".join(state.badge.label for state in shown.states),
        shown.last_cents,
        shown.difference_cents,
        shown.difference_part,
        "; ".join(f"{chip.label} {chip.dollars}".rstrip() for chip in shown.chips),
        ", ".join(shown.missing),
        ", ".join(shown.own),
    )

"""The queue of what waits for approval as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from django.db.models import QuerySet

from billing.models import Calculation
from billing.views.approval_rows import QueueRow, queue_rows
from meterbase.lib.sheets import Cell, Column, Kind, Sheet, in_batches
from portfolios.models import User

# Each row is compared with what its bill would come to now, which reads its whole property.
_BATCH = 50
_COLUMNS = (
    Column("property"),
    Column("utility"),
    Column("service from", Kind.DATE),
    Column("service to", Kind.DATE),
    Column("account"),
    Column("version", Kind.NUMBER),
    Column("bill", Kind.CENTS),
    Column("tenants", Kind.CENTS),
    Column("owner", Kind.CENTS),
    Column("fees", Kind.CENTS),
    Column("recovery", Kind.PERCENT),
    Column("approve by", Kind.DATE),
    Column("to know"),
    Column("prepared by"),
    Column("prepared at", Kind.MOMENT),
    Column("waiting since", Kind.MOMENT),
)


def approval_sheet(
    calculations: QuerySet[Calculation], *, filters: tuple[tuple[str, str], ...], user: User
) -> Sheet:
    """Write the calculations that wait, with what stands out about each."""
    return Sheet("Approvals", filters, _COLUMNS, _rows(calculations, user))


def _rows(calculations: QuerySet[Calculation], user: User) -> Iterator[Sequence[Cell]]:
    for batch in in_batches(calculations.iterator(chunk_size=_BATCH), _BATCH):
        yield from map(_cells, queue_rows(batch, user=user))


def _cells(row: QueueRow) -> Sequence[Cell]:
    calculation, bill = row.calculation, row.calculation.bill
    return (
        bill.property.name,
        bill.get_utility_display(),
        bill.period_start,
        bill.period_end,
        bill.account_number,
        calculation.version,
        calculation.bill_cents,
        calculation.tenants_cents,
        calculation.owner_cents,
        calculation.fees_cents,
        Fraction(calculation.tenants_cents, calculation.bill_cents),
        row.deadline.day if row.deadline else None,
        "; ".join(mark.label for mark in row.marks),
        str(calculation.prepared_by),
        calculation.prepared_at,
        calculation.submitted_at,
    )

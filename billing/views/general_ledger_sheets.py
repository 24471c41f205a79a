"""The general ledger as files: a line for each charge, or sums by code and month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from billing.exports.general_ledger import LedgerLine, LedgerSum
from meterbase.lib.sheets import Cell, Column, Kind, Sheet

Filters = tuple[tuple[str, str], ...]

_LINES = (
    Column("month"),
    Column("charge date", Kind.DATE),
    Column("portfolio"),
    Column("property"),
    Column("utility"),
    Column("service from", Kind.DATE),
    Column("service to", Kind.DATE),
    Column("charge code"),
    Column("kind"),
    Column("unit"),
    Column("resident"),
    Column("amount", Kind.CENTS),
    Column("description"),
    Column("reference"),
    Column("charge id in the PMS"),
    Column("job"),
    Column("reversing job"),
    Column("lease id in Propexo"),
    Column("posted at", Kind.MOMENT),
)
_SUMS = (
    Column("portfolio"),
    Column("property"),
    Column("month"),
    Column("charge code"),
    Column("charges", Kind.NUMBER),
    Column("charged", Kind.CENTS),
    Column("reversals", Kind.NUMBER),
    Column("reversed", Kind.CENTS),
    Column("net", Kind.CENTS),
)


def line_sheet(lines: Iterable[LedgerLine], *, filters: Filters) -> Sheet:
    """Write every charge and reversal; the amounts of a job add up to what residents owe of it."""
    return Sheet("General ledger lines", filters, _LINES, map(_line, lines))


def _line(line: LedgerLine) -> Sequence[Cell]:
    posting, job = line.posting, line.posting.job
    bill = job.calculation.bill
    return (
        f"{line.month:%Y-%m}",
        line.day,
        bill.property.portfolio.name,
        bill.property.name,
        bill.get_utility_display(),
        bill.period_start,
        bill.period_end,
        job.charge_code,
        line.kind.value,
        posting.charge.unit_label,
        posting.charge.resident_name,
        line.cents,
        job.description,
        posting.reference,
        posting.remote_charge_id,
        line.job,
        line.reversing_job,
        posting.charge.propexo_lease_id,
        posting.state_at,
    )


def sum_sheet(sums: Iterable[LedgerSum], *, filters: Filters) -> Sheet:
    """Write the sums by property, month and code."""
    return Sheet("General ledger", filters, _SUMS, map(_sum, sums))


def _sum(row: LedgerSum) -> Sequence[Cell]:
    return (
        row.key.portfolio,
        row.key.property,
        f"{row.key.month:%Y-%m}",
        row.key.charge_code,
        row.charges,
        row.charged_cents,
        row.reversals,
        row.reversed_cents,
        row.net_cents,
    )

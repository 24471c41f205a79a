"""The failures as a file: the list as it is narrowed down, without its pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Prefetch, QuerySet

from billing.models import Posting, PostingJob
from billing.views.failure_rows import FailureRow, rows_of
from meterbase.lib.sheets import Cell, Column, Kind, Sheet, in_batches
from meterbase.lib.sheets.batches import BATCH

_COLUMNS = (
    Column("reference"),
    Column("property"),
    Column("unit"),
    Column("resident"),
    Column("utility"),
    Column("billing month"),
    Column("amount", Kind.CENTS),
    Column("who has to act"),
    Column("cause"),
    Column("code"),
    Column("what is wrong"),
    Column("state"),
    Column("since", Kind.MOMENT),
    Column("attempts", Kind.NUMBER),
    Column("waits"),
    Column("owner"),
    Column("snoozed until", Kind.DATE),
    Column("job"),
    Column("connection"),
    Column("what was done"),
    Column("by"),
    Column("at", Kind.MOMENT),
    Column("note"),
)


def failure_sheet(
    failures: QuerySet[Posting], *, tab: str, filters: tuple[tuple[str, str], ...], now: datetime
) -> Sheet:
    """Write failures with all that stands beside each of them."""
    return Sheet(f"Failures {tab}", filters, _COLUMNS, _rows(failures, now=now))


def _rows(failures: QuerySet[Posting], *, now: datetime) -> Iterator[Sequence[Cell]]:
    for batch in in_batches(_light(failures).iterator(chunk_size=BATCH)):
        # Nobody acts from a file, so that the reader's role says nothing here.
        yield from map(_cells, rows_of(batch, roles={}, now=now))


def _light(failures: QuerySet[Posting]) -> QuerySet[Posting]:
    """Read what a row needs; many failures share a job, which is then made into an object once."""
    jobs = PostingJob.objects.select_related("calculation__bill__property").defer(
        "calculation__inputs", "calculation__result", "calculation__findings"
    )
    return (
        failures.select_related(
            "charge", "resolved_by", "follow_up__assigned_to", "follow_up__acted_by"
        )
        .prefetch_related(Prefetch("job", queryset=jobs), "connection")
        .defer("body", "raw_error", "charge__explanation")
    )


def _cells(row: FailureRow) -> Sequence[Cell]:
    posting, bill = row.posting, row.posting.job.calculation.bill
    return (
        posting.reference,
        bill.property.name,
        posting.charge.unit_label,
        posting.charge.resident_name,
        bill.get_utility_display(),
        row.month,
        posting.amount_cents,
        row.kind.label,
        row.cause.title,
        posting.error_code,
        posting.error,
        row.badge.label,
        posting.state_at,
        row.attempts,
        " ".join(row.waits),
        str(row.owner or ""),
        row.rests_until,
        posting.job.public_id,
        str(posting.connection),
        row.how,
        str(row.who or ""),
        row.at,
        posting.resolution,
    )

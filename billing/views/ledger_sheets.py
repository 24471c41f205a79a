"""Comparisons with the PMS's ledger, and what one of them has found, as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db.models import QuerySet

from billing.models import LedgerCheck, LedgerDifference
from billing.views.wording import Badge
from meterbase.lib.sheets import Cell, Column, Kind, Sheet
from meterbase.lib.sheets.batches import BATCH
from portfolios.models import Property

_CHECKS = (
    Column("begun", Kind.MOMENT),
    Column("ended", Kind.MOMENT),
    Column("of"),
    Column("result"),
    Column("sent", Kind.NUMBER),
    Column("there", Kind.NUMBER),
    Column("differ", Kind.NUMBER),
    Column("missing", Kind.NUMBER),
    Column("extra", Kind.NUMBER),
    Column("twice", Kind.NUMBER),
    Column("not settled", Kind.NUMBER),
    Column("asked by"),
    Column("error"),
)
_DIFFERENCES = (
    Column("kind"),
    Column("unit"),
    Column("reference"),
    Column("amount", Kind.CENTS),
    Column("job"),
    Column("charge id in the PMS"),
    Column("what differs"),
)


def check_sheet(
    place: Property, checks: QuerySet[LedgerCheck], *, badge: Callable[[LedgerCheck], Badge]
) -> Sheet:
    """Write a property's comparisons with their counts."""

    def cells(check: LedgerCheck) -> Sequence[Cell]:
        return (
            check.started_at,
            check.finished_at,
            check.job.public_id if check.job else "the property",
            badge(check).label,
            check.sent,
            check.there,
            check.differs,
            check.missing,
            check.extra,
            check.doubled,
            check.unsettled,
            str(check.requested_by or "MeterBase"),
            check.error,
        )

    rows = map(cells, checks.iterator(chunk_size=BATCH))
    return Sheet("Ledger checks", (("Property", place.name),), _CHECKS, rows)


def difference_sheet(check: LedgerCheck) -> Sheet:
    """Write every difference that a comparison has found."""
    found = check.differences.select_related("posting__charge", "posting__job").defer(
        "posting__body", "posting__charge__explanation"
    )
    rows = map(_cells, found.order_by("pk").iterator(chunk_size=BATCH))
    filters = (("Property", check.property.name), ("Check of", f"{check.started_at:%Y-%m-%d}"))
    return Sheet("Ledger differences", filters, _DIFFERENCES, rows)


def _cells(difference: LedgerDifference) -> Sequence[Cell]:
    posting = difference.posting
    return (
        difference.get_kind_display(),
        posting.charge.unit_label if posting else "",
        difference.reference,
        posting.amount_cents if posting else None,
        posting.job.public_id if posting else "",
        difference.remote_charge_id,
        difference.message,
    )

"""A person's notices as a file."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from meterbase.lib.sheets import Cell, Column, Kind, Sheet
from meterbase.lib.sheets.batches import BATCH
from portfolios.models import Notice

_COLUMNS = (
    Column("happened", Kind.MOMENT),
    Column("about"),
    Column("what"),
    Column("status"),
    Column("mail"),
    Column("to"),
    Column("ended", Kind.MOMENT),
    Column("why not"),
)


def notice_sheet(notices: QuerySet[Notice], *, shown: str) -> Sheet:
    """Write the notices of a list; `shown` says which one."""
    rows = map(_cells, notices.iterator(chunk_size=BATCH))
    return Sheet("Notices", (("Which notices", shown),), _COLUMNS, rows)


def _cells(notice: Notice) -> Sequence[Cell]:
    return (
        notice.created_at,
        notice.about,
        notice.get_kind_display(),
        notice.get_state_display(),
        notice.headline,
        notice.address,
        notice.finished_at,
        notice.outcome,
    )

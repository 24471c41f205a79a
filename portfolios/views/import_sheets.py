"""Imports of units' values as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from meterbase.lib.sheets import Cell, Column, Kind, Sheet
from meterbase.lib.sheets.batches import BATCH
from portfolios.models import Property, UnitImport
from portfolios.views.import_page import ChangeRow, FindingRow

_IMPORTS = (
    Column("file"),
    Column("state"),
    Column("uploaded by"),
    Column("uploaded at", Kind.MOMENT),
    Column("confirmed by"),
    Column("confirmed at", Kind.MOMENT),
    Column("undone or discarded by"),
    Column("undone or discarded at", Kind.MOMENT),
)
_CHANGES = (
    Column("row", Kind.NUMBER),
    Column("unit"),
    Column("value"),
    Column("before"),
    Column("after"),
    Column("remark"),
)
_FINDINGS = (Column("row", Kind.NUMBER), Column("column"), Column("weight"), Column("remark"))


def import_sheet(place: Property, imports: QuerySet[UnitImport]) -> Sheet:
    """Write a property's imports."""
    rows = map(_import, imports.iterator(chunk_size=BATCH))
    return Sheet("Imports", (("Property", place.name),), _IMPORTS, rows)


def _import(each: UnitImport) -> Sequence[Cell]:
    return (
        each.file_name,
        each.get_state_display(),
        str(each.uploaded_by),
        each.uploaded_at,
        str(each.applied_by or ""),
        each.applied_at,
        str(each.ended_by or ""),
        each.ended_at,
    )


def import_rows_sheet(
    unit_import: UnitImport, rows: Iterable[ChangeRow | FindingRow], *, show: str
) -> Sheet:
    """Write what an import changes, or what stands out about its file."""
    place = unit_import.property.name
    filters = (("Property", place), ("File", unit_import.file_name), ("Show", show.title()))
    columns = _CHANGES if show == "changes" else _FINDINGS
    return Sheet("Import", filters, columns, map(_row, rows))


def _row(row: ChangeRow | FindingRow) -> Sequence[Cell]:
    if isinstance(row, ChangeRow):
        return (row.row, row.unit, row.field, row.before, row.after, row.remark)
    return (row.row, row.column, row.label, row.message)

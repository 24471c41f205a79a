"""Tables as files: CSV for programs, XLSX for people with a spreadsheet."""

from __future__ import annotations

from meterbase.lib.sheets.answers import (
    FileFormat,
    csv_response,
    sheet_response,
    wanted_format,
    xlsx_response,
)
from meterbase.lib.sheets.batches import in_batches
from meterbase.lib.sheets.filters import chosen_filters
from meterbase.lib.sheets.sheet import Cell, Column, Kind, Sheet

__all__ = [
    "Cell",
    "Column",
    "FileFormat",
    "Kind",
    "Sheet",
    "chosen_filters",
    "csv_response",
    "in_batches",
    "sheet_response",
    "wanted_format",
    "xlsx_response",
]

"""Sheets as answers to a browser."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.http import FileResponse, QueryDict, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.text import slugify

from meterbase.lib.sheets.csv_file import csv_chunks
from meterbase.lib.sheets.sheet import Sheet
from meterbase.lib.sheets.xlsx_file import write_workbook

_XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_NAME = 120


class FileFormat(StrEnum):
    """The kinds of file; a list's address says format=csv."""

    CSV = "csv"
    XLSX = "xlsx"


def wanted_format(query: QueryDict) -> FileFormat | None:
    """Read which file a list is wanted as; None for the page."""
    wanted = query.get("format", "")
    return FileFormat(wanted) if wanted in list(FileFormat) else None


def sheet_response(
    sheet: Sheet, wanted: FileFormat, *, by: str, at: datetime
) -> StreamingHttpResponse:
    """Answer with a sheet as a file whose name says what it is, what narrowed it, and when.

    Errors: WrongCell.
    """
    name = _file_name(sheet, at=at)
    if wanted is FileFormat.CSV:
        return csv_response(sheet, filename=f"{name}.csv")
    return xlsx_response(sheet, filename=f"{name}.xlsx", by=by, at=at)


def csv_response(sheet: Sheet, *, filename: str) -> StreamingHttpResponse:
    """Answer with a sheet as CSV while its rows are still being read."""
    return StreamingHttpResponse(
        csv_chunks(sheet),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(True, filename) or ""},  # noqa: FBT003
    )


def xlsx_response(sheet: Sheet, *, filename: str, by: str, at: datetime) -> FileResponse:
    """Answer with a sheet as a workbook, which is read from a file that is deleted when sent.

    Errors: WrongCell.
    """
    book = write_workbook(sheet, by=by, at=at)
    return FileResponse(book, as_attachment=True, filename=filename, content_type=_XLSX_TYPE)


def _file_name(sheet: Sheet, *, at: datetime) -> str:
    words = [sheet.title, *(f"{name} {chosen}" for name, chosen in sheet.filters)]
    told = slugify(" ".join(words))[:_LONGEST_NAME].rstrip("-")
    return f"{told}-{timezone.localtime(at):%Y%m%d-%H%M}"

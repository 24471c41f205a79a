"""The CSV file that people fill in: one row for each unit, with what is known already."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

HEADINGS: Final = (
    "PMS unit id",
    "Building",
    "Unit",
    "Square feet",
    "Bedrooms",
    "Bathrooms",
    "Occupants",
    "Occupied",
    "Billable",
)
_STARTS_A_FORMULA: Final = ("=", "+", "-", "@")


def write_template(rows: Iterable[Sequence[str]]) -> bytes:
    """Write rows below the headings so that a spreadsheet opens them as they are."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    writer.writerows([guard(text) for text in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def guard(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula; the reader takes the apostrophe off."""
    trimmed = text.strip()
    return f"'{trimmed}" if trimmed.startswith(_STARTS_A_FORMULA) else trimmed

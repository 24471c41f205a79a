"""ZIP codes as files of reference data write them."""

from __future__ import annotations

import re

# No ZIP code is below this one; sources use such numbers for places without any.
FIRST_ZIP_CODE = "00501"

_FIVE_DIGITS = re.compile(r"[0-9]{5}")
_LOST_ZEROS = re.compile(r"[0-9]{3,4}")

# The first three digits of the ZIP codes that begin with a zero, by state.
_PREFIXES = {
    "NY": {5, 63},
    "PR": {6, 7, 9},
    "VI": {8},
    "MA": {*range(10, 28), 55},
    "RI": {28, 29},
    "NH": {*range(30, 39)},
    "ME": {*range(39, 50)},
    "VT": {*range(50, 55), *range(56, 60)},
    "CT": {*range(60, 70)},
    "NJ": {*range(70, 90)},
}


def is_zip_code(text: str) -> bool:
    """Tell whether a text is five digits."""
    return _FIVE_DIGITS.fullmatch(text) is not None


def restored_zip_code(text: str, *, state: str) -> str | None:
    """Give a ZIP code its leading zeros back where the state's codes begin with them.

    Shape: None when the text is no ZIP code, or the state has none like it.
    """
    if is_zip_code(text):
        return text
    whole = text.zfill(5)
    fits = _LOST_ZEROS.fullmatch(text) and int(whole[:3]) in _PREFIXES.get(state, ())
    return whole if fits else None

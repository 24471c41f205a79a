"""Reading one cell: what it says of a unit, as the text that is stored for a typed value."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from portfolios.unit_files.findings import Weight
from portfolios.unit_files.limits import (
    BATHROOM_STEP,
    BEDROOM_STEP,
    LARGEST_SQFT,
    MOST_OCCUPANTS,
    MOST_ROOMS,
    USUAL_OCCUPANTS,
    USUAL_ROOMS,
    USUAL_SQFT,
)
from portfolios.unit_files.unit_key import one_line

_NULL_WORDS = frozenset(
    ["", "null", "none", "nil", "n/a", "na", "#n/a", "nan", "unknown", "unk", "?", "tbd", "."]
)
_DASHES = re.compile(r"[-–—/\s]+")
_NUMBER = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?:\.[0-9]{0,6})?|\.[0-9]{1,6}")
_SQFT_WORDS = re.compile(
    r"\s*(?:sq\.?\s*/?\s*f(?:ee)?t\.?|sqft\.?|s\.?f\.?|square\s+f(?:ee|oo)t|ft2|ft²|ft\^2)$"
)
_BEDROOM_WORDS = re.compile(r"\s*-?\s*(?:bed\s*rooms?|beds?|bdrms?|brs?|bds?)\.?$")
_BATHROOM_WORDS = re.compile(r"\s*-?\s*(?:bath\s*rooms?|baths?|bas?)\.?$")
_PEOPLE_WORDS = re.compile(r"\s*(?:occupants?|people|persons?|residents?)$")
_STUDIO = frozenset(["studio", "stu", "std", "efficiency", "eff", "bachelor"])
_YES = frozenset(["yes", "y", "true", "t", "1", "occupied", "billable"])
_NO = frozenset(["no", "n", "false", "f", "0", "vacant", "not occupied", "not billable"])


@dataclass(frozen=True, slots=True)
class CellValue:
    """What a cell says; `text` is None where it says nothing.

    Shape: `text` as `portfolios.queries.read_value` reads it; `remark` is a sentence with its
        weight.
    """

    text: str | None = None
    remark: str = ""
    weight: Weight = Weight.NOTE


NOTHING = CellValue()


def is_null(text: str) -> bool:
    """Tell whether a cell leaves its value open: empty, a dash, `null`, `N/A`."""
    word = one_line(text).casefold()
    return word in _NULL_WORDS or bool(_DASHES.fullmatch(word))


def read_cell(field: str, text: str) -> CellValue:
    """Read the cell of a value's column."""
    return NOTHING if is_null(text) else _READERS[field](one_line(text).casefold())


def write_number(number: Decimal) -> str:
    """Write a number without the noughts behind it: 2 for 2.00, 1.5 for 1.50."""
    return f"{number.normalize():f}"


def _sqft(text: str) -> CellValue:
    number = _number(_SQFT_WORDS.sub("", text))
    if number is not None and number == 0:
        return _left_out("0 square feet is taken as not known, so the value stays as it is.")
    if number is None or number != int(number) or number > LARGEST_SQFT:
        return _left_out(
            f"“{text}” is not a whole number of square feet from 1 to {LARGEST_SQFT:,}."
        )
    smallest, largest = USUAL_SQFT
    if not smallest <= number <= largest:
        return _odd(number, f"{number:,.0f} square feet is outside {smallest} to {largest:,}.")
    return CellValue(write_number(number))


def _bedrooms(text: str) -> CellValue:
    if text in _STUDIO:
        return CellValue("0")
    number = _number(_BEDROOM_WORDS.sub("", text))
    if number is None or number > MOST_ROOMS or number % BEDROOM_STEP:
        return _left_out(f"“{text}” is not a number of bedrooms from 0 to {MOST_ROOMS} in halves.")
    if number > USUAL_ROOMS:
        return _odd(number, f"{write_number(number)} bedrooms are hard to believe.")
    return CellValue(write_number(number))


def _bathrooms(text: str) -> CellValue:
    number = _number(_BATHROOM_WORDS.sub("", text))
    if number is None or number > MOST_ROOMS or number % BATHROOM_STEP:
        return _left_out(
            f"“{text}” is not a number of bathrooms from 0 to {MOST_ROOMS} in quarters."
        )
    if number == 0:
        return _odd(number, "0 bathrooms most often means that nobody knows.")
    if number > USUAL_ROOMS:
        return _odd(number, f"{write_number(number)} bathrooms are hard to believe.")
    return CellValue(write_number(number))


def _occupants(text: str) -> CellValue:
    number = _number(_PEOPLE_WORDS.sub("", text))
    if number is None or number != int(number) or number > MOST_OCCUPANTS:
        return _left_out(f"“{text}” is not a whole number of people from 0 to {MOST_OCCUPANTS}.")
    if number > USUAL_OCCUPANTS:
        return _odd(number, f"{write_number(number)} people in one unit are hard to believe.")
    return CellValue(write_number(number))


def _yes_or_no(text: str) -> CellValue:
    if text in _YES:
        return CellValue("true")
    if text in _NO:
        return CellValue("false")
    return _left_out(f"“{text}” is neither yes nor no.")


def _number(text: str) -> Decimal | None:
    """Read a plain number; commas stand between thousands, and nowhere else."""
    trimmed = text.strip()
    return Decimal(trimmed.replace(",", "")) if _NUMBER.fullmatch(trimmed) else None


def _left_out(sentence: str) -> CellValue:
    return CellValue(None, sentence, Weight.LEFT_OUT)


def _odd(number: Decimal, sentence: str) -> CellValue:
    return CellValue(write_number(number), sentence, Weight.STANDS_OUT)


_READERS: dict[str, Callable[[str], CellValue]] = {
    "sqft": _sqft,
    "bedrooms": _bedrooms,
    "bathrooms": _bathrooms,
    "occupant_count": _occupants,
    "occupied": _yes_or_no,
    "billable": _yes_or_no,
}

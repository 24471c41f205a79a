"""Reading single values from JSON: each reader returns the value, None for nothing, or Wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, wraps
from typing import TypeVar

from meterbase.lib.money import LARGEST, NotAnAmount, cents_from_dollars, dollars_from_cents

_BLANKS = frozenset({"", "-", "--", "null", "none"})
_STUDIOS = frozenset({"studio", "stu"})
_NUMBER = re.compile(
    r"(?P<number>[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)"
    r"(?:\s*(?:sf|sq\.?\s*ft\.?|square feet))?",
    re.IGNORECASE,
)
_CALENDAR_DAY = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?"
)
_DAY = re.compile(r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?:T00:00(?::00(?:\.0+)?)?(?:Z|[+]00:?00))?")
# Ten to the eleventh: no unit, building or amount comes near, and no number eats the memory.
_LARGEST_EXPONENT = 11
# No name, number or count of a building is larger; beyond it is a fault of the row, not a value.
LONGEST_ID = 100
LONGEST_TEXT = 200
LARGEST_WHOLE = 100_000_000
MOST_ROOMS = 99


# A property's rows repeat their values, and to look one up costs less than to read it again.
_REMEMBERED = 4096
_SCALARS = frozenset({str, int, bool, Decimal, type(None)})
_ReadT = TypeVar("_ReadT")


@dataclass(frozen=True, slots=True)
class Wrong:
    """The value is not what it may be, which is said in words."""

    allowed: str


def _remembered(read: Callable[[object], _ReadT]) -> Callable[[object], _ReadT]:
    """Keep what was read of a value, for readers that nothing but the value decides."""
    look_up = lru_cache(_REMEMBERED, typed=True)(read)

    @wraps(read)
    def reader(value: object) -> _ReadT:
        # Lists and objects cannot be looked up, and long texts are not worth the memory.
        kind = value.__class__
        if kind not in _SCALARS or (isinstance(value, str) and len(value) > LONGEST_ID):
            return read(value)
        return look_up(value)

    return reader


def tidy(text: str) -> str:
    """Bring text into one form: composed letters, single spaces, nothing that cannot be stored."""
    # Nothing in printable text has to be left out, and most text is that.
    if text.isprintable():
        return " ".join(unicodedata.normalize("NFC", text).split())
    plain = "".join(
        " " if unicodedata.category(letter) == "Cc" else letter
        for letter in unicodedata.normalize("NFC", text)
        if unicodedata.category(letter) != "Cs"
    )
    return " ".join(plain.split())


def is_blank(value: object) -> bool:
    """Tell whether a value is one of the ways to write nothing."""
    return value is None or (isinstance(value, str) and value.strip().casefold() in _BLANKS)


def identifier_from(value: object) -> str | Wrong | None:
    """Read an id, unchanged."""
    if value is None:
        return None
    if isinstance(value, str) and value.isprintable() and value and not value.isspace():
        if len(value) > LONGEST_ID:
            return Wrong(f"text of at most {LONGEST_ID} characters that names a record")
        return value
    return Wrong("text that names a record")


def prose_from(value: object) -> str | Wrong | None:
    """Read text of any length, tidied up."""
    if value is None:
        return None
    return tidy(value) if isinstance(value, str) else Wrong("text or null")


def text_from(value: object) -> str | Wrong | None:
    """Read a name or a word, tidied up."""
    text = tidy(value) if isinstance(value, str) else prose_from(value)
    if isinstance(text, str) and len(text) > LONGEST_TEXT:
        return Wrong(f"text of at most {LONGEST_TEXT} characters")
    return text


@_remembered
def label_from(value: object) -> str | Wrong | None:
    """Read text, or a whole number as text."""
    if isinstance(value, bool) or (not isinstance(value, int | Decimal)):
        found = text_from(value)
        return Wrong("text, a whole number or null") if isinstance(found, Wrong) else found
    number = _number(value)
    if number is None or number != number.to_integral_value():
        return Wrong("text, a whole number or null")
    return str(int(number))


def _number(value: object) -> Decimal | None:
    """Read a number from JSON or from text; None when it is neither, or beyond all sense."""
    if isinstance(value, str):
        found = _NUMBER.fullmatch(value.strip())
        number = Decimal(found["number"].replace(",", "")) if found else None
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        number = Decimal(value)
    else:
        number = None
    if number is None or (number and number.adjusted() > _LARGEST_EXPONENT):
        return None
    # A zero can carry a huge exponent, too.
    return number or Decimal(0)


def decimal_from(value: object) -> Decimal | Wrong | None:
    """Read a number of 0 or more."""
    if is_blank(value):
        return None
    number = _number(value)
    return Wrong("a number of 0 or more, or null") if number is None or number < 0 else number


@_remembered
def whole_from(value: object) -> int | Wrong | None:
    """Read a whole number of 0 or more."""
    if is_blank(value):
        return None
    number = _number(value)
    if number is None or number < 0 or number != number.to_integral_value():
        return Wrong("a whole number of 0 or more, or null")
    if number > LARGEST_WHOLE:
        return Wrong(f"a whole number of at most {LARGEST_WHOLE:,}, or null")
    return int(number)


@_remembered
def square_feet_from(value: object) -> int | Wrong | None:
    """Read an area, rounded to whole square feet; 0 is None.

    Units: square feet.
    """
    number = decimal_from(value)
    if isinstance(number, Wrong):
        return Wrong("a number of square feet, or null")
    if number is not None and number > LARGEST_WHOLE:
        return Wrong(f"a number of square feet of at most {LARGEST_WHOLE:,}, or null")
    return None if number is None else int(number.quantize(Decimal(1), ROUND_HALF_UP)) or None


@_remembered
def rooms_from(value: object) -> Decimal | Wrong | None:
    """Read a number of rooms, to the hundredth; a studio has 0."""
    if isinstance(value, str) and value.strip().casefold() in _STUDIOS:
        return Decimal(0)
    number = decimal_from(value)
    if isinstance(number, Wrong) or (number is not None and number > MOST_ROOMS):
        return Wrong(f'a number from 0 to {MOST_ROOMS}, "Studio" or null')
    return None if number is None else number.quantize(Decimal("0.01"), ROUND_HALF_UP)


def amount_from(value: object) -> Decimal | Wrong | None:
    """Read an amount of money.

    Units: dollars with exactly two decimals.
    """
    if value is None:
        return None
    number = _number(value)
    try:
        return dollars_from_cents(cents_from_dollars("" if number is None else number))
    except NotAnAmount:
        return Wrong("an amount in dollars with at most two decimals")


def cents_from(value: object) -> Decimal | Wrong | None:
    """Read an amount of money that is sent in cents.

    Units: cents in, dollars with exactly two decimals out.
    """
    if value is None:
        return None
    number = None if isinstance(value, str) else _number(value)
    if number is None or number != number.to_integral_value() or abs(number) > LARGEST:
        return Wrong("a whole number of cents")
    return dollars_from_cents(int(number))


@_remembered
def calendar_day_from(value: object) -> date | Wrong | None:
    """Read the day that a time stamp is written with, whatever its hour and zone say."""
    if is_blank(value):
        return None
    found = _CALENDAR_DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        return date.fromisoformat(found["day"] if found else "")
    except ValueError:
        return Wrong("a day as YYYY-MM-DD, or null")


@_remembered
def day_from(value: object) -> date | Wrong | None:
    """Read a day, also from a time stamp at midnight UTC, which is how some systems write days."""
    if is_blank(value):
        return None
    found = _DAY.fullmatch(value) if isinstance(value, str) else None
    try:
        return date.fromisoformat(found["day"] if found else "")
    except ValueError:
        return Wrong("a day as YYYY-MM-DD, or null")


def moment_from(value: object) -> datetime | Wrong | None:
    """Read a moment; one without a zone is in UTC."""
    if value is None:
        return None
    # Every row has some, and nearly all are right: only what is not is looked at any closer.
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        return None if is_blank(value) else Wrong("a moment as ISO 8601, or null")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def flag_from(value: object) -> bool | Wrong | None:
    """Read true or false."""
    return value if value is None or isinstance(value, bool) else Wrong("true, false or null")


def object_from(value: object) -> dict[str, object] | Wrong | None:
    """Read an object."""
    return value if value is None or isinstance(value, dict) else Wrong("an object or null")


def list_from(value: object) -> list[object] | Wrong | None:
    """Read a list."""
    return value if value is None or isinstance(value, list) else Wrong("a list or null")

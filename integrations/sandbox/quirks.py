"""Which unit of a property is odd, and how: the mess that real PMS data brings.

The first property is complete, so that a bill can be split by any method without asking anybody;
all others carry every quirk of the table below.
"""

from __future__ import annotations

from enum import StrEnum


class Quirk(StrEnum):
    """What is special about a unit; "let" is nothing at all."""

    LET = "let"
    VACANT = "vacant"
    NEVER_LET = "never_let"
    NOTICE = "notice"
    NOTICE_AND_RELET = "notice_and_relet"
    RELET_LATER = "relet_later"
    MONTH_TO_MONTH = "month_to_month"
    OPEN_ENDED = "open_ended"
    DOWN = "down"
    MODEL = "model"
    RENOVATION = "renovation"
    SQFT_UNKNOWN = "sqft_unknown"
    ROOMS_UNKNOWN = "rooms_unknown"
    BATHROOMS_UNKNOWN = "bathrooms_unknown"
    OCCUPANTS_UNKNOWN = "occupants_unknown"


# Units 107, 212 and 403 are vacant; 110 has given notice; 206 and 307 have no fixed term.
_FIRST_PROPERTY = {
    6: Quirk.VACANT,
    9: Quirk.NOTICE,
    17: Quirk.MONTH_TO_MONTH,
    23: Quirk.VACANT,
    30: Quirk.OPEN_ENDED,
    38: Quirk.NEVER_LET,
}

_OTHER_PROPERTIES = {
    1: Quirk.SQFT_UNKNOWN,
    3: Quirk.VACANT,
    4: Quirk.OCCUPANTS_UNKNOWN,
    6: Quirk.NOTICE,
    7: Quirk.ROOMS_UNKNOWN,
    9: Quirk.DOWN,
    10: Quirk.RELET_LATER,
    11: Quirk.MONTH_TO_MONTH,
    13: Quirk.RENOVATION,
    14: Quirk.BATHROOMS_UNKNOWN,
    16: Quirk.NOTICE_AND_RELET,
    17: Quirk.MODEL,
    19: Quirk.NEVER_LET,
    20: Quirk.OPEN_ENDED,
}
_CYCLE = 24

_STATUS = {
    Quirk.VACANT: "vacant",
    Quirk.NEVER_LET: "vacant",
    Quirk.RELET_LATER: "vacant",
    Quirk.NOTICE: "notice",
    Quirk.NOTICE_AND_RELET: "notice",
    Quirk.DOWN: "down",
    Quirk.MODEL: "model",
    Quirk.RENOVATION: "renovation",
}

LIVED_IN = frozenset({"occupied", "notice"})


def quirk_of(*, property_number: int, position: int) -> Quirk:
    """Say what is special about a property's unit; `position` counts from 0."""
    if property_number == 1:
        return _FIRST_PROPERTY.get(position, Quirk.LET)
    shifted = (position + 5 * property_number) % _CYCLE
    return _OTHER_PROPERTIES.get(shifted, Quirk.LET)


def status_of(quirk: Quirk) -> str:
    """Give the unit status that a PMS would show."""
    return _STATUS.get(quirk, "occupied")

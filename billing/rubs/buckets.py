"""The reasons for which the owner bears a part of a bill."""

from __future__ import annotations

from enum import StrEnum


class Bucket(StrEnum):
    """Why the owner bears a part of the bill."""

    COMMON_AREA = "common_area"
    VACANCY = "vacancy"
    EXCLUDED = "excluded"
    NOT_PASSED_ON = "not_passed_on"
    FIXED_CHARGE = "fixed_charge"
    NOT_GIVEN = "not_given"
    CAP = "cap"
    MINIMUM = "minimum"
    FLAT = "flat"
    ROUNDING = "rounding"

"""Why the owner bears a part of a bill, in the words of the pages."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from billing.models import Calculation
from billing.rubs.buckets import Bucket

_NAMES = {
    Bucket.COMMON_AREA: "common area",
    Bucket.VACANCY: "vacant days",
    Bucket.EXCLUDED: "excluded units",
    Bucket.NOT_PASSED_ON: "not passed on",
    Bucket.FIXED_CHARGE: "fixed charges",
    Bucket.NOT_GIVEN: "not given to units",
    Bucket.CAP: "caps",
    Bucket.MINIMUM: "minimums",
    Bucket.FLAT: "flat amounts",
    Bucket.ROUNDING: "rounding",
}
_OF_A_UNIT = {
    Bucket.VACANCY: "Vacant",
    Bucket.EXCLUDED: "Excluded",
    Bucket.CAP: "Cut off by the cap",
    Bucket.MINIMUM: "Raised to the minimum",
    Bucket.FLAT: "Flat amount instead of the share",
}
# The words of the arithmetic for these add nothing to the ones above.
_SAYS_IT_ALL = frozenset({Bucket.CAP, Bucket.MINIMUM, Bucket.FLAT})


@dataclass(frozen=True, slots=True)
class OwnerPart:
    """What the owner bears for one reason.

    Units: cents.
    """

    name: str
    cents: int


def owner_parts(calculation: Calculation) -> list[OwnerPart]:
    """Add up the owner's lines by their reason, those of nothing left out."""
    sums: defaultdict[str, int] = defaultdict(int)
    for line in calculation.result["owner"]:
        sums[line["bucket"]] += line["cents"]
    return [OwnerPart(_NAMES[bucket], sums[bucket]) for bucket in Bucket if sums[bucket]]


def remark_of(line: dict[str, Any]) -> str:
    """Say why the owner bears something for a unit."""
    bucket = Bucket(line["bucket"])
    remark = _OF_A_UNIT.get(bucket, name_of(bucket))
    reason = "" if bucket in _SAYS_IT_ALL else line["reason"]
    return f"{remark}: {reason}" if reason else remark


def name_of(bucket: Bucket) -> str:
    """Name a reason at the start of a line."""
    name = _NAMES[bucket]
    return name[:1].upper() + name[1:]

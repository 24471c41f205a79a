"""The rows of reference files, brought to one form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a file holds."""

    ZIP_CODES = "zip_codes"
    UTILITIES = "utilities"
    ZIP_UTILITIES = "zip_utilities"
    OPENEI_IOU = "openei_iou"
    OPENEI_NON_IOU = "openei_non_iou"


COMMODITIES = frozenset({"electric", "gas", "water"})
CONFIDENCES = frozenset({"", "high", "medium", "low"})
COMPACT = "compact"

UtilityKey = tuple[str, str]
"""A commodity, and the key of a utility within it."""


@dataclass(frozen=True, slots=True)
class ZipRow:
    """A ZIP code and where it is."""

    zip_code: str
    city: str
    state: str
    county: str
    county_fips: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class UtilityRow:
    """A utility; numbers that the source lacks are None."""

    commodity: str
    utility_key: str
    name: str
    state: str
    source: str
    ownership: str = ""
    eia_id: str = ""
    eia_id_match: str = ""
    pwsid: str = ""
    population_served: int | None = None
    service_area_type: str = ""
    zip_count: int | None = None


@dataclass(frozen=True, slots=True)
class AreaRow:
    """A ZIP code that a utility serves; rank 0 where the source does not rank."""

    zip_code: str
    commodity: str
    utility_key: str
    rank: int
    confidence: str
    source: str


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read."""

    kind: Kind
    name: str
    sha256: str
    row_count: int
    sources: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """How many of a table's rows were left out, and why; repeated rows are merged, not left out."""

    repeated: int = 0
    rejected: dict[str, int] = field(default_factory=dict)

    def reject(self, reason: str) -> None:
        """Count a row that is left out."""
        self.rejected[reason] = self.rejected.get(reason, 0) + 1


@dataclass(frozen=True, slots=True)
class Release:
    """Everything that the files of one load say.

    Shape: utilities and areas by dataset; a table that no file brought is None or not among them.
    """

    files: tuple[SourceFile, ...]
    zip_codes: Sequence[ZipRow] | None
    utilities: Mapping[str, Sequence[UtilityRow]]
    areas: Mapping[str, Sequence[AreaRow]]
    tallies: Mapping[str, Tally]


_SHOWN = 50


class Problems:
    """What keeps a release from being loaded: the first fifty in words, the rest as a number."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.count = 0

    def add(self, file: str, line: int, reason: str) -> None:
        """Note what is wrong in a line of a file."""
        self.count += 1
        if self.count <= _SHOWN:
            self.shown.append(f"{file}:{line}: {reason}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.shown)


class BadRelease(Exception):
    """The files were read and cannot be loaded as they are."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        more = problems.count - len(problems.shown)
        super().__init__("\n".join([*problems, *([f"and {more:,} more"] if more else [])]))


class UnreadableReference(Exception):
    """A file is missing or cannot be read."""

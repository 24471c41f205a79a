"""Finding the unit that each row of a file speaks of; what is not certain is left to a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from portfolios.unit_files.findings import Finding, Weight
from portfolios.unit_files.rows import FileRow
from portfolios.unit_files.unit_key import (
    building_key,
    find_collisions,
    key_without_zeros,
    looks_rewritten,
    loose_key,
    match_key,
    plain_text,
)

# From the strictest to the loosest; the first under which any unit answers decides.
_KEYS: Final[tuple[Callable[[str], str], ...]] = (plain_text, match_key, loose_key)


@dataclass(frozen=True, slots=True)
class UnitName:
    """What a unit is called; `missing` when the PMS no longer shows it."""

    pk: int
    propexo_unit_id: str
    unit_number: str
    building: str = ""
    missing: bool = False

    def __str__(self) -> str:
        return f"{self.building} {self.unit_number}".strip()


@dataclass(frozen=True, slots=True)
class Matched:
    """Whose rows they are: each unit has one row at most."""

    units: dict[int, UnitName]
    rows: tuple[FileRow, ...]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Index:
    """The units of a property, by every way in which a row may name them."""

    units: Sequence[UnitName]
    by_id: dict[str, UnitName] = field(init=False)
    by_key: list[dict[str, list[UnitName]]] = field(init=False)
    has_buildings: bool = field(init=False)

    def __post_init__(self) -> None:
        self.by_id = {unit.propexo_unit_id: unit for unit in self.units}
        self.by_key = [self._grouped(key) for key in _KEYS]
        self.has_buildings = any(unit.building for unit in self.units)

    def _grouped(self, key: Callable[[str], str]) -> dict[str, list[UnitName]]:
        groups: defaultdict[str, list[UnitName]] = defaultdict(list)
        for unit in self.units:
            groups[key(unit.unit_number)].append(unit)
        return groups


@dataclass(frozen=True, slots=True)
class _Answer:
    """A row's unit, or why there is none; `remark` may say how it was found."""

    unit: UnitName | None = None
    remark: str = ""


def match_rows(rows: Sequence[FileRow], units: Iterable[UnitName]) -> Matched:
    """Find the unit of each row.

    Shape: a row without a certain unit is in `findings` and not in `rows`; of rows that say the
        same of one unit the first is kept.
    """
    index = _Index(list(units))
    findings = list(_collision_notes(index))
    rows, ids_remark = _settle_ids(rows, index)
    if ids_remark:
        findings.append(Finding(0, "", ids_remark, Weight.NOTE))
    found: list[tuple[FileRow, UnitName]] = []
    for row in rows:
        answer = _find(row, index)
        if answer.unit is not None:
            found.append((row, answer.unit))
        if answer.remark:
            weight = Weight.LEFT_OUT if answer.unit is None else Weight.NOTE
            findings.append(Finding(row.number, "", answer.remark, weight))
    kept, doubled = _one_row_each(found)
    return Matched(
        units={row.number: unit for row, unit in kept},
        rows=tuple(row for row, _ in kept),
        findings=(*findings, *doubled),
    )


def _settle_ids(rows: Sequence[FileRow], index: _Index) -> tuple[Sequence[FileRow], str]:
    """Give up a column of ids that are somebody else's: then the numbers count alone."""
    with_id = [row for row in rows if row.unit_id]
    if not with_id or any(row.unit_id in index.by_id for row in with_id):
        return rows, ""
    remark = "None of the unit ids is one of this property's, so units are found by number."
    return [replace(row, unit=row.name, unit_id="") for row in rows], remark


def _find(row: FileRow, index: _Index) -> _Answer:
    if not row.unit_id:
        return _by_number(row, index)
    unit = index.by_id.get(row.unit_id)
    if unit is None:
        return _Answer(None, f"No unit of this property has the id “{row.unit_id}”.")
    if unit.missing:
        return _gone(unit)
    if row.unit and key_without_zeros(row.unit) != key_without_zeros(unit.unit_number):
        other = _by_number(row, index).unit
        if other is not None:
            return _Answer(None, f"The id is that of unit {unit}, the number that of {other}.")
        return _Answer(
            unit,
            f"By its id this is unit {unit}, though the file writes “{row.unit}”; the id counts.",
        )
    return _Answer(unit)


def _by_number(row: FileRow, index: _Index) -> _Answer:
    for key, groups in zip(_KEYS, index.by_key, strict=True):
        named = _in_building(groups.get(key(row.unit), ()), row, index)
        here = [unit for unit in named if not unit.missing]
        if len(here) > 1:
            return _Answer(None, _several(row, here))
        if here:
            return _Answer(here[0], _how(row, here[0], key))
        if named:
            return _gone(named[0])
    return _Answer(None, _nobody(row, index))


def _in_building(units: Sequence[UnitName], row: FileRow, index: _Index) -> Sequence[UnitName]:
    if not row.building or not index.has_buildings:
        return units
    wanted = building_key(row.building)
    return [unit for unit in units if building_key(unit.building) == wanted]


def _how(row: FileRow, unit: UnitName, key: Callable[[str], str]) -> str:
    if key is loose_key:
        return f"“{row.unit}” is taken for unit {unit}, whose number the PMS writes otherwise."
    return ""


def _several(row: FileRow, units: Sequence[UnitName]) -> str:
    named = " and ".join(f"“{unit}”" for unit in units)
    remedy = "give the building" if len({unit.building for unit in units}) > 1 else "give the id"
    return f"“{row.unit}” can be {named}: {remedy} in a column of its own."


def _gone(unit: UnitName) -> _Answer:
    return _Answer(None, f"Unit {unit} is no longer in the PMS.")


def _nobody(row: FileRow, index: _Index) -> str:
    where = f" in building “{row.building}”" if row.building and index.has_buildings else ""
    sentence = f"No unit of this property has the number “{row.unit}”{where}."
    bare = key_without_zeros(row.unit)
    alike = [unit for unit in index.units if key_without_zeros(unit.unit_number) == bare]
    if alike and not where:
        named = " or ".join(f"“{unit}”" for unit in alike[:3])
        return f"{sentence} If {named} is meant, write it so: zeros in front count."
    if looks_rewritten(row.unit):
        return f"{sentence} A spreadsheet may have taken it for a number; write it as text."
    return sentence


def _one_row_each(
    found: Sequence[tuple[FileRow, UnitName]],
) -> tuple[list[tuple[FileRow, UnitName]], list[Finding]]:
    """Keep one row of each unit; rows that contradict one another are all left out."""
    rows_of: defaultdict[int, list[FileRow]] = defaultdict(list)
    for row, unit in found:
        rows_of[unit.pk].append(row)
    kept, findings = [], []
    for row, unit in found:
        first, *others = rows_of[unit.pk]
        if not others or all(other.values == first.values for other in others):
            if row is first:
                kept.append((row, unit))
            else:
                same = f"The row says the same of unit {unit} as row {first.number}."
                findings.append(Finding(row.number, "", same, Weight.NOTE))
        else:
            findings.append(_contradiction(row, unit, rows_of[unit.pk]))
    return kept, findings


def _contradiction(row: FileRow, unit: UnitName, rows: Sequence[FileRow]) -> Finding:
    others = ", ".join(str(other.number) for other in rows if other is not row)
    return Finding(
        row.number,
        "",
        f"Row {others} speaks of unit {unit} too and says something else; leave only one.",
        Weight.LEFT_OUT,
    )


def _collision_notes(index: _Index) -> Iterator[Finding]:
    """Name the units that only their spelling tells apart."""
    numbers: defaultdict[str, set[str]] = defaultdict(set)
    for unit in index.units:
        if not unit.missing:
            numbers[unit.building].add(unit.unit_number)
    for building in numbers.values():
        for group in find_collisions(building):
            named = " and ".join(f"“{text}”" for text in group)
            yield Finding(0, "", f"Only their spelling tells the units {named} apart.", Weight.NOTE)

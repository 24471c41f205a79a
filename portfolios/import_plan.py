"""What an import would change in a property's units: from what to what, and why not the rest."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from statistics import median
from typing import Any

from portfolios.models import Property, UnitField, UnitImport
from portfolios.queries import UnitFacts, UnitValue, read_units, read_value
from portfolios.unit_files.findings import Finding, Weight
from portfolios.unit_files.limits import FLOOR_PLAN_FACTOR, FLOOR_PLAN_UNITS
from portfolios.unit_files.matching import UnitName, match_rows
from portfolios.unit_files.rows import FileRow
from portfolios.unit_files.unit_key import plain_text


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One value that would be set.

    Shape: `before` is what counts now, typed or from the PMS; `after` is the text to store;
        `is_odd` when it is hard to believe.
    """

    row: int
    unit_id: int
    unit_label: str
    field: UnitField
    before: UnitValue
    is_typed: bool
    after: str
    is_odd: bool

    @property
    def value(self) -> UnitValue:
        """Read the value to set."""
        return read_value(self.field, self.after)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Everything that confirming an import would do.

    Shape: `changes` in the file's order; `matched` counts the rows that found their unit, `same`
        the values that are so already; `untouched` are the billable units that no row speaks of.
    """

    changes: tuple[PlannedChange, ...]
    findings: tuple[Finding, ...]
    matched: int
    same: int
    untouched: tuple[str, ...]

    @property
    def odd(self) -> tuple[PlannedChange, ...]:
        """Give the changes that are taken only when a person says so."""
        return tuple(change for change in self.changes if change.is_odd)

    @property
    def plain(self) -> tuple[PlannedChange, ...]:
        """Give the changes that nothing speaks against."""
        return tuple(change for change in self.changes if not change.is_odd)

    def of_weight(self, weight: Weight) -> tuple[Finding, ...]:
        """Give the findings of one weight."""
        return tuple(finding for finding in self.findings if finding.weight == weight)

    def digest(self) -> str:
        """Give a short text that is the same as long as the plan is."""
        facts = [
            (change.unit_id, change.field, str(change.before), change.after, change.is_odd)
            for change in self.changes
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def plan_import(unit_import: UnitImport) -> ImportPlan:
    """Plan what an import would do to the units as they are now."""
    rows = [_file_row(row) for row in unit_import.rows.values()]
    return plan_rows(
        place=unit_import.property,
        rows=rows,
        findings=read_findings(unit_import.findings),
        units=read_units(unit_import.property),
    )


def plan_rows(
    *,
    place: Property,
    rows: Sequence[FileRow],
    findings: Sequence[Finding],
    units: Sequence[UnitFacts],
) -> ImportPlan:
    """Plan what rows would do to units."""
    ours, elsewhere = _of_property(rows, place)
    matched = match_rows(ours, [_name(unit) for unit in units])
    facts = {unit.unit_id: unit for unit in units}
    drafts = [
        change
        for row in matched.rows
        for change in _changes(row, facts[matched.units[row.number].pk])
    ]
    doubts = dict(_doubts(drafts, facts))
    stated = sum(len(row.values) for row in matched.rows)
    spoken_of = {unit.pk for unit in matched.units.values()}
    return ImportPlan(
        changes=tuple(_with_doubt(change, doubts) for change in drafts),
        findings=_in_order([*findings, *elsewhere, *matched.findings, *doubts.values()]),
        matched=len(matched.rows),
        same=stated - len(drafts),
        untouched=tuple(
            unit.label
            for unit in units
            if unit.billable and not unit.missing and unit.unit_id not in spoken_of
        ),
    )


def write_findings(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Write findings as they are stored."""
    return [asdict(finding) for finding in findings]


def read_findings(stored: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Read findings as they were stored."""
    return tuple(Finding(**{**each, "weight": Weight(each["weight"])}) for each in stored)


def _file_row(row: Mapping[str, Any]) -> FileRow:
    return FileRow(
        number=row["number"],
        unit=row["unit_text"],
        unit_id=row["unit_id_text"],
        building=row["building_text"],
        property_name=row["property_text"],
        values=row["values"],
        odd=tuple(row["odd"]),
    )


def _name(unit: UnitFacts) -> UnitName:
    return UnitName(
        pk=unit.unit_id,
        propexo_unit_id=unit.propexo_unit_id,
        unit_number=unit.unit_number,
        building=unit.building,
        missing=unit.missing,
    )


def _of_property(rows: Sequence[FileRow], place: Property) -> tuple[list[FileRow], list[Finding]]:
    """Leave out the rows that a list of several properties has for the others."""
    names = {plain_text(place.name), plain_text(place.propexo_property_id)}
    ours, findings = [], []
    for row in rows:
        if not row.property_name or plain_text(row.property_name) in names:
            ours.append(row)
        else:
            sentence = f"The row is about the property “{row.property_name}”, not {place}."
            findings.append(Finding(row.number, "", sentence, Weight.LEFT_OUT))
    return ours, findings


def _changes(row: FileRow, unit: UnitFacts) -> Iterator[PlannedChange]:
    for name, text in row.values.items():
        field = UnitField(name)
        before = unit.value_of(field)
        if before is None or before != read_value(field, text):
            yield PlannedChange(
                row=row.number,
                unit_id=unit.unit_id,
                unit_label=unit.label,
                field=field,
                before=before,
                is_typed=unit.value_typed(field) is not None,
                after=text,
                is_odd=name in row.odd,
            )


Doubt = tuple[tuple[int, UnitField], Finding]


def _doubts(changes: Sequence[PlannedChange], facts: Mapping[int, UnitFacts]) -> Iterator[Doubt]:
    """Doubt what only shows when a value is held against the unit and its neighbours."""
    usual = _usual_areas(changes, facts)
    for change in changes:
        sentence = ""
        if change.field == UnitField.SQFT:
            sentence = _far_from_neighbours(change, usual)
        elif change.field == UnitField.OCCUPANT_COUNT and change.after == "0":
            sentence = _nobody_at_home(change, facts[change.unit_id])
        if sentence:
            finding = Finding(change.row, "", sentence, Weight.STANDS_OUT, change.field.value)
            yield (change.unit_id, change.field), finding


def _usual_areas(
    changes: Sequence[PlannedChange], facts: Mapping[int, UnitFacts]
) -> dict[int, int]:
    """Give the middle area of the units with as many bedrooms as each, as they all would be.

    Shape: only where enough units have as many bedrooms.
    """
    new = {(change.unit_id, change.field): change.value for change in changes}
    areas: defaultdict[Decimal, list[int]] = defaultdict(list)
    bedrooms: dict[int, Decimal] = {}
    for unit in facts.values():
        rooms = new.get((unit.unit_id, UnitField.BEDROOMS), unit.bedrooms)
        area = new.get((unit.unit_id, UnitField.SQFT), unit.sqft)
        if rooms is not None and area is not None:
            bedrooms[unit.unit_id] = Decimal(rooms)
            areas[Decimal(rooms)].append(int(area))
    usual = {
        rooms: int(median(group))
        for rooms, group in areas.items()
        if len(group) >= FLOOR_PLAN_UNITS
    }
    return {unit_id: usual[rooms] for unit_id, rooms in bedrooms.items() if rooms in usual}


def _far_from_neighbours(change: PlannedChange, usual: Mapping[int, int]) -> str:
    area = int(change.after)
    middle = usual.get(change.unit_id, area)
    if middle <= area * FLOOR_PLAN_FACTOR and area <= middle * FLOOR_PLAN_FACTOR:
        return ""
    return (
        f"{area:,} square feet for unit {change.unit_label} is far from the {middle:,} that units "
        "with as many bedrooms have in the middle."
    )


def _nobody_at_home(change: PlannedChange, unit: UnitFacts) -> str:
    if not unit.occupied:
        return ""
    return f"Unit {change.unit_label} is occupied, and 0 occupants most often means not known."


def _with_doubt(
    change: PlannedChange, doubts: Mapping[tuple[int, UnitField], Finding]
) -> PlannedChange:
    if (change.unit_id, change.field) not in doubts:
        return change
    return replace(change, is_odd=True)


def _in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: (finding.row, finding.column)))

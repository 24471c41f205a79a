"""A calculation as a table: a row for every unit's tenants and for what the owner bears."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from billing.models import Calculation, Charge
from billing.rubs.figures import plain
from billing.views.wording import percent

Json = dict[str, Any]

_COLUMN_OF = {
    "sqft": "Square feet",
    "occupants": "People",
    "vacant_unit_occupants": "People",
    "bedrooms": "Bedrooms",
    "bathrooms": "Bathrooms",
}
_REMARKS = {"vacancy": "Vacant", "excluded": "Excluded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Shape: texts are empty, and amounts None, where a line has none.
    Units: days; cents.
    """

    unit_label: str
    resident: str = ""
    days: int | None = None
    inputs: tuple[str, ...] = ()
    weight: str = ""
    share: str = ""
    charge_cents: int | None = None
    owner_cents: int | None = None
    charge_id: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The whole table, with the sums that prove it.

    Units: cents.
    """

    input_columns: tuple[str, ...]
    units: tuple[Row, ...]
    common: tuple[Row, ...]
    period_days: int
    tenants_cents: int
    owner_cents: int
    bill_cents: int

    @property
    def adds_up(self) -> bool:
        """Tell whether the lines shown really make the bill."""
        return self.tenants_cents + self.owner_cents == self.bill_cents


@dataclass(frozen=True, slots=True)
class OwnerParts:
    """What the owner bears, by reason.

    Units: cents.
    """

    common_area: int
    vacancy: int
    excluded: int
    rounding: int


def owner_parts(calculation: Calculation) -> OwnerParts:
    """Add up the owner's lines by their reason."""
    sums: defaultdict[str, int] = defaultdict(int)
    for line in calculation.result["owner"]:
        sums[line["bucket"]] += line["cents"]
    names = ("common_area", "vacancy", "excluded", "rounding")
    return OwnerParts(*(sums[name] for name in names))


def break_down(calculation: Calculation) -> Breakdown:
    """Set out a calculation unit by unit, in the order in which people count units."""
    result = calculation.result
    columns = _columns(result)
    units = tuple(_unit_rows(calculation, columns))
    common = tuple(_common_row(line, result["basis"], columns) for line in _unitless(result))
    rows = units + common
    return Breakdown(
        input_columns=columns,
        units=units,
        common=common,
        period_days=result["basis"]["period_days"],
        tenants_cents=sum(row.charge_cents or 0 for row in rows),
        owner_cents=sum(row.owner_cents or 0 for row in rows),
        bill_cents=calculation.bill_cents,
    )


def natural_order(label: str) -> list[int | str]:
    """Give a key that sorts 2 before 10 and A-2 before A-10."""
    parts = re.split(r"([0-9]+)", label)
    return [int(part) if n % 2 else part.casefold() for n, part in enumerate(parts)]


def _columns(result: Json) -> tuple[str, ...]:
    """Name what the method read, in its own order."""
    lines = (*result["lines"], *result["owner"])
    return tuple(dict.fromkeys(_column(term) for line in lines for term in line["terms"]))


def _column(term: Json) -> str:
    field: str = term["field"]
    return _COLUMN_OF.get(field, field.replace("_", " ").capitalize())


def _unit_rows(calculation: Calculation, columns: tuple[str, ...]) -> Iterator[Row]:
    lines: defaultdict[str, list[Json]] = defaultdict(list)
    for line in (*calculation.result["lines"], *calculation.result["owner"]):
        if line["unit_key"] is not None:
            lines[line["unit_key"]].append(line)
    charges = {
        (charge.propexo_unit_id, charge.propexo_lease_id): charge
        for charge in calculation.charges.all()
    }
    for unit in sorted(calculation.inputs["units"], key=lambda unit: natural_order(unit["label"])):
        found = lines[unit["key"]]
        starts = {stay["lease_key"]: stay["start"] or "" for stay in unit["stays"]}
        found.sort(key=lambda line: ("bucket" in line, starts.get(line["lease_key"], "")))
        for line in found:
            if "bucket" in line:
                yield _owner_row(line, unit, columns)
            else:
                charge = charges[unit["key"], line["lease_key"]]
                yield _tenant_row(line, unit, columns, charge)
        if not found:
            yield _row_without_share(unit, columns)


def _tenant_row(line: Json, unit: Json, columns: tuple[str, ...], charge: Charge) -> Row:
    return Row(
        unit_label=unit["label"],
        resident=charge.resident_name,
        **_figures(line, unit, columns),
        charge_cents=line["cents"],
        charge_id=charge.pk,
    )


def _owner_row(line: Json, unit: Json, columns: tuple[str, ...]) -> Row:
    remark = _REMARKS[line["bucket"]]
    return Row(
        unit_label=unit["label"],
        **_figures(line, unit, columns),
        owner_cents=line["cents"],
        remark=f"{remark}: {line['reason']}" if line["reason"] else remark,
    )


def _row_without_share(unit: Json, columns: tuple[str, ...]) -> Row:
    remark = "Vacant: takes no part" if unit["billable"] else "Not billable"
    return Row(unit_label=unit["label"], inputs=("",) * len(columns), remark=remark)


def _common_row(line: Json, basis: Json, columns: tuple[str, ...]) -> Row:
    label = "Rounding"
    if line["bucket"] == "common_area":
        label = f"Common area, {plain(Fraction(basis['common_area_percent']))} %"
    return Row(unit_label=label, inputs=("",) * len(columns), owner_cents=line["cents"])


def _unitless(result: Json) -> list[Json]:
    return [line for line in result["owner"] if line["unit_key"] is None]


def _figures(line: Json, unit: Json, columns: tuple[str, ...]) -> Json:
    inputs = {_column(term): _input(term, unit) for term in line["terms"]}
    return {
        "days": line["days"],
        "inputs": tuple(inputs.get(column, "") for column in columns),
        "weight": plain(Fraction(line["weight"])),
        "share": percent(Fraction(line["share"]), places=4),
    }


def _input(term: Json, unit: Json) -> str:
    """Write what the method read; where it counted something else, say so."""
    counted = plain(Fraction(term["quantity"]))
    if term["field"] == "vacant_unit_occupants":
        return f"{counted} assumed"
    if term["field"] == "bedrooms" and Fraction(unit["bedrooms"]) == 0:
        return f"0 (counts as {counted})"
    return counted

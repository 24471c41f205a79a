"""Portfolios, properties, units and leases as files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta

from meterbase.lib.sheets import Cell, Column, Kind, Sheet
from portfolios.models import Portfolio, Property
from portfolios.queries import LeaseFacts, UnitFacts
from portfolios.views.unit_rows import UnitRow

Filters = tuple[tuple[str, str], ...]

_PORTFOLIOS = (Column("portfolio"), Column("properties", Kind.NUMBER), Column("my role"))
_PROPERTIES = (
    Column("property"),
    Column("address"),
    Column("city"),
    Column("state"),
    Column("ZIP code"),
    Column("units here", Kind.NUMBER),
    Column("units in the PMS", Kind.NUMBER),
    Column("square feet", Kind.NUMBER),
    Column("id in Propexo"),
    Column("archived at", Kind.MOMENT),
)
_UNITS = (
    Column("building"),
    Column("unit"),
    Column("square feet", Kind.NUMBER),
    Column("bedrooms", Kind.NUMBER),
    Column("bathrooms", Kind.NUMBER),
    Column("occupants", Kind.NUMBER),
    Column("occupancy"),
    Column("billable"),
    Column("status in the PMS"),
    Column("resident"),
    Column("lease from", Kind.DATE),
    Column("last day", Kind.DATE),
    Column("typed by hand"),
    Column("remark"),
    Column("id in Propexo"),
)
_LEASES = (
    Column("building"),
    Column("unit"),
    Column("resident"),
    Column("from", Kind.DATE),
    Column("last day", Kind.DATE),
    Column("contract from", Kind.DATE),
    Column("contract to", Kind.DATE),
    Column("moved out", Kind.DATE),
    Column("occupants", Kind.NUMBER),
    Column("status"),
    Column("in the PMS"),
    Column("lease id in Propexo"),
)


def portfolio_sheet(rows: Iterable[tuple[Portfolio, int, str]], *, filters: Filters) -> Sheet:
    """Write portfolios with the number of their properties and the reader's role."""
    cells = ((portfolio.name, count, role) for portfolio, count, role in rows)
    return Sheet("Portfolios", filters, _PORTFOLIOS, cells)


def property_sheet(
    places: Iterable[Property],
    *,
    filters: Filters,
    with_units: Callable[[list[Property]], Iterable[tuple[Property, int]]],
) -> Sheet:
    """Write properties with their addresses and units."""
    cells = (_property(place, count) for place, count in with_units(list(places)))
    return Sheet("Properties", filters, _PROPERTIES, cells)


def _property(place: Property, units_here: int) -> Sequence[Cell]:
    return (
        place.name,
        place.address,
        place.city,
        place.state,
        place.zip_code,
        units_here,
        place.unit_count,
        place.square_footage,
        place.propexo_property_id,
        place.archived_at,
    )


def unit_sheet(place: Property, rows: Iterable[UnitRow], *, filters: Filters = ()) -> Sheet:
    """Write units as billing sees them."""
    return Sheet("Units", (("Property", place.name), *filters), _UNITS, map(_unit, rows))


def _unit(row: UnitRow) -> Sequence[Cell]:
    facts, lease = row.facts, row.lease
    return (
        facts.building,
        facts.unit_number,
        facts.sqft,
        facts.bedrooms,
        facts.bathrooms,
        facts.occupant_count,
        row.occupancy.label,
        "yes" if facts.billable else "no",
        facts.raw_status,
        lease.resident_name if lease else "",
        lease.start if lease else None,
        _last_day(lease) if lease else None,
        ", ".join(value.field.label for value in facts.typed),
        "no longer in the PMS" if facts.missing else ", ".join(row.gaps),
        facts.propexo_unit_id,
    )


def lease_sheet(place: Property, units: Iterable[UnitFacts], *, filters: Filters) -> Sheet:
    """Write every lease of some units, not only those of the months that a page draws."""
    return Sheet("Leases", (("Property", place.name), *filters), _LEASES, _leases(units))


def _leases(units: Iterable[UnitFacts]) -> Iterator[Sequence[Cell]]:
    for unit in units:
        for lease in unit.leases:
            yield (
                unit.building,
                unit.unit_number,
                lease.resident_name,
                lease.start,
                _last_day(lease),
                lease.contract_start,
                lease.contract_end,
                lease.move_out,
                lease.occupants,
                lease.status.label,
                "no longer" if lease.missing else "yes",
                lease.propexo_lease_id,
            )


def _last_day(lease: LeaseFacts) -> date | None:
    """Give the last day of a lease, as people write it; MeterBase keeps the day after."""
    return lease.end - timedelta(days=1) if lease.end else None

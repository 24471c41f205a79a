"""A property with a few units, for tests of unit values."""

from __future__ import annotations

from conftest import NOW, Cast
from portfolios.models import Property, Unit, UnitOverride


def make_house(cast: Cast, name: str = "Maplewood") -> Property:
    """Make an empty property."""
    return Property.objects.create(
        portfolio=cast.portfolio,
        propexo_property_id=f"prop_{name}",
        name=name,
        created_at=NOW,
    )


def add_unit(house: Property, number: str, **values: object) -> Unit:
    """Add an occupied unit."""
    return Unit.objects.create(
        property=house,
        propexo_unit_id=f"unit_{number}",
        unit_number=number,
        first_seen_at=NOW,
        **{"occupied": True, "raw_status": "occupied", **values},
    )


def typed(house: Property) -> dict[tuple[str, str], str]:
    """Give the typed values of a property by unit number and field."""
    found = UnitOverride.objects.filter(unit__property=house)
    return {(each.unit.unit_number, each.field): each.value for each in found}

"""The rows of contract v1 about places and people, read into records.

Almost every field may be null, and deprecated twins of fields are not looked at.

Source: Propexo's technical documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from integrations.pms.parsing import Fields
from integrations.pms.records import (
    ConnectionHealth,
    Occupancy,
    PmsConnection,
    PmsProperty,
    PmsResident,
    PmsUnit,
)
from integrations.pms.v1_charge_forms import takes_charges

_OCCUPANCY = {True: Occupancy.VACANT, False: Occupancy.OCCUPIED, None: Occupancy.UNKNOWN}
_WORDS = {Occupancy.VACANT: "vacant", Occupancy.OCCUPIED: "occupied", Occupancy.UNKNOWN: ""}


def connection_from(fields: Fields) -> PmsConnection:
    """Read an integration, which is what the contract calls a connection."""
    provider = fields.text("vendor").casefold()
    is_running_sync = bool(fields.flag("is_running_sync"))
    health, raw_status = _health_of(fields, is_running_sync=is_running_sync)
    return PmsConnection(
        connection_id=fields.identifier("id"),
        provider=provider,
        name=fields.text("name"),
        health=health,
        raw_status=raw_status,
        last_synced_at=fields.moment("last_completed_sync"),
        contract="v1",
        posts_charges=None if takes_charges(provider) else False,
        is_running_sync=is_running_sync,
    )


def _health_of(fields: Fields, *, is_running_sync: bool) -> tuple[ConnectionHealth, str]:
    if fields.flag("is_archived"):
        return ConnectionHealth.INACTIVE, "archived"
    # Before the switch: an integration that cannot log in is often switched off for that.
    if fields.flag("can_authenticate") is False:
        return ConnectionHealth.AUTH_FAILED, "cannot authenticate"
    if not fields.flag("active"):
        return ConnectionHealth.INACTIVE, "not active"
    if is_running_sync:
        return ConnectionHealth.SYNCING, "syncing"
    return ConnectionHealth.ACTIVE, "active"


def proven_to_post(fields: Fields) -> bool | None:
    """Read from the data-access check whether charges can be made; None when that was not tried."""
    create = fields.inner("models").inner("resident_charges").inner("create")
    if create.flag("unsupported"):
        return False
    return {"SUCCESS": True, "FAILED": False}.get(create.text("status").upper())


def enabled_from(fields: Fields) -> tuple[str, bool | None]:
    """Read a property configuration: the property's id, and whether its children are loaded."""
    return fields.identifier("property_id"), fields.flag("enabled")


def property_from(fields: Fields, *, enabled: Mapping[str, bool | None]) -> PmsProperty:
    """Read a property."""
    property_id = fields.identifier("id")
    lines = (fields.text("address_1"), fields.text("address_2"))
    return PmsProperty(
        property_id=property_id,
        name=fields.text("name"),
        street=", ".join(line for line in lines if line),
        city=fields.text("city"),
        state=fields.text("state"),
        zip_code=fields.label("zip"),
        unit_count=fields.whole("number_of_units"),
        square_footage=fields.square_feet("square_feet"),
        updated_at=fields.moment("updated_at"),
        enabled=enabled.get(property_id),
    )


def unit_from(fields: Fields, *, property_id: str) -> PmsUnit:
    """Read a unit of a property; the contract knows neither its lease nor who lives there."""
    warnings: list[str] = []
    occupancy = _OCCUPANCY[fields.flag("is_vacant")]
    return PmsUnit(
        unit_id=fields.identifier("id"),
        property_id=fields.expected("property_id", value=property_id),
        unit_number=_number_of(fields, warnings),
        building=fields.label("building_name") or fields.label("building_number"),
        square_feet=fields.square_feet("square_feet"),
        bedrooms=fields.lenient_rooms("bedrooms", warnings=warnings),
        bathrooms=_bathrooms_of(fields, warnings),
        occupancy=occupancy,
        billable=True,
        raw_status=_WORDS[occupancy],
        current_lease_id=None,
        occupant_count=None,
        updated_at=fields.moment("updated_at"),
        warnings=tuple(warnings),
        last_seen=fields.moment("last_seen"),
    )


def _number_of(fields: Fields, warnings: list[str]) -> str:
    number = fields.label("number")
    if number:
        return number
    warnings.append("The unit has no number in the PMS, so it is named by its id there.")
    return fields.required_label("x_id")


def _bathrooms_of(fields: Fields, warnings: list[str]) -> Decimal | None:
    stated = fields.lenient_rooms("bathrooms", warnings=warnings)
    if stated is not None:
        return stated
    full = fields.lenient_rooms("bathrooms_full", warnings=warnings)
    half = fields.lenient_rooms("bathrooms_half", warnings=warnings)
    if full is None and half is None:
        return None
    return (full or Decimal(0)) + (half or Decimal(0)) / 2


def resident_from(fields: Fields) -> PmsResident:
    """Read a resident: the name and the leases, and nothing else about the person."""
    leases = fields.each("leases_meta_data")
    roles = [lease.text("resident_type_normalized").upper() for lease in leases or ()]
    return PmsResident(
        resident_id=fields.identifier("id"),
        first_name=fields.text("first_name"),
        last_name=fields.text("last_name"),
        unit_id=None,
        is_primary="PRIMARY" in roles if leases else None,
        lease_ids=tuple(lease.identifier("lease_id") for lease in leases or ()),
    )

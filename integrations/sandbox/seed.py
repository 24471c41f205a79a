"""Build the sandbox's world: the same seed and sizes give the same data, byte for byte."""

from __future__ import annotations

import json
from itertools import chain

from integrations.sandbox.names import CHARGE_CODES, FLOOR_PLANS, LOCKED_SITE, SITES, Site
from integrations.sandbox.quirks import LIVED_IN, Quirk, quirk_of, status_of
from integrations.sandbox.tenancies import FIRST_STAMP, PropertyDraft
from integrations.sandbox.world import (
    ChargeCodeRow,
    ConnectionRow,
    PropertyRow,
    UnitRow,
    World,
)

CONNECTION_ID = "conn_001"
LOCKED_CONNECTION_ID = "conn_auth_failed"
LOCKED_PROPERTY_ID = "prop_locked"
_LOCKED_PROPERTY_NUMBER = 999
_LOCKED_UNITS = 6
_UNITS_PER_FLOOR = 12
_LAST_SYNC = "2026-01-12T06:00:00.000000Z"


def build_world(*, seed: int, properties: int, units: int) -> World:
    """Build all rows of a world.

    Shape: `properties` of `units` each behind the active connection, and one small property more
        behind the connection whose PMS login has expired.
    """
    drafts = [
        _draft_property(seed=seed, number=number, site=_site(number), units=units)
        for number in range(1, properties + 1)
    ]
    drafts.append(
        _draft_property(
            seed=seed, number=_LOCKED_PROPERTY_NUMBER, site=LOCKED_SITE, units=_LOCKED_UNITS
        )
    )
    return World(
        connections=_connections(),
        properties=tuple(_property_row(draft) for draft in drafts),
        units=tuple(chain.from_iterable(draft.units for draft in drafts)),
        leases=tuple(chain.from_iterable(draft.leases for draft in drafts)),
        residents=tuple(chain.from_iterable(draft.residents for draft in drafts)),
        charge_codes=tuple(chain.from_iterable(_charge_codes(draft) for draft in drafts)),
        payments=tuple(chain.from_iterable(draft.payments for draft in drafts)),
    )


def _connections() -> tuple[ConnectionRow, ...]:
    def row(connection_id: str, provider: str, name: str, status: str) -> ConnectionRow:
        return ConnectionRow(
            id=connection_id,
            provider=provider,
            name=name,
            status=status,
            models=json.dumps(["properties", "units", "leases", "residents", "charges"]),
            frequency="realtime",
            last_synced_at=None if status == "syncing" else _LAST_SYNC,
            updated_at=_LAST_SYNC,
        )

    return (
        row(CONNECTION_ID, "yardi", "Northbank Residential", "active"),
        row(LOCKED_CONNECTION_ID, "realpage", "Cumberland Holdings", "auth_failed"),
        row("conn_syncing", "entrata", "Lakeshore Living", "syncing"),
        row("conn_inactive", "appfolio", "Old Mill Management", "inactive"),
    )


def _site(number: int) -> Site:
    return SITES[(number - 1) % len(SITES)]


def _draft_property(*, seed: int, number: int, site: Site, units: int) -> PropertyDraft:
    locked = number == _LOCKED_PROPERTY_NUMBER
    draft = PropertyDraft(
        seed=seed,
        number=number,
        property_id=LOCKED_PROPERTY_ID if locked else f"prop_{number:03d}",
        site=site,
    )
    for position in range(units):
        _add_unit(draft, position=position)
    return draft


def _add_unit(draft: PropertyDraft, *, position: int) -> None:
    quirk = quirk_of(property_number=draft.number, position=position)
    plan = FLOOR_PLANS[position % _UNITS_PER_FLOOR]
    unit_id = draft.record_id("unit", position + 1)
    status = status_of(quirk)
    lease_id = draft.let(unit_id=unit_id, quirk=quirk, plan=plan, current=status in LIVED_IN)
    rooms_known = quirk is not Quirk.ROOMS_UNKNOWN
    bathrooms_known = rooms_known and quirk is not Quirk.BATHROOMS_UNKNOWN
    draft.units.append(
        UnitRow(
            id=unit_id,
            property_id=draft.property_id,
            unit_number=_unit_number(draft.site.numbering, position),
            sqft=None
            if quirk is Quirk.SQFT_UNKNOWN
            else plan.sqft + draft.random.randrange(-2, 3) * 5,
            bedrooms=plan.bedrooms if rooms_known else None,
            bathrooms=plan.bathrooms if bathrooms_known else None,
            status=status,
            current_lease_id=lease_id,
            updated_at=draft.next_moment(),
        )
    )


def _unit_number(numbering: str, position: int) -> str:
    floor, place = position // _UNITS_PER_FLOOR + 1, position % _UNITS_PER_FLOOR
    if numbering == "letters":
        return f"{floor}{'ABCDEFGHJKLM'[place]}"
    if numbering == "wings":
        return f"{'AB'[place // 6]}-{floor}{place % 6 + 1:02d}"
    return f"{floor}{place + 1:02d}"


def _property_row(draft: PropertyDraft) -> PropertyRow:
    site = draft.site
    repeated = (draft.number - 1) // len(SITES) if draft.property_id != LOCKED_PROPERTY_ID else 0
    shared_space = 130 * len(draft.units)
    total = sum(unit.sqft or 0 for unit in draft.units) + shared_space
    return PropertyRow(
        id=draft.property_id,
        connection_id=LOCKED_CONNECTION_ID if site is LOCKED_SITE else CONNECTION_ID,
        name=f"{site.name} {repeated + 1}" if repeated else site.name,
        street=site.street,
        city=site.city,
        state=site.state,
        zip=site.zip_code,
        unit_count=len(draft.units),
        total_sqft=total if site.knows_total_sqft else None,
        updated_at=FIRST_STAMP,
    )


def _charge_codes(draft: PropertyDraft) -> tuple[ChargeCodeRow, ...]:
    return tuple(
        ChargeCodeRow(
            property_id=draft.property_id,
            code=code,
            name=name,
            gl_account=gl_account,
            updated_at=FIRST_STAMP,
        )
        for code, name, gl_account in CHARGE_CODES
        if code not in draft.site.missing_codes
    )

"""Build the sandbox's world: the same seed and sizes give the same data, byte for byte."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import chain

from integrations.sandbox.chart import charge_codes_of, financial_accounts_of
from integrations.sandbox.names import FLOOR_PLANS, LOCKED_SITE, PMS_COMPANIES, SITES
from integrations.sandbox.pms_behaviour import BY_SLUG
from integrations.sandbox.quirks import LIVED_IN, Quirk, quirk_of, status_of
from integrations.sandbox.tenancies import FIRST_STAMP, Place, PropertyDraft
from integrations.sandbox.world import ConnectionRow, PropertyRow, UnitRow, World

CONNECTION_ID = "conn_001"
LOCKED_CONNECTION_ID = "conn_auth_failed"
LOCKED_PROPERTY_ID = "prop_locked"
_FIRST_PMS_NUMBER = 900
_FIRST_OFF_NUMBER = 950
_LOCKED_UNITS = 6
_PMS_UNITS = 24
_OFF_UNITS = 6
_UNITS_PER_FLOOR = 12
_LAST_SYNC = "2026-01-12T06:00:00.000000Z"


def build_world(*, seed: int, properties: int, units: int, pms: Sequence[str] = ()) -> World:
    """Build all rows of a world at once, as tests like them.

    Shape: `properties` of `units` each behind the active connection, and one small property more
        behind the connection whose PMS login has expired; for each word in `pms` a connection of
        its own with two small properties, one of which is not enabled.
    """
    parts = list(build_parts(seed=seed, properties=properties, units=units, pms=pms))
    return World(
        **{
            table.name: tuple(chain.from_iterable(getattr(part, table.name) for part in parts))
            for table in fields(World)
        }
    )


def build_parts(
    *, seed: int, properties: int, units: int, pms: Sequence[str] = ()
) -> Iterator[World]:
    """Build a world piece by piece: the connections, then one property after another.

    Shape: no more than one property's rows are held at a time.
    """
    yield World(connections=(*_connections(), *(_pms_connection(slug) for slug in pms)))
    for place in chain((_place(number) for number in range(1, properties + 1)), (_LOCKED_PLACE,)):
        size = _LOCKED_UNITS if place is _LOCKED_PLACE else units
        yield _property(_draft_property(seed=seed, place=place, units=size))
    for slug in pms:
        yield _property(_draft_property(seed=seed, place=_pms_place(slug), units=_PMS_UNITS))
        draft = _draft_property(seed=seed, place=_pms_place(slug, off=True), units=_OFF_UNITS)
        yield _property(draft, enabled=False)


def build_property(*, seed: int, place: Place, units: int, enabled: bool = True) -> World:
    """Build the rows of one property."""
    return _property(_draft_property(seed=seed, place=place, units=units), enabled=enabled)


def _property(draft: PropertyDraft, *, enabled: bool = True) -> World:
    return World(
        properties=(_property_row(draft, enabled=enabled),),
        units=tuple(draft.units),
        leases=tuple(draft.leases),
        residents=tuple(draft.residents),
        occupants=tuple(draft.occupants),
        charge_codes=charge_codes_of(draft.place),
        financial_accounts=financial_accounts_of(draft.place),
        payments=tuple(draft.payments),
    )


def _connections() -> tuple[ConnectionRow, ...]:
    return (
        _connection(CONNECTION_ID, "yardi", "Northbank Residential", "active"),
        _connection(LOCKED_CONNECTION_ID, "realpage_rpx", "Cumberland Holdings", "auth_failed"),
        _connection("conn_syncing", "entrata", "Lakeshore Living", "syncing"),
        _connection("conn_inactive", "appfolio", "Old Mill Management", "inactive"),
    )


def _pms_connection(slug: str) -> ConnectionRow:
    return _connection(f"conn_{slug}", slug, PMS_COMPANIES[slug], "active")


def _connection(connection_id: str, slug: str, name: str, status: str) -> ConnectionRow:
    behaviour = BY_SLUG[slug]
    return ConnectionRow(
        id=connection_id,
        provider=behaviour.provider,
        vendor=behaviour.vendor,
        name=name,
        status=status,
        models=json.dumps(["properties", "units", "leases", "residents", "charges"]),
        frequency="realtime",
        last_synced_at=None if status == "syncing" else _LAST_SYNC,
        created_at=FIRST_STAMP,
        updated_at=_LAST_SYNC,
    )


def _place(number: int) -> Place:
    # The three-digit codes from 900 on belong to the small properties of other connections.
    code = f"{number:03d}" if number < _FIRST_PMS_NUMBER else f"{number:05d}"
    return Place(
        number=number,
        code=code,
        property_id=f"prop_{number:03d}",
        connection_id=CONNECTION_ID,
        site=SITES[(number - 1) % len(SITES)],
    )


def _pms_place(slug: str, *, off: bool = False) -> Place:
    position = list(BY_SLUG).index(slug)
    number = (_FIRST_OFF_NUMBER if off else _FIRST_PMS_NUMBER) + position
    return Place(
        number=number,
        code=str(number),
        property_id=f"prop_{slug}_off" if off else f"prop_{slug}",
        connection_id=f"conn_{slug}",
        site=SITES[(position + (5 if off else 3)) % len(SITES)],
        loose_units=True,
    )


_LOCKED_PLACE = Place(
    number=999,
    code="999",
    property_id=LOCKED_PROPERTY_ID,
    connection_id=LOCKED_CONNECTION_ID,
    site=LOCKED_SITE,
)


def _draft_property(*, seed: int, place: Place, units: int) -> PropertyDraft:
    draft = PropertyDraft(seed=seed, place=place)
    for position in range(units):
        _add_unit(draft, position=position)
    return draft


def _add_unit(draft: PropertyDraft, *, position: int) -> None:
    quirk = quirk_of(property_number=draft.place.number, position=position)
    plan = FLOOR_PLANS[position % _UNITS_PER_FLOOR]
    unit_id = draft.record_id("unit", position + 1)
    status = status_of(quirk)
    lease_id = draft.let(unit_id=unit_id, quirk=quirk, plan=plan, current=status in LIVED_IN)
    rooms_known = quirk is not Quirk.ROOMS_UNKNOWN
    bathrooms_known = rooms_known and quirk is not Quirk.BATHROOMS_UNKNOWN
    sqft_known = quirk is not Quirk.SQFT_UNKNOWN
    sqft = plan.sqft + draft.random.randrange(-2, 3) * 5 if sqft_known else None
    made = draft.next_moment()
    draft.units.append(
        UnitRow(
            id=unit_id,
            connection_id=draft.place.connection_id,
            property_id=draft.place.property_id,
            unit_number=_unit_number(draft.place.site.numbering, position),
            sqft=sqft,
            bedrooms=plan.bedrooms if rooms_known else None,
            bathrooms=plan.bathrooms if bathrooms_known else None,
            status=status,
            current_lease_id=lease_id,
            created_at=made,
            updated_at=made,
        )
    )


def _unit_number(numbering: str, position: int) -> str:
    floor, place = position // _UNITS_PER_FLOOR + 1, position % _UNITS_PER_FLOOR
    if numbering == "letters":
        return f"{floor}{'ABCDEFGHJKLM'[place]}"
    if numbering == "wings":
        return f"{'AB'[place // 6]}-{floor}{place % 6 + 1:02d}"
    return f"{floor}{place + 1:02d}"


def _property_row(draft: PropertyDraft, *, enabled: bool) -> PropertyRow:
    place, site = draft.place, draft.place.site
    # Only the default connection has more properties than there are sites.
    repeated = (place.number - 1) // len(SITES) if place.connection_id == CONNECTION_ID else 0
    shared_space = 130 * len(draft.units)
    total = sum(unit.sqft or 0 for unit in draft.units) + shared_space
    return PropertyRow(
        id=place.property_id,
        connection_id=place.connection_id,
        configuration_id=f"pc_{place.code}",
        name=f"{site.name} {repeated + 1}" if repeated else site.name,
        street=site.street,
        city=site.city,
        state=site.state,
        zip=site.zip_code,
        unit_count=len(draft.units),
        total_sqft=total if site.knows_total_sqft else None,
        enabled=int(enabled),
        loaded=int(enabled),
        created_at=FIRST_STAMP,
        updated_at=FIRST_STAMP,
    )

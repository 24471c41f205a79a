"""A property that joins the world while it is running, with units, leases and people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from integrations.sandbox.changes import touch_connection
from integrations.sandbox.filling import insert_part
from integrations.sandbox.happenings import Happening, Kind
from integrations.sandbox.names import SITES
from integrations.sandbox.problems import not_found
from integrations.sandbox.seed import build_property
from integrations.sandbox.store import Store
from integrations.sandbox.tenancies import Place
from integrations.sandbox.world import World

# Above all numbers that the first properties have.
_FIRST_NUMBER = 10_000


def add_property(
    store: Store, *, connection_id: str, units: int, changes: Mapping[str, str], now: str
) -> tuple[Happening, ...]:
    """Add a property as realistic as the first ones; `changes` replace what its site says.

    Errors: Problem 404 when there is no such connection.
    Effects: committed when this returns. Only the property itself is told of.
    """
    making = store.making()
    with store.changing() as connection:
        known = connection.execute(
            "SELECT 1 FROM connections WHERE id = ?", [connection_id]
        ).fetchone()
        if known is None:
            raise not_found("connection", connection_id)
        added = connection.execute("SELECT max(seq) + 1 FROM properties").fetchone()[0]
        place = _place(_FIRST_NUMBER + added, connection_id, changes)
        part = build_property(seed=making.seed, place=place, units=units)
        insert_part(connection, _stamped(part, name=place.site.name, now=now))
        touch_connection(connection, connection_id, now=now)
    return (
        Happening(
            kind=Kind.DATA_NEW,
            connection_id=connection_id,
            model="properties",
            record_id=place.property_id,
            property_id=place.property_id,
            new={"id": place.property_id, "name": place.site.name},
        ),
    )


def _place(number: int, connection_id: str, changes: Mapping[str, str]) -> Place:
    site = SITES[number % len(SITES)]
    return Place(
        number=number,
        code=str(number),
        property_id=f"prop_{number}",
        connection_id=connection_id,
        site=replace(
            site,
            name=changes.get("name", f"{site.name} {number}"),
            street=changes.get("street", site.street),
            city=changes.get("city", site.city),
            state=changes.get("state", site.state),
            zip_code=changes.get("zip", site.zip_code),
        ),
    )


def _stamped(part: World, *, name: str, now: str) -> World:
    """Say of every row that it was made just now, and of the property what it is called."""
    tables: dict[str, Any] = {
        table.name: tuple(
            row._replace(created_at=now, updated_at=now)  # noqa: SLF001  public in named tuples
            for row in getattr(part, table.name)
        )
        for table in fields(part)
    }
    (building,) = tables["properties"]
    tables["properties"] = (building._replace(name=name),)  # noqa: SLF001  public in named tuples
    return World(**tables)

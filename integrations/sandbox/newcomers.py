"""Rows that come in between two pages of a list."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.sandbox.arrivals import add_lease, add_unit
from integrations.sandbox.exchange import Request, Sandbox
from integrations.sandbox.happenings import Happening


def insert_rows(sandbox: Sandbox, request: Request, *, count: int) -> None:
    """Add units with a lease and a resident each to the property whose list is being read.

    Shape: a list of a whole connection, or of everything, gets them in its first property.
    """
    property_id = _property_of(sandbox, request.query())
    told: list[Happening] = []
    for _ in range(count if property_id else 0):
        told += _move_in(sandbox, property_id)
    if told:
        sandbox.outbox.announce(*told)


def _property_of(sandbox: Sandbox, query: Mapping[str, str]) -> str:
    source = query.get("connection_id") or query.get("integration_id") or ""
    with sandbox.store.reading() as connection:
        row = connection.execute(
            "SELECT id FROM properties WHERE id = ? OR (? = '' AND (? = '' OR connection_id = ?))"
            " ORDER BY id <> ?, seq LIMIT 1",
            [wanted := query.get("property_id", ""), wanted, source, source, wanted],
        ).fetchone()
    return row["id"] if row else ""


def _move_in(sandbox: Sandbox, property_id: str) -> tuple[Happening, ...]:
    now = sandbox.now()
    with sandbox.store.reading() as connection:
        number = connection.execute("SELECT max(seq) + 1 FROM units").fetchone()[0]
    unit = add_unit(
        sandbox.store, {"property_id": property_id, "unit_number": f"N{number}"}, now=now
    )
    today = sandbox.clock().date()
    lease = add_lease(
        sandbox.store,
        {
            "unit_id": unit[0].record_id,
            "first_name": "Nia",
            "last_name": f"Newcomer {number}",
            "start_date": today.isoformat(),
        },
        today=today,
        now=now,
    )
    return (*unit, *lease)

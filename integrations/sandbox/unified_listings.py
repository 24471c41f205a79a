"""What contract unified lists: tables, what of them is shown, and who may see it."""

from __future__ import annotations

import sqlite3

from integrations.sandbox.listing import Listing, Row, Selection, find_row
from integrations.sandbox.problems import login_expired, not_found

# Units, leases and people of a property that is not enabled in Propexo were never loaded.
_LOADED = "gone_since IS NULL AND property_id NOT IN (SELECT id FROM properties WHERE loaded = 0)"

CONNECTIONS = Listing("connections", "unified_connections")
PROPERTIES = Listing("properties", "unified_properties")
UNITS = Listing("units", "unified_units", _LOADED)
LEASES = Listing("leases", "unified_leases", _LOADED)
RESIDENTS = Listing(
    "residents",
    "unified_residents",
    f"{_LOADED} AND role IN ('primary', 'secondary') AND moved_out IS NULL",
)
CHARGE_CODES = Listing("charge_codes", "unified_charge_codes")
CHARGES = Listing("charges", "unified_charges", "readable_from IS NOT NULL")
PAYMENTS = Listing("payments", "unified_payments")
# Of nobody's PMS, so no expired login hides them.
WEBHOOKS = Listing("webhooks", "unified_webhooks", "contract = 'unified'")

_NOT_LOCKED = "connection_id NOT IN (SELECT id FROM connections WHERE status = 'auth_failed')"


def select_readable(listing: Listing) -> Selection:
    """Select what may be read: nothing behind a PMS login that has expired."""
    selection = Selection(listing)
    if listing is not CONNECTIONS:
        selection.add(_NOT_LOCKED)
    return selection


def find_readable(
    connection: sqlite3.Connection, listing: Listing, record_id: str, *, called: str
) -> Row:
    """Read the row of a record that must be there and may be read.

    Errors: Problem 404 when there is none, 403 when its PMS login has expired.
    """
    selection = Selection(listing)
    selection.add("id = ?", record_id)
    sql = f"SELECT * FROM {listing.table} WHERE {selection.where()}"  # noqa: S608  own names only
    row: Row | None = connection.execute(sql, selection.values).fetchone()
    if row is None:
        raise not_found(called, record_id)
    if listing is not CONNECTIONS:
        source = find_row(connection, "connections", row["connection_id"])
        if source is not None and source["status"] == "auth_failed":
            raise login_expired(row["connection_id"])
    return row

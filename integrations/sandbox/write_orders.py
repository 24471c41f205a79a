"""What somebody ordered to become of the next writes to a connection."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from integrations.sandbox.listing import Row, insert_row


class OrderedOutcome(StrEnum):
    """What becomes of a write; but for FAIL the charge is in the ledger."""

    NORMAL = "normal"
    FAIL = "fail"
    PARTIAL = "partial"
    HANG = "hang"


@dataclass(frozen=True, slots=True)
class Ordered:
    """The order that a write falls under, and the PMS's words that come with it."""

    outcome: OrderedOutcome = OrderedOutcome.NORMAL
    errors: tuple[str, ...] = ()


def order_writes(
    connection: sqlite3.Connection,
    *,
    connection_id: str,
    outcome: OrderedOutcome,
    error: str,
    count: int,
) -> None:
    """Order what is to become of the next writes; orders are worked off one after the other."""
    insert_row(
        connection,
        "write_orders",
        {
            "connection_id": connection_id,
            "outcome": outcome.value,
            "error": error,
            "left_over": count,
        },
    )


def take_order(connection: sqlite3.Connection, connection_id: str) -> Ordered:
    """Give the order that the next write falls under, and count it down."""
    row: Row | None = connection.execute(
        "SELECT * FROM write_orders WHERE connection_id = ? AND left_over > 0 ORDER BY seq",
        [connection_id],
    ).fetchone()
    if row is None:
        return Ordered()
    connection.execute(
        "UPDATE write_orders SET left_over = left_over - 1 WHERE seq = ?", [row["seq"]]
    )
    outcome = OrderedOutcome(row["outcome"])
    speaks = outcome in {OrderedOutcome.FAIL, OrderedOutcome.PARTIAL}
    return Ordered(outcome, (row["error"],) if speaks else ())

"""Sending slowly over a connection that loses answers: each further send makes a further doubt."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing.posting.outcomes import Outcome, Unknown
from integrations.models import Connection

# After so many lost answers in a row, one charge a minute tries whether it is better.
SLOW_AFTER = 5
PROBE_GAP = timedelta(minutes=1)

_WHY = (
    "The last {count} answers of the PMS were lost, so MeterBase tries one charge a minute until "
    "an answer comes through."
)


def slow_down_if_lossy(connection: Connection, *, now: datetime) -> None:
    """Let the next charge after this one wait for a minute, when answers keep getting lost.

    Call it in the transaction that claims, with the connection's row locked: so only one worker
    sends the probe.
    """
    if connection.unknowns_in_row < SLOW_AFTER:
        return
    connection.paused_until = now + PROBE_GAP
    connection.paused_because = _WHY.format(count=connection.unknowns_in_row)
    connection.save(update_fields=["paused_until", "paused_because"])


def count_answer(connection_id: int, outcome: Outcome) -> None:
    """Count an answer that was lost; any answer that came through ends the count.

    Effects: when the count ends, the connection's slow pace ends with it.
    """
    row = Connection.objects.filter(pk=connection_id)
    if isinstance(outcome, Unknown) and not outcome.look_now:
        connection = row.select_for_update().get()
        row.update(unknowns_in_row=connection.unknowns_in_row + 1)
        return
    slow = row.filter(unknowns_in_row__gte=SLOW_AFTER)
    if not slow.update(unknowns_in_row=0, paused_until=None, paused_because=""):
        row.filter(unknowns_in_row__gt=0).update(unknowns_in_row=0)

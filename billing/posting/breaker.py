"""Sending slowly over a connection that loses answers: each further send makes a further doubt."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from billing.posting.outcomes import Outcome, Unknown
from integrations.models import Connection

# After so many lost answers in a row, one charge a minute tries whether it is better.
SLOW_AFTER = 5
PROBE_GAP = timedelta(minutes=1)

_WHY = (
    "The last {count} answers of the PMS were lost, so MeterBase tries one charge a minute until "
    "an answer comes through."
)


def may_probe(connection: Connection, *, now: datetime) -> bool:
    """Tell whether a charge may be sent; one a minute when answers keep getting lost.

    Call it in the transaction that claims.

    Effects: the next charge after a probe waits for a minute, whichever worker has it.
    """
    if connection.unknowns_in_row < SLOW_AFTER:
        return True
    # Of those that want to probe at once, the first to change the row does.
    row = Connection.objects.filter(
        Q(paused_until=None) | Q(paused_until__lte=now), pk=connection.pk
    )
    because = _WHY.format(count=connection.unknowns_in_row)
    return bool(row.update(paused_until=now + PROBE_GAP, paused_because=because))


def count_answer(connection_id: int, outcome: Outcome, *, lost_before: int) -> None:
    """Count an answer that was lost; one that came through ends the count.

    Shape: `lost_before` is the count when the charge was claimed. What was lost since is ended by
        the next answer, so that most answers cost nothing here.
    Effects: when the count ends, the connection's slow pace ends with it.
    """
    row = Connection.objects.filter(pk=connection_id)
    if isinstance(outcome, Unknown) and not outcome.look_now:
        connection = row.select_for_update().get()
        row.update(unknowns_in_row=connection.unknowns_in_row + 1)
        return
    if not lost_before:
        return
    slow = row.filter(unknowns_in_row__gte=SLOW_AFTER)
    if not slow.update(unknowns_in_row=0, paused_until=None, paused_because=""):
        row.filter(unknowns_in_row__gt=0).update(unknowns_in_row=0)

"""What a worker does when it is woken: send what is due, one charge after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from billing.go_live import items_in_the_way
from billing.posting.claim import claim_next
from billing.posting.nudge import nudge_workers
from billing.posting.send import send
from billing.posting.store import store_outcome
from integrations.pms.gateway import PmsGateway

BUDGET_SECONDS = 20.0


def drain(
    *,
    connection_id: int,
    gateway: PmsGateway,
    clock: Callable[[], datetime],
    seconds: float = BUDGET_SECONDS,
) -> int:
    """Send the due charges of a connection until none is left or the time is up.

    Shape: the number of calls made; none while something of its go-live checklist is not ticked.
    Effects: residents are charged; postings and attempts tell how it went.
    """
    if not settings.PROPEXO_CHARGE_POSTING_ENABLED or items_in_the_way(connection_id):
        return 0
    sent = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with claim_next(connection_id=connection_id, now=clock()) as claim:
            if claim is None:
                return sent
            outcome = send(claim, gateway=gateway)
            store_outcome(claim, outcome, now=clock())
        sent += 1
    nudge_workers(connection_id=connection_id)
    return sent

"""Sending what is queued: one delivery at a time to each endpoint, several endpoints at once.

A worker that is sending to an endpoint holds it by a lease, and each delivery that it takes is
moved on by a lease as well: what a lost worker had comes up again and is sent once more, with the
same id. Only sending happens in threads; rows are read and written by the worker alone.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Value, When

from integrations.models import OPEN_DELIVERIES, Delivery, WebhookEndpoint
from integrations.outgoing.nudge import queue_work
from integrations.outgoing.results import store_receipt
from integrations.outgoing.sending import Parcel, Receipt, send
from integrations.outgoing.signing import signed_headers
from meterbase.lib.sealed_text import SealedBroken

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
Send = Callable[[Parcel], Receipt]

# Longer than a try can take, slow name servers included.
LEASE = timedelta(seconds=60)

# Syncs and what Propexo reports wait in the same queue: a worker goes back to it soon.
BUDGET = timedelta(seconds=10)

# How many endpoints a worker sends to at once, and how many of these may be ones that fail, or of
# one portfolio.
_AT_ONCE = 8
_FAILING_AT_ONCE = 4
_OF_A_PORTFOLIO_AT_ONCE = 2

_OUR_MISTAKE = "Something went wrong in MeterBase while it sent this."


@dataclass(frozen=True, slots=True)
class _Round:
    """A delivery that is being sent, by the worker that holds its endpoint."""

    delivery: Delivery
    token: str


def send_due_deliveries(*, clock: Clock, budget: timedelta = BUDGET, by: Send = send) -> int:
    """Send what is due for a while; any number of workers may do so at once.

    Shape: tells how many tries were made. When the budget is used up, another worker is woken.
    Errors: those of the database; the leases bring back what was being sent.
    Effects: requests to receivers; deliveries and endpoints move on.
    """
    until = time.monotonic() + budget.total_seconds()
    tries = 0
    running: dict[Future[Receipt], _Round] = {}
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        while True:
            if time.monotonic() < until:
                for turn in _take_endpoints(running.values(), clock=clock):
                    running[_start(pool, by, turn.delivery, now=clock())] = turn
            if not running:
                break
            for sent in wait(running, return_when=FIRST_COMPLETED).done:
                turn = running.pop(sent)
                tries += 1
                store_receipt(turn.delivery, _receipt_of(sent), now=clock())
                following = _following(turn, clock=clock, is_over=time.monotonic() >= until)
                if following is not None:
                    running[_start(pool, by, following.delivery, now=clock())] = following
    if ready_endpoints(now=clock()).exists():
        queue_work()
    return tries


def ready_endpoints(*, now: datetime) -> QuerySet[WebhookEndpoint]:
    """Select the endpoints that a worker could send something to now: those that work go first."""
    due = Delivery.objects.filter(endpoint=OuterRef("pk"), state__in=OPEN_DELIVERIES)
    return (
        WebhookEndpoint.objects.filter(_is_free(now), disabled_at=None)
        .annotate(first_at=Subquery(due.order_by("next_at").values("next_at")[:1]))
        .filter(first_at__lte=now)
        .order_by(Case(When(failures_in_row=0, then=Value(0)), default=Value(1)), "first_at", "pk")
    )


def _is_free(now: datetime) -> Q:
    """Ask for endpoints that no worker holds, and that do not rest."""
    unheld = Q(leased_until=None) | Q(leased_until__lte=now)
    return unheld & (Q(resting_until=None) | Q(resting_until__lte=now))


def _take_endpoints(running: Collection[_Round], *, clock: Clock) -> list[_Round]:
    """Take endpoints with something due, as many as there is room for.

    However many of them fail, room is left for those that work and come up in a moment; however
    many are of one portfolio, and slow, room is left for the others'.
    """
    room = _AT_ONCE - len(running)
    if room <= 0:
        return []
    failing = sum(turn.delivery.endpoint.failures_in_row > 0 for turn in running)
    of_portfolio = Counter(turn.delivery.endpoint.portfolio_id for turn in running)
    found: list[_Round] = []
    ready = ready_endpoints(now=clock()).values_list("pk", "portfolio_id", "failures_in_row")
    for pk, portfolio_id, failures in ready:
        if len(found) == room or (failures and failing >= _FAILING_AT_ONCE):
            break
        if of_portfolio[portfolio_id] >= _OF_A_PORTFOLIO_AT_ONCE:
            continue
        turn = _take(pk, clock=clock)
        if turn is not None:
            failing += failures > 0
            of_portfolio[portfolio_id] += 1
            found.append(turn)
    return found


def _take(endpoint_id: int, *, clock: Clock) -> _Round | None:
    """Take an endpoint, unless another worker did, and the delivery that is due first."""
    now, token = clock(), uuid4().hex
    mine = WebhookEndpoint.objects.filter(_is_free(now), pk=endpoint_id, disabled_at=None)
    if not mine.update(leased_until=now + LEASE, token=token):
        return None
    return _next_of(endpoint_id, token, clock=clock)


def _following(turn: _Round, *, clock: Clock, is_over: bool) -> _Round | None:
    """Go on with an endpoint that takes what it gets; let one go that does not, or at the end."""
    endpoint_id, now = turn.delivery.endpoint_id, clock()
    held = WebhookEndpoint.objects.filter(pk=endpoint_id, token=turn.token)
    works = held.filter(disabled_at=None, failures_in_row=0)
    if is_over or not works.update(leased_until=now + LEASE):
        held.update(leased_until=None, token="")
        return None
    return _next_of(endpoint_id, turn.token, clock=clock)


def _next_of(endpoint_id: int, token: str, *, clock: Clock) -> _Round | None:
    """Take the delivery that is due first; without one, the endpoint is let go."""
    now = clock()
    due = Delivery.objects.filter(
        endpoint=endpoint_id, state__in=OPEN_DELIVERIES, next_at__lte=now
    ).order_by("next_at", "pk")
    for delivery in due.select_related("event", "endpoint")[:1]:
        if claim(delivery, now=now):
            return _Round(delivery, token)
    held = WebhookEndpoint.objects.filter(pk=endpoint_id, token=token)
    held.update(leased_until=None, token="")
    return None


def claim(delivery: Delivery, *, now: datetime) -> bool:
    """Count a try before it is made, so that one that kills its worker counts too.

    Effects: the delivery comes up again after the lease, unless a receipt is stored before.
    """
    untouched = Delivery.objects.filter(
        pk=delivery.pk, tries=delivery.tries, state__in=OPEN_DELIVERIES
    )
    taken = untouched.update(tries=F("tries") + 1, next_at=now + LEASE)
    delivery.tries += 1
    return bool(taken)


def _start(
    pool: ThreadPoolExecutor, by: Send, delivery: Delivery, *, now: datetime
) -> Future[Receipt]:
    """Have a thread send a delivery; one that cannot be signed is a try that failed."""
    try:
        return pool.submit(by, _parcel(delivery, now=now))
    except SealedBroken as broken:
        return pool.submit(Receipt, milliseconds=0, trouble=str(broken))


def _receipt_of(sent: Future[Receipt]) -> Receipt:
    """Tell what came of a try; one that raised costs itself alone, not those beside it."""
    error = sent.exception()
    if error is None:
        return sent.result()
    # What ends a process, such as SystemExit, is nobody's try.
    if not isinstance(error, Exception):
        raise error
    logger.error("A webhook could not be sent", exc_info=error)
    return Receipt(milliseconds=0, trouble=_OUR_MISTAKE)


def _parcel(delivery: Delivery, *, now: datetime) -> Parcel:
    endpoint, event = delivery.endpoint, delivery.event
    living = endpoint.secrets.filter(Q(ends_at=None) | Q(ends_at__gt=now))
    headers = signed_headers(
        event.body,
        event_id=event.public_id,
        secrets=list(living.values_list("text", flat=True)),
        now=now,
    )
    return Parcel(url=endpoint.url, body=event.body.encode(), headers=headers)

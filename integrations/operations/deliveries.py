"""Sending again what was reported before, because somebody asks for it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet

from integrations.models import Delivery, DeliveryState, WebhookEndpoint
from integrations.outgoing.nudge import nudge_after_commit
from portfolios.models import User
from portfolios.operations.audit import record_event

# What one person asks for at once; more is a matter of asking again.
MOST_AT_ONCE = 1_000


@transaction.atomic
def replay_delivery(*, delivery: Delivery, by: User, now: datetime) -> None:
    """Send one event again, with the same id, whatever came of it before.

    Effects: the delivery waits for a worker and has three days again; an audit event.
    """
    _requeue(Delivery.objects.filter(pk=delivery.pk), now=now)
    record_event(
        verb="webhook_delivery.replayed",
        subject=delivery,
        by=by,
        now=now,
        before={"state": delivery.state, "tries": delivery.tries},
    )
    nudge_after_commit()


@transaction.atomic
def replay_given_up(*, endpoint: WebhookEndpoint, by: User, now: datetime) -> int:
    """Send again what an endpoint was given up for, the oldest first.

    Shape: tells how many wait again; at most a thousand at once.
    Effects: as for one, with one audit event for all.
    """
    given_up = Delivery.objects.filter(endpoint=endpoint, state=DeliveryState.GIVEN_UP)
    keys = list(given_up.order_by("pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    count = _requeue(given_up.filter(pk__in=keys), now=now)
    if count:
        record_event(
            verb="webhook_endpoint.replayed",
            subject=endpoint,
            by=by,
            now=now,
            after={"deliveries": count},
        )
        nudge_after_commit()
    return count


def _requeue(deliveries: QuerySet[Delivery], *, now: datetime) -> int:
    """Let deliveries be due; the count of tries goes on, so that no earlier try is taken for one.

    Their endpoints need not rest any longer: somebody says that it is worth a try.
    """
    endpoints = list(deliveries.values_list("endpoint", flat=True).distinct())
    WebhookEndpoint.objects.filter(pk__in=endpoints).update(resting_until=None)
    return deliveries.update(
        state=DeliveryState.QUEUED,
        since=now,
        next_at=now,
        tries_before=F("tries"),
        finished_at=None,
        last_said="",
    )

"""Writing down what came of a try to deliver, and when to try again."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.text import Truncator

from integrations.models import (
    OPEN_DELIVERIES,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    WebhookEndpoint,
)
from integrations.outgoing.sending import Receipt
from integrations.outgoing.timetable import (
    GIVEN_UP_AFTER,
    LONGEST_REST,
    pause_after,
    rest_after,
)
from portfolios.operations.audit import record_event

logger = logging.getLogger(__name__)

_LONGEST_SENTENCE = 200

GONE = "The receiver answered 410 Gone: it wants no more webhooks."


@transaction.atomic
def store_receipt(delivery: Delivery, receipt: Receipt, *, now: datetime) -> None:
    """Move a delivery and its endpoint on by what came of a try.

    Shape: a try that was overtaken, because its worker was lost for long, moves nothing.
    Effects: an attempt; with an answer of 410 the endpoint is disabled, with an audit event.
    """
    DeliveryAttempt.objects.create(
        delivery=delivery,
        at=now,
        status=receipt.status,
        answer=receipt.answer,
        trouble=_cut(receipt.trouble),
        milliseconds=receipt.milliseconds,
    )
    if not _move_on(delivery, receipt, now=now):
        return
    endpoint = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id)
    if receipt.is_taken:
        endpoint.update(failures_in_row=0, resting_until=None, last_delivered_at=now)
        return
    failures = endpoint.values_list("failures_in_row", flat=True).get() + 1
    rest = rest_after(failures)
    if receipt.wait is not None:
        rest = min(max(rest, receipt.wait), LONGEST_REST)
    endpoint.update(failures_in_row=F("failures_in_row") + 1, resting_until=now + rest)
    if receipt.is_gone:
        _disable(delivery.endpoint, now=now)


def _move_on(delivery: Delivery, receipt: Receipt, *, now: datetime) -> bool:
    this_try = Delivery.objects.filter(
        pk=delivery.pk, tries=delivery.tries, state__in=OPEN_DELIVERIES
    )
    said = _cut(receipt.said)
    if receipt.is_taken:
        return bool(this_try.update(state=DeliveryState.DELIVERED, finished_at=now, last_said=said))
    next_at = now + pause_after(delivery.tries - delivery.tries_before)
    if receipt.is_gone or next_at > delivery.since + GIVEN_UP_AFTER:
        logger.warning("%s was given up after %d tries", delivery.event, delivery.tries)
        return bool(this_try.update(state=DeliveryState.GIVEN_UP, finished_at=now, last_said=said))
    return bool(this_try.update(state=DeliveryState.FAILED, next_at=next_at, last_said=said))


def _cut(sentence: str) -> str:
    """Shorten what may name an endless host, so that its column takes it."""
    return Truncator(sentence).chars(_LONGEST_SENTENCE)


def _disable(endpoint: WebhookEndpoint, *, now: datetime) -> None:
    living = WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at=None)
    if living.update(disabled_at=now, disabled_because=GONE):
        record_event(
            verb="webhook_endpoint.disabled", subject=endpoint, by=None, now=now, note=GONE
        )

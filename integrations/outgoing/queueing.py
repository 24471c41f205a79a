"""Putting reports into the outbox, in the transaction of what they report."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from integrations.models import Delivery, OutgoingEvent, OutgoingKind, WebhookEndpoint
from integrations.outgoing.nudge import nudge_after_commit
from meterbase.lib.exact_json import write_json

Data = Mapping[str, object]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_CHARACTERS = 24
_ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Report:
    """Something to report.

    Shape: `once_key` is the same however often the same thing is found; empty where it is reported
        by the one transaction that makes it so.
    """

    kind: OutgoingKind
    data: Data
    once_key: str = ""


def is_heard(*kinds: OutgoingKind, portfolio_id: int) -> bool:
    """Tell whether anybody wants to hear any of these; where nobody does, nothing is gathered."""
    return bool(_listeners(portfolio_id, set(kinds)))


def queue_event(*, kind: OutgoingKind, portfolio_id: int, data: Data, now: datetime) -> None:
    """Report one thing to whoever wants to hear of it; call it inside the transaction of it.

    Effects: as for several.
    """
    queue_events(reports=[Report(kind, data)], portfolio_id=portfolio_id, now=now)


def queue_events(*, reports: Sequence[Report], portfolio_id: int, now: datetime) -> None:
    """Report several things that happened at once in a portfolio, in a few statements.

    Shape: the data are what `exact_json` can write. A report whose `once_key` is known already is
        left out.
    Effects: an event and a delivery for each endpoint that wants it, and a worker is woken after
        the commit; nothing where nobody listens.
    """
    endpoints = _listeners(portfolio_id, {report.kind for report in reports})
    heard = {kind for endpoint in endpoints for kind in endpoint.events}
    new = [report for report in _not_known(reports) if report.kind in heard]
    if not new:
        return
    with transaction.atomic():
        events = OutgoingEvent.objects.bulk_create(
            [_event(report, portfolio_id, now) for report in new], batch_size=_ROWS_AT_ONCE
        )
        deliveries = [
            Delivery(event=event, endpoint=endpoint, since=now, next_at=now)
            for event in events
            for endpoint in endpoints
            if event.kind in endpoint.events
        ]
        Delivery.objects.bulk_create(deliveries, batch_size=_ROWS_AT_ONCE)
    nudge_after_commit()


def queue_test(*, endpoint: WebhookEndpoint, now: datetime) -> Delivery:
    """Queue a test for one endpoint; call it inside a transaction.

    Effects: an event, a delivery; a worker is woken after the commit.
    """
    data = {"message": "This is a test of the webhook. Nothing happened."}
    event = _event(Report(OutgoingKind.TEST, data), endpoint.portfolio_id, now)
    event.save()
    nudge_after_commit()
    return Delivery.objects.create(event=event, endpoint=endpoint, since=now, next_at=now)


def _listeners(portfolio_id: int, kinds: set[OutgoingKind]) -> list[WebhookEndpoint]:
    """Find the living endpoints of a portfolio that want any of these; there are never many."""
    living = WebhookEndpoint.objects.filter(portfolio_id=portfolio_id, disabled_at=None)
    return [row for row in living.only("events").order_by("pk") if kinds.intersection(row.events)]


def _not_known(reports: Sequence[Report]) -> list[Report]:
    keys = {report.once_key for report in reports} - {""}
    known = (
        set(OutgoingEvent.objects.filter(once_key__in=keys).values_list("once_key", flat=True))
        if keys
        else set()
    )
    return [report for report in reports if report.once_key not in known]


def _event(report: Report, portfolio_id: int, now: datetime) -> OutgoingEvent:
    characters = (secrets.choice(_ALPHABET) for _ in range(_ID_CHARACTERS))
    public_id = "evt_" + "".join(characters)
    body = {
        "id": public_id,
        "event": report.kind.value,
        "created_at": written(now),
        "data": report.data,
    }
    return OutgoingEvent(
        portfolio_id=portfolio_id,
        public_id=public_id,
        kind=report.kind,
        body=write_json(body).decode("ascii"),
        once_key=report.once_key or None,
        at=now,
    )


def written(moment: datetime) -> str:
    """Write a time as all webhooks do: in UTC, to the second, with a Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

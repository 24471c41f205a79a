"""What was sent by webhook, and sending it again."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Status
from pydantic import StrictStr

from integrations.api_v1.endpoints import fetch_webhook
from integrations.api_v1.routes import webhooks as router
from integrations.models import Delivery, DeliveryState, OutgoingKind
from integrations.operations.deliveries import replay_delivery, replay_given_up
from integrations.operations.webhook_endpoints import EndpointRefused, send_test
from meterbase.lib.exact_json import read_json
from meterbase.lib.json_api import ApiProblem, Moment, PageQuery, paginate
from portfolios import access
from portfolios.api_v1.shapes import (
    OneOf,
    PathId,
    V1Answer,
    V1Pagination,
    pagination_of,
)
from portfolios.bearer import Key, caller
from portfolios.models import Scope, User

_MOST_ATTEMPTS = 50


class DeliveryQuery(PageQuery):
    """Which deliveries are asked for."""

    status: Annotated[StrictStr, OneOf(DeliveryState)] | None = None
    event: Annotated[StrictStr, OneOf(OutgoingKind)] | None = None


class DeliveryAnswer(V1Answer):
    """An event on its way to a webhook's URL; `lastSaid` is what came of the last try."""

    id: str
    webhook_id: str
    event_id: str
    event: str
    status: DeliveryState
    tries: int
    last_said: str | None
    happened_at: Moment
    next_try_at: Moment | None
    finished_at: Moment | None


class AttemptAnswer(V1Answer):
    """One try; without a `status` nothing was answered, and `trouble` says why."""

    at: Moment
    status: int | None
    answer: str
    trouble: str
    milliseconds: int


class DeliveryExplained(DeliveryAnswer):
    """A delivery with what is sent and how the last tries went, the latest first."""

    payload: dict[str, Any]
    attempts: list[AttemptAnswer]


class DeliveryPage(V1Answer):
    """Some of a webhook's deliveries, the newest first."""

    data: list[DeliveryAnswer]
    pagination: V1Pagination


class Replayed(V1Answer):
    """How many events are sent again."""

    count: int


@router.post(
    "/webhooks/{webhook_id}/test",
    auth=Key(Scope.WEBHOOKS_MANAGE),
    response={202: DeliveryAnswer},
)
def test_webhook(request: HttpRequest, webhook_id: PathId) -> Status[DeliveryAnswer]:
    """Send a webhook an event in which nothing happened."""
    user = caller(request)
    endpoint = fetch_webhook(user, webhook_id)
    try:
        delivery = send_test(endpoint=endpoint, by=user, now=timezone.now())
    except EndpointRefused as refusal:
        raise ApiProblem(409, "disabled", str(refusal)) from refusal
    return Status(202, DeliveryAnswer(**_facts(delivery)))


@router.get(
    "/webhooks/{webhook_id}/deliveries", auth=Key(Scope.WEBHOOKS_MANAGE), response=DeliveryPage
)
def list_deliveries(
    request: HttpRequest, webhook_id: PathId, asked: Query[DeliveryQuery]
) -> DeliveryPage:
    """List what a webhook was sent in the last 30 days, or waits to be."""
    rows = _deliveries().filter(endpoint=fetch_webhook(caller(request), webhook_id))
    if asked.status is not None:
        rows = rows.filter(state=asked.status)
    if asked.event is not None:
        rows = rows.filter(event__kind=asked.event)
    page = paginate(rows.defer("event__body").order_by("-pk"), asked)
    return DeliveryPage(
        data=[DeliveryAnswer(**_facts(row)) for row in page.rows],
        pagination=pagination_of(page.pagination),
    )


@router.get(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}",
    auth=Key(Scope.WEBHOOKS_MANAGE),
    response=DeliveryExplained,
)
def show_delivery(
    request: HttpRequest, webhook_id: PathId, delivery_id: PathId
) -> DeliveryExplained:
    """Show what was sent, and how the last tries went."""
    delivery = _fetch(caller(request), webhook_id, delivery_id)
    attempts = [
        AttemptAnswer(
            at=each.at,
            status=each.status,
            answer=each.answer,
            trouble=each.trouble,
            milliseconds=each.milliseconds,
        )
        for each in delivery.attempts.all()[:_MOST_ATTEMPTS]
    ]
    payload: Any = read_json(delivery.event.body.encode())
    return DeliveryExplained(**_facts(delivery), payload=payload, attempts=attempts)


@router.post(
    "/webhooks/{webhook_id}/deliveries/{delivery_id}/replay",
    auth=Key(Scope.WEBHOOKS_MANAGE),
    response={202: DeliveryAnswer},
)
def replay_one_delivery(
    request: HttpRequest, webhook_id: PathId, delivery_id: PathId
) -> Status[DeliveryAnswer]:
    """Send one event again with the same id, whatever came of it before.

    While its webhook is disabled it waits.
    """
    user = caller(request)
    delivery = _fetch(user, webhook_id, delivery_id)
    replay_delivery(delivery=delivery, by=user, now=timezone.now())
    return Status(202, DeliveryAnswer(**_facts(_deliveries().get(pk=delivery.pk))))


@router.post(
    "/webhooks/{webhook_id}/replay", auth=Key(Scope.WEBHOOKS_MANAGE), response={202: Replayed}
)
def replay_webhook(request: HttpRequest, webhook_id: PathId) -> Status[Replayed]:
    """Send again what was given up, the oldest first; at most 1,000 at once."""
    user = caller(request)
    endpoint = fetch_webhook(user, webhook_id)
    count = replay_given_up(endpoint=endpoint, by=user, now=timezone.now())
    return Status(202, Replayed(count=count))


def _deliveries() -> QuerySet[Delivery]:
    return Delivery.objects.select_related("event", "endpoint__portfolio")


def _fetch(user: User, webhook_id: int, delivery_id: int) -> Delivery:
    return access.fetch(
        _deliveries(), access.Action.PREPARE, user=user, pk=delivery_id, endpoint=webhook_id
    )


def _facts(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": str(delivery.pk),
        "webhook_id": str(delivery.endpoint_id),
        "event_id": delivery.event.public_id,
        "event": delivery.event.kind,
        "status": DeliveryState(delivery.state),
        "tries": delivery.tries,
        "last_said": delivery.last_said or None,
        "happened_at": delivery.event.at,
        "next_try_at": None if delivery.finished_at else delivery.next_at,
        "finished_at": delivery.finished_at,
    }

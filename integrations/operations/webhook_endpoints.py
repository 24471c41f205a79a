"""Setting up where webhooks go: endpoints, what they want to hear, and their secrets."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from integrations.models import (
    Delivery,
    OutgoingKind,
    WebhookEndpoint,
    WebhookSecret,
)
from integrations.outgoing.addresses import NotAllowed, read_target, resolve
from integrations.outgoing.nudge import nudge_after_commit
from integrations.outgoing.queueing import queue_test
from integrations.outgoing.signing import NoSecret, check_secret, make_secret
from portfolios.models import Portfolio, User
from portfolios.operations.audit import record_event

# What anybody can ask to hear; a test goes to whom it is asked for.
EVENTS = tuple(kind for kind in OutgoingKind if kind is not OutgoingKind.TEST)

MOST_ENDPOINTS = 20

# For so long both secrets sign, so that receivers can change over one after the other.
OVERLAP = timedelta(hours=24)


class EndpointRefused(Exception):
    """The endpoint cannot be stored like this; `field` is what to correct: url, events, secret."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class EndpointSecret:
    """An endpoint with the secret that it has from now on, which is shown this once."""

    endpoint: WebhookEndpoint
    secret: str


def create_endpoint(
    *,
    portfolio: Portfolio,
    url: str,
    events: Collection[str],
    by: User,
    now: datetime,
    secret: str = "",
) -> EndpointSecret:
    """Register an address for events of a portfolio.

    Shape: without a `secret` one is made.
    Errors: EndpointRefused.
    Effects: looks the host up; an endpoint, its secret and an audit event.
    """
    wanted = _checked_events(events)
    chosen = _checked_secret(secret)
    _check_url(url)
    with transaction.atomic():
        # People who add endpoints at once take turns, so that the limit holds.
        Portfolio.objects.select_for_update().get(pk=portfolio.pk)
        endpoint = _store(portfolio, url, wanted, by=by, now=now)
        WebhookSecret.objects.create(endpoint=endpoint, text=chosen, made_at=now)
        after = {"url": url, "events": wanted}
        record_event(verb="webhook_endpoint.created", subject=endpoint, by=by, now=now, after=after)
    return EndpointSecret(endpoint, chosen)


def _store(
    portfolio: Portfolio, url: str, events: list[str], *, by: User, now: datetime
) -> WebhookEndpoint:
    mine = WebhookEndpoint.objects.filter(portfolio=portfolio)
    if mine.filter(url=url).exists():
        raise EndpointRefused("This URL is registered for the portfolio already.", field="url")
    if mine.count() >= MOST_ENDPOINTS:
        raise EndpointRefused(
            f"A portfolio may have at most {MOST_ENDPOINTS} webhooks, and has them.", field="url"
        )
    return WebhookEndpoint.objects.create(
        portfolio=portfolio, url=url, events=events, created_by=by, created_at=now
    )


def change_endpoint(
    *, endpoint: WebhookEndpoint, url: str, events: Collection[str], by: User, now: datetime
) -> None:
    """Change where an endpoint is, or what it wants to hear; what waits goes to the new address.

    Errors: EndpointRefused.
    Effects: looks the host up; the endpoint, and an audit event if anything changed.
    """
    wanted = _checked_events(events)
    _check_url(url)
    before = {"url": endpoint.url, "events": list(endpoint.events)}
    after = {"url": url, "events": wanted}
    if before == after:
        return
    try:
        with transaction.atomic():
            # It is another receiver: what the earlier one did is not held against it.
            fresh = {"failures_in_row": 0, "resting_until": None} if url != endpoint.url else {}
            WebhookEndpoint.objects.filter(pk=endpoint.pk).update(url=url, events=wanted, **fresh)
            record_event(
                verb="webhook_endpoint.changed",
                subject=endpoint,
                by=by,
                now=now,
                before=before,
                after=after,
            )
    except IntegrityError:
        raise EndpointRefused(
            "This URL is registered for the portfolio already.", field="url"
        ) from None
    endpoint.refresh_from_db()


def _check_url(url: str) -> None:
    try:
        resolve(read_target(url))
    except NotAllowed as refusal:
        raise EndpointRefused(str(refusal), field="url") from None


def _checked_events(events: Collection[str]) -> list[str]:
    unknown = sorted(set(events) - set(EVENTS))
    if unknown:
        raise EndpointRefused(
            f"There is no event {', '.join(unknown)}. Events are: {', '.join(EVENTS)}.",
            field="events",
        )
    if not events:
        raise EndpointRefused("Choose at least one event.", field="events")
    return [kind.value for kind in EVENTS if kind in events]


def _checked_secret(secret: str) -> str:
    try:
        return check_secret(secret) if secret else make_secret()
    except NoSecret as refusal:
        raise EndpointRefused(str(refusal), field="secret") from None


@transaction.atomic
def rotate_secret(
    *, endpoint: WebhookEndpoint, by: User, now: datetime, secret: str = ""
) -> EndpointSecret:
    """Give an endpoint another secret; the one before signs beside it for a day.

    Shape: one that was being replaced already ends now, so that no more than two ever sign.
    Errors: EndpointRefused.
    Effects: secrets and an audit event.
    """
    chosen = _checked_secret(secret)
    WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    endpoint.secrets.filter(ends_at__isnull=False).delete()
    endpoint.secrets.update(ends_at=now + OVERLAP)
    WebhookSecret.objects.create(endpoint=endpoint, text=chosen, made_at=now)
    record_event(verb="webhook_endpoint.secret_rotated", subject=endpoint, by=by, now=now)
    return EndpointSecret(endpoint, chosen)


@transaction.atomic
def disable_endpoint(
    *, endpoint: WebhookEndpoint, by: User, now: datetime, because: str = ""
) -> bool:
    """Send nothing more to an endpoint, and queue nothing for it; what waits is kept.

    Shape: tells whether it was enabled.
    Effects: the endpoint and an audit event.
    """
    why = because or "Disabled by hand."
    living = WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at=None)
    if not living.update(disabled_at=now, disabled_by=by, disabled_because=why):
        return False
    record_event(verb="webhook_endpoint.disabled", subject=endpoint, by=by, now=now, note=why)
    return True


@transaction.atomic
def enable_endpoint(*, endpoint: WebhookEndpoint, by: User, now: datetime) -> bool:
    """Send to an endpoint again, beginning with what still waits.

    Shape: tells whether it was disabled.
    Effects: the endpoint and an audit event; a worker is woken.
    """
    disabled = WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at__isnull=False)
    fresh = {"failures_in_row": 0, "resting_until": None}
    if not disabled.update(disabled_at=None, disabled_by=None, disabled_because="", **fresh):
        return False
    record_event(verb="webhook_endpoint.enabled", subject=endpoint, by=by, now=now)
    nudge_after_commit()
    return True


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, by: User, now: datetime) -> Delivery:
    """Send an endpoint an event in which nothing happened.

    Errors: EndpointRefused when it is disabled.
    Effects: an event, a delivery and an audit event; a worker is woken.
    """
    if WebhookEndpoint.objects.filter(pk=endpoint.pk, disabled_at__isnull=False).exists():
        raise EndpointRefused("The webhook is disabled. Enable it to test it.", field="url")
    delivery = queue_test(endpoint=endpoint, now=now)
    after = {"event": delivery.event.public_id}
    record_event(verb="webhook_endpoint.tested", subject=endpoint, by=by, now=now, after=after)
    return delivery

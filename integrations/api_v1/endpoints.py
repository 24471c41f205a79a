"""Setting up the webhooks that MeterBase sends: where they go, what they tell, how they are signed.

Only a property manager sees them, as on the pages: a URL may be as good as a password.
"""

from __future__ import annotations

from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Status
from pydantic import Field, StrictBool, StrictStr

from integrations.api_v1.routes import webhooks as router
from integrations.models import WebhookEndpoint
from integrations.operations.webhook_endpoints import (
    EVENTS,
    EndpointRefused,
    EndpointSecret,
    change_endpoint,
    create_endpoint,
    disable_endpoint,
    enable_endpoint,
    rotate_secret,
)
from integrations.outgoing.addresses import LONGEST_URL
from meterbase.lib.json_api import (
    Moment,
    PageQuery,
    answers_with_a_secret,
    invalid,
    paginate,
    sample,
)
from portfolios import access
from portfolios.api_v1.portfolios import chosen_portfolio
from portfolios.api_v1.shapes import (
    FieldId,
    PathId,
    V1Answer,
    V1Body,
    V1Pagination,
    pagination_of,
)
from portfolios.bearer import Key, caller
from portfolios.models import Portfolio, Scope, User

_NAMES = [kind.value for kind in EVENTS]
_EXAMPLE = "https://example.com/meterbase"

Url = Annotated[StrictStr, Field(min_length=1, max_length=LONGEST_URL)]
Event = Annotated[StrictStr, Field(json_schema_extra={"enum": _NAMES})]
Events = Annotated[list[Event], Field(min_length=1, max_length=len(_NAMES))]
Secret = Annotated[StrictStr, Field(max_length=120)]


class WebhookBody(V1Body):
    """Where webhooks go, and what they tell.

    Shape: without a `secret` one is made. `portfolioId` is needed where the key reaches several
        portfolios.
    """

    model_config = sample(url=_EXAMPLE, events=["charge.posted", "job.completed"])

    url: Url
    events: Events
    secret: Secret = ""
    portfolio_id: FieldId | None = None


class WebhookPatch(V1Body):
    """What to change of a webhook; `isActive` disables it or enables it again."""

    model_config = sample(events=["charge.posted", "charge.failed", "job.completed"])

    url: Url | None = None
    events: Events | None = None
    is_active: StrictBool | None = None


class SecretBody(V1Body):
    """The secret from now on; left out, one is made."""

    model_config = sample()

    secret: Secret = ""


class WebhookAnswer(V1Answer):
    """A webhook; `disabledBecause` says why one that is not active was disabled."""

    id: str
    portfolio_id: str
    url: str
    events: list[str]
    is_active: bool
    disabled_because: str | None
    failures_in_row: int
    resting_until: Moment | None
    last_delivered_at: Moment | None
    created_at: Moment


class WebhookWithSecret(WebhookAnswer):
    """A webhook with the secret that signs from now on; it is shown this once."""

    secret: str


class WebhookPage(V1Answer):
    """Some of the webhooks."""

    data: list[WebhookAnswer]
    pagination: V1Pagination


@router.get("/webhooks", auth=Key(Scope.WEBHOOKS_MANAGE), response=WebhookPage)
def list_webhooks(request: HttpRequest, asked: Query[PageQuery]) -> WebhookPage:
    """List the webhooks of the portfolios in which you are a property manager."""
    user, prepare = caller(request), access.Action.PREPARE
    if not access.rows(Portfolio, user=user, action=prepare).exists():
        raise PermissionDenied("Only a property manager sees webhooks.")
    rows = access.rows(WebhookEndpoint, user=user, action=prepare)
    page = paginate(rows.order_by("pk"), asked)
    return WebhookPage(
        data=[WebhookAnswer(**_facts(row)) for row in page.rows],
        pagination=pagination_of(page.pagination),
    )


@router.post("/webhooks", auth=Key(Scope.WEBHOOKS_MANAGE), response={201: WebhookWithSecret})
@answers_with_a_secret
def create_webhook(request: HttpRequest, body: WebhookBody) -> Status[WebhookWithSecret]:
    """Have events of a portfolio sent to a URL; the secret is shown this once.

    A URL can be registered once for a portfolio, so that a call that is repeated adds nothing.
    """
    user = caller(request)
    portfolio = chosen_portfolio(user, body.portfolio_id)
    try:
        made = create_endpoint(
            portfolio=portfolio,
            url=body.url,
            events=body.events,
            secret=body.secret,
            by=user,
            now=timezone.now(),
        )
    except EndpointRefused as refusal:
        raise invalid(**{refusal.field: str(refusal)}) from refusal
    return Status(201, _with_secret(made))


@router.get("/webhooks/{webhook_id}", auth=Key(Scope.WEBHOOKS_MANAGE), response=WebhookAnswer)
def show_webhook(request: HttpRequest, webhook_id: PathId) -> WebhookAnswer:
    """Show a webhook; its secret is not shown again."""
    return WebhookAnswer(**_facts(fetch_webhook(caller(request), webhook_id)))


@router.patch("/webhooks/{webhook_id}", auth=Key(Scope.WEBHOOKS_MANAGE), response=WebhookAnswer)
def update_webhook(request: HttpRequest, webhook_id: PathId, body: WebhookPatch) -> WebhookAnswer:
    """Change where a webhook goes or what it tells, disable it, or enable it again.

    What waits goes to the new URL. A webhook is not deleted: what it was sent can be looked up.
    """
    user = caller(request)
    endpoint = fetch_webhook(user, webhook_id)
    if body.url is not None or body.events is not None:
        _change(endpoint, body, user)
    if body.is_active is not None:
        switch = enable_endpoint if body.is_active else disable_endpoint
        switch(endpoint=endpoint, by=user, now=timezone.now())
        endpoint.refresh_from_db()
    return WebhookAnswer(**_facts(endpoint))


def _change(endpoint: WebhookEndpoint, body: WebhookPatch, user: User) -> None:
    try:
        change_endpoint(
            endpoint=endpoint,
            url=endpoint.url if body.url is None else body.url,
            events=endpoint.events if body.events is None else body.events,
            by=user,
            now=timezone.now(),
        )
    except EndpointRefused as refusal:
        raise invalid(**{refusal.field: str(refusal)}) from refusal


@router.post(
    "/webhooks/{webhook_id}/rotate-secret",
    auth=Key(Scope.WEBHOOKS_MANAGE),
    response=WebhookWithSecret,
)
@answers_with_a_secret
def rotate_webhook_secret(
    request: HttpRequest, webhook_id: PathId, body: SecretBody
) -> WebhookWithSecret:
    """Replace the secret, and show the new one this once; for 24 hours both sign."""
    user = caller(request)
    endpoint = fetch_webhook(user, webhook_id)
    try:
        made = rotate_secret(endpoint=endpoint, secret=body.secret, by=user, now=timezone.now())
    except EndpointRefused as refusal:
        raise invalid(**{refusal.field: str(refusal)}) from refusal
    return _with_secret(made)


def fetch_webhook(user: User, webhook_id: int) -> WebhookEndpoint:
    """Get a webhook that the caller may manage.

    Errors: Http404, PermissionDenied.
    """
    rows = WebhookEndpoint.objects.select_related("portfolio")
    return access.fetch(rows, access.Action.PREPARE, user=user, pk=webhook_id)


def _with_secret(made: EndpointSecret) -> WebhookWithSecret:
    return WebhookWithSecret(**_facts(made.endpoint), secret=made.secret)


def _facts(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": str(endpoint.pk),
        "portfolio_id": str(endpoint.portfolio_id),
        "url": endpoint.url,
        "events": list(endpoint.events),
        "is_active": endpoint.disabled_at is None,
        "disabled_because": endpoint.disabled_because or None,
        "failures_in_row": endpoint.failures_in_row,
        "resting_until": endpoint.resting_until,
        "last_delivered_at": endpoint.last_delivered_at,
        "created_at": endpoint.created_at,
    }

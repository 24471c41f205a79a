"""The pages of what was sent by webhook, and what receivers answered."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from integrations.models import Delivery, DeliveryState, OutgoingKind, WebhookEndpoint
from integrations.operations.deliveries import replay_delivery, replay_given_up
from integrations.views.outgoing_endpoints import (
    SECTION,
    above_endpoint,
    fetch_endpoint,
    standing,
)
from integrations.views.outgoing_sheet import delivery_sheet
from integrations.webhooks.pretty import pretty_body
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file

PAGE_SIZE = 50

TONES = {
    DeliveryState.QUEUED: "info",
    DeliveryState.FAILED: "warning",
    DeliveryState.DELIVERED: "success",
    DeliveryState.GIVEN_UP: "danger",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to narrow the list down."""

    label: str
    count: int
    url: str
    active: bool


@require_safe
@signed_in
def endpoint_detail(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show a webhook, and what was sent to it."""
    endpoint = fetch_endpoint(request, pk)
    rows = _narrow(endpoint, request.GET)
    filters = {"State": request.GET.get("state", ""), "Event": request.GET.get("event", "")}
    if answer := list_file(request, lambda: delivery_sheet(endpoint, rows, filters=filters)):
        return answer
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    counts = _counts(endpoint, "state")
    tone, word = standing(endpoint)
    context = {
        "endpoint": endpoint,
        "tone": tone,
        "word": word,
        "facts": _facts(endpoint),
        "page": page,
        "rows": [(delivery, TONES[DeliveryState(delivery.state)]) for delivery in page],
        "states": _choices(counts, dict(DeliveryState.choices), "state", request.GET),
        "kinds": _choices(_counts(endpoint, "event__kind"), {}, "event", request.GET),
        "given_up": counts.get(DeliveryState.GIVEN_UP, 0),
        "breadcrumbs": above_endpoint(),
        "section": SECTION,
    }
    return render(request, "integrations/outgoing_detail.html", context)


def _narrow(endpoint: WebhookEndpoint, query: QueryDict) -> QuerySet[Delivery]:
    """Keep what the query string asks for; a word that is none of ours asks for nothing."""
    state, kind = query.get("state", ""), query.get("event", "")
    chosen = Delivery.objects.filter(endpoint=endpoint)
    chosen = chosen.filter(state=state) if state in DeliveryState.values else chosen
    chosen = chosen.filter(event__kind=kind) if kind in OutgoingKind.values else chosen
    return chosen.select_related("event").defer("event__body").order_by("-pk")


def _facts(endpoint: WebhookEndpoint) -> list[tuple[str, object]]:
    return [
        ("URL", endpoint.url),
        ("Portfolio", endpoint.portfolio),
        ("Events", ", ".join(endpoint.events)),
        ("Added by", endpoint.created_by),
    ]


def _counts(endpoint: WebhookEndpoint, column: str) -> dict[str, int]:
    rows = Delivery.objects.filter(endpoint=endpoint).order_by(column).values_list(column)
    return dict(rows.annotate(Count("pk")))


def _choices(
    counts: dict[str, int], labels: dict[str, str], name: str, query: QueryDict
) -> list[Choice]:
    """List the values of a column with their counts; the other choice stays in the address."""
    others = query.copy()
    chosen = others.pop(name, [""])[-1]
    others.pop("page", None)
    choices = [Choice("All", sum(counts.values()), f"?{others.urlencode()}", active=not chosen)]
    for value in labels or counts:
        others[name] = value
        label = labels.get(value, value)
        url = f"?{others.urlencode()}"
        choices.append(Choice(label, counts.get(value, 0), url, active=chosen == value))
    return choices


@require_safe
@signed_in
def delivery_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one delivery: what was sent, and every answer."""
    delivery = _fetch(request, pk)
    context = {
        "delivery": delivery,
        "tone": TONES[DeliveryState(delivery.state)],
        "attempts": delivery.attempts.all()[:PAGE_SIZE],
        "body": pretty_body(delivery.event.body.encode()),
        "facts": [("Event", delivery.event.public_id), ("Webhook", delivery.endpoint.url)],
        "breadcrumbs": [
            *above_endpoint(),
            ("Webhook", reverse("integrations:endpoint-detail", args=[delivery.endpoint_id])),
        ],
        "section": SECTION,
    }
    return render(request, "integrations/outgoing_delivery.html", context)


def _fetch(request: SignedInRequest, pk: int) -> Delivery:
    return access.fetch(
        Delivery.objects.select_related("event", "endpoint__portfolio"),
        access.Action.PREPARE,
        user=request.user,
        pk=pk,
    )


@require_POST
@signed_in
def delivery_replay(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send one event again."""
    delivery = _fetch(request, pk)
    replay_delivery(delivery=delivery, by=request.user, now=timezone.now())
    if delivery.endpoint.disabled_at is None:
        messages.success(request, "The event is sent again.")
    else:
        messages.warning(request, "The event waits: it is sent once the webhook is enabled again.")
    return redirect("integrations:delivery-detail", pk=pk)


@require_POST
@signed_in
def endpoint_replay(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send again what a webhook was given up for."""
    count = replay_given_up(
        endpoint=fetch_endpoint(request, pk), by=request.user, now=timezone.now()
    )
    if count:
        messages.success(request, f"{count} event{'s' if count != 1 else ''} sent again.")
    else:
        messages.warning(request, "Nothing was given up for this webhook.")
    return redirect("integrations:endpoint-detail", pk=pk)

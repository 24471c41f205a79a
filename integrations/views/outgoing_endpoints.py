"""The pages on which webhooks are set up: where they go, what they tell, how they are signed."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations.endpoint_forms import EndpointForm, NewEndpointForm, RotateForm
from integrations.models import OPEN_DELIVERIES, DeliveryState, WebhookEndpoint
from integrations.operations.webhook_endpoints import (
    OVERLAP,
    EndpointRefused,
    EndpointSecret,
    change_endpoint,
    create_endpoint,
    disable_endpoint,
    enable_endpoint,
    rotate_secret,
    send_test,
)
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Portfolio

# The entry of the navigation that these pages belong to.
SECTION = "portfolios:api-key-list"


def above_list() -> list[tuple[str, str]]:
    """Write the way from the API keys to the list of webhooks."""
    return [("API access", reverse("portfolios:api-key-list"))]


def above_endpoint() -> list[tuple[str, str]]:
    """Write the way down to one webhook."""
    return [*above_list(), ("Webhooks to you", reverse("integrations:endpoint-list"))]


def fetch_endpoint(request: SignedInRequest, pk: int) -> WebhookEndpoint:
    """Get an endpoint that the reader may manage: its URL may be as good as a password."""
    return access.fetch(
        WebhookEndpoint.objects.select_related("portfolio", "created_by", "disabled_by"),
        access.Action.PREPARE,
        user=request.user,
        pk=pk,
    )


def standing(endpoint: WebhookEndpoint) -> tuple[str, str]:
    """Say how an endpoint is doing: a tone and a word."""
    if endpoint.disabled_at is not None:
        return ("neutral", "Disabled") if endpoint.disabled_by_id else ("danger", "Disabled")
    if endpoint.failures_in_row:
        return "warning", "Failing"
    return ("success", "Working") if endpoint.last_delivered_at else ("info", "New")


@require_safe
@signed_in
def endpoint_list(request: SignedInRequest) -> HttpResponse:
    """List the webhooks of the portfolios that the reader manages."""
    managed = access.rows(WebhookEndpoint, user=request.user, action=access.Action.PREPARE)
    manages = _manages_any(request)
    context = {
        "rows": [(endpoint, *standing(endpoint)) for endpoint in _counted(managed)],
        "manages": manages,
        "actions": [("Add a webhook", reverse("integrations:endpoint-create"))] if manages else [],
        "breadcrumbs": above_list(),
        "section": SECTION,
    }
    return render(request, "integrations/outgoing_list.html", context)


def _manages_any(request: SignedInRequest) -> bool:
    return access.rows(Portfolio, user=request.user, action=access.Action.PREPARE).exists()


def _counted(endpoints: QuerySet[WebhookEndpoint]) -> QuerySet[WebhookEndpoint]:
    waiting = Q(deliveries__state__in=OPEN_DELIVERIES)
    given_up = Q(deliveries__state=DeliveryState.GIVEN_UP)
    return (
        endpoints.select_related("portfolio")
        .annotate(
            waiting=Count("deliveries", filter=waiting),
            given_up=Count("deliveries", filter=given_up),
        )
        .order_by("portfolio__name", "url", "pk")
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
def endpoint_create(request: SignedInRequest) -> HttpResponse:
    """Register an address, and show its secret this once."""
    form = NewEndpointForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_endpoint(
                portfolio=form.cleaned_data["portfolio"],
                url=form.cleaned_data["url"],
                events=form.cleaned_data["events"],
                secret=form.cleaned_data["secret"],
                by=request.user,
                now=timezone.now(),
            )
        except EndpointRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            return _show_secret(request, made, "The webhook is added.")
    context = {
        "form": form,
        "manages": _manages_any(request),
        "title": "Add a webhook",
        "lead": "MeterBase then sends a signed POST request there whenever one of the events "
        "happens.",
        "verb": "Add the webhook",
        "cancel_url": reverse("integrations:endpoint-list"),
        "breadcrumbs": above_endpoint(),
        "section": SECTION,
    }
    return render(request, "integrations/outgoing_create.html", context)


def _show_secret(request: SignedInRequest, made: EndpointSecret, title: str) -> HttpResponse:
    context = {
        "endpoint": made.endpoint,
        "secret": made.secret,
        "title": title,
        "breadcrumbs": above_endpoint(),
        "section": SECTION,
    }
    return render(request, "integrations/outgoing_secret.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def endpoint_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Change where a webhook goes, or what it tells."""
    endpoint = fetch_endpoint(request, pk)
    stored = {"url": endpoint.url, "events": endpoint.events}
    form = EndpointForm(request.POST or None, initial=stored)
    if request.method == "POST" and form.is_valid():
        try:
            change_endpoint(
                endpoint=endpoint,
                url=form.cleaned_data["url"],
                events=form.cleaned_data["events"],
                by=request.user,
                now=timezone.now(),
            )
        except EndpointRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, "The webhook is changed.")
            return redirect("integrations:endpoint-detail", pk=pk)
    context = {
        "form": form,
        "title": "Change the webhook",
        "lead": "Events that wait go to the new URL.",
        "verb": "Save the webhook",
        "cancel_url": reverse("integrations:endpoint-detail", args=[pk]),
        "breadcrumbs": above_endpoint(),
        "section": SECTION,
    }
    return render(request, "layouts/form.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
def endpoint_rotate(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then replace the secret and show the new one this once."""
    endpoint = fetch_endpoint(request, pk)
    form = RotateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = rotate_secret(
                endpoint=endpoint,
                secret=form.cleaned_data["secret"],
                by=request.user,
                now=timezone.now(),
            )
        except EndpointRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            return _show_secret(request, made, "The secret is replaced.")
    hours = int(OVERLAP.total_seconds()) // 3600
    context = {
        "form": form,
        "question": "Replace the secret?",
        "body": f"For {hours} hours each delivery is signed with both, the one that you have and "
        "the new one, so that your program can change over in between. Then the old one ends.",
        "facts": [("Webhook", endpoint.url)],
        "verb": "Replace the secret",
        "cancel_url": reverse("integrations:endpoint-detail", args=[pk]),
        "cancel_label": "Keep the secret",
        "breadcrumbs": above_endpoint(),
        "section": SECTION,
    }
    return render(request, "layouts/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def endpoint_disable(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then send nothing more to an endpoint."""
    endpoint = fetch_endpoint(request, pk)
    if request.method == "POST":
        if disable_endpoint(endpoint=endpoint, by=request.user, now=timezone.now()):
            messages.success(request, "The webhook is disabled.")
        return redirect("integrations:endpoint-detail", pk=pk)
    context = {
        "question": "Disable the webhook?",
        "body": "What happens from then on is not sent to it, not even when it is enabled again. "
        "What waits for it now is kept for three days.",
        "facts": [("Webhook", endpoint.url)],
        "verb": "Disable the webhook",
        "cancel_url": reverse("integrations:endpoint-detail", args=[pk]),
        "cancel_label": "Keep it enabled",
        "breadcrumbs": above_endpoint(),
        "section": SECTION,
    }
    return render(request, "layouts/confirm.html", context)


@require_POST
@signed_in
def endpoint_enable(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send to an endpoint again."""
    if enable_endpoint(endpoint=fetch_endpoint(request, pk), by=request.user, now=timezone.now()):
        messages.success(request, "The webhook is enabled; what still waited for it is sent.")
    return redirect("integrations:endpoint-detail", pk=pk)


@require_POST
@signed_in
def endpoint_test(request: SignedInRequest, pk: int) -> HttpResponse:
    """Send an endpoint an event in which nothing happened."""
    try:
        delivery = send_test(
            endpoint=fetch_endpoint(request, pk), by=request.user, now=timezone.now()
        )
    except EndpointRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("integrations:endpoint-detail", pk=pk)
    messages.success(request, "A test is on its way. Load this page again to see what came of it.")
    return redirect("integrations:delivery-detail", pk=delivery.pk)

"""The pages of syncs: a property's history, and one sync with its progress."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.views.decorators.http import require_http_methods, require_safe

from integrations.models import PropertyLink, ReviewItem, SyncRun, SyncState
from integrations.operations.syncs import STALE_AFTER, NotLinked, request_sync
from integrations.views.advice import remedy_for
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property

PAGE_SIZE = 50

# A worker looks for work many times a second; after this long there is none.
_PICKED_UP_WITHIN = timedelta(seconds=60)

TONES = {
    SyncState.QUEUED: "info",
    SyncState.RUNNING: "info",
    SyncState.COMPLETED: "success",
    SyncState.FAILED: "danger",
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def property_sync(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show how a property was synced, and start a sync."""
    posted = request.method == "POST"
    place = access.fetch(
        Property.objects.select_related("portfolio"),
        access.Action.PREPARE if posted else access.Action.READ,
        user=request.user,
        pk=pk,
    )
    return _start(request, place) if posted else _history(request, place)


def _start(request: SignedInRequest, place: Property) -> HttpResponse:
    try:
        run = request_sync(place=place, by=request.user, now=timezone.now())
    except NotLinked as error:
        messages.error(request, str(error))
        return redirect("integrations:property-sync", pk=place.pk)
    return redirect("integrations:sync-detail", pk=run.pk)


def _history(request: SignedInRequest, place: Property) -> HttpResponse:
    link = PropertyLink.objects.filter(property=place).select_related("connection").first()
    runs = place.sync_runs.select_related("requested_by")
    page = Paginator(runs, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "place": place,
        "link": link,
        "may_see_connection": link is not None
        and access.may(link.connection.portfolio, access.Action.READ, user=request.user),
        "freshness": freshness(link.last_synced_at if link else None, now=timezone.now()),
        "page": page,
        "rows": [(run, TONES[SyncState(run.state)]) for run in page],
        "item_count": access.rows(ReviewItem, user=request.user)
        .filter(property=place, resolved_at=None)
        .count(),
        "may_prepare": access.may(place.portfolio, access.Action.PREPARE, user=request.user),
        "breadcrumbs": _breadcrumbs(place),
    }
    return render(request, "integrations/property_sync.html", context)


def freshness(synced_at: datetime | None, *, now: datetime) -> str:
    """Say how old the PMS's data is."""
    if synced_at is None:
        return "The PMS was never read for this property."
    if now - synced_at < timedelta(minutes=1):
        return "PMS data is less than a minute old."
    return f"PMS data is {timesince(synced_at, now)} old."


@require_safe
@signed_in
def sync_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a sync while it runs, and what came of it."""
    run = access.fetch(
        SyncRun.objects.select_related("property__portfolio", "requested_by"),
        access.Action.READ,
        user=request.user,
        pk=pk,
    )
    place = run.property
    now = timezone.now()
    beat = run.beat_at or run.queued_at
    context = {
        "run": run,
        "tone": TONES[SyncState(run.state)],
        "waits_long": run.state == SyncState.QUEUED and now - run.queued_at > _PICKED_UP_WITHIN,
        "gone_quiet": run.state == SyncState.RUNNING and now - beat > STALE_AFTER,
        "remedy": remedy_for(run.error_code),
        "may_prepare": access.may(place.portfolio, access.Action.PREPARE, user=request.user),
        "breadcrumbs": [
            *_breadcrumbs(place),
            ("PMS sync", reverse("integrations:property-sync", args=[place.pk])),
        ],
    }
    template = "integrations/sync_detail.html"
    return render(request, f"{template}#progress" if request.htmx else template, context)


def _breadcrumbs(place: Property) -> list[tuple[str, str]]:
    portfolio = place.portfolio
    return [
        ("Portfolios", reverse("portfolios:portfolio-list")),
        (str(portfolio), reverse("portfolios:portfolio-detail", args=[portfolio.pk])),
        (str(place), reverse("portfolios:property-detail", args=[place.pk])),
    ]

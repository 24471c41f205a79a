"""The pages of syncs: a property's history, and one sync with its progress."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.views.decorators.http import require_http_methods, require_safe

from integrations.gateways import PropexoNotConfigured
from integrations.models import Connection, PropertyLink, ReviewItem, SyncRun, SyncState
from integrations.operations.syncs import (
    ConnectionSync,
    NotLinked,
    request_connection_sync,
    request_sync,
)
from integrations.pms.errors import PmsError
from integrations.views.advice import remedy_for, trouble_of
from integrations.views.sync_progress import (
    latest_states,
    progress_of,
    runs_under_way,
    segments,
    time_left,
    waiting_for,
)
from integrations.views.sync_sheets import run_sheet
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Property

PAGE_SIZE = 50

_SHOWN_RUNS = 20

TONES = {
    SyncState.QUEUED: "info",
    SyncState.RUNNING: "info",
    SyncState.COMPLETED: "success",
    SyncState.FAILED: "danger",
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def property_sync(request: SignedInRequest, pk: int) -> HttpResponseBase:
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
        run = request_sync(
            place=place, by=request.user, now=timezone.now(), full="full" in request.POST
        )
    except NotLinked as error:
        messages.error(request, str(error))
        return redirect("integrations:property-sync", pk=place.pk)
    return redirect("integrations:sync-detail", pk=run.pk)


def _history(request: SignedInRequest, place: Property) -> HttpResponseBase:
    runs = place.sync_runs.select_related("requested_by")
    if answer := list_file(request, lambda: run_sheet(place, runs)):
        return answer
    link = PropertyLink.objects.filter(property=place).select_related("connection").first()
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
    context = {
        "run": run,
        "tone": TONES[SyncState(run.state)],
        "progress": progress_of(run, now=now),
        "waiting": waiting_for(run, now=now),
        "rests": run.rests_at(now),
        "remedy": remedy_for(run.error_code),
        "may_prepare": access.may(place.portfolio, access.Action.PREPARE, user=request.user),
        "breadcrumbs": [
            *_breadcrumbs(place),
            ("PMS sync", reverse("integrations:property-sync", args=[place.pk])),
        ],
    }
    template = "integrations/sync_detail.html"
    return render(request, f"{template}#progress" if request.htmx else template, context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def connection_sync(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show how far the properties of a connection were synced, and sync them."""
    posted = request.method == "POST"
    connection = access.fetch(
        Connection.objects.select_related("portfolio"),
        access.Action.PREPARE if posted else access.Action.READ,
        user=request.user,
        pk=pk,
    )
    if posted:
        _start_connection(request, connection)
        return redirect("integrations:connection-sync", pk=connection.pk)
    links = access.rows(PropertyLink, user=request.user).filter(connection=connection)
    now = timezone.now()
    counts = latest_states(links)
    waiting = counts.get(SyncState.QUEUED, 0) + counts.get(SyncState.RUNNING, 0)
    under_way = list(runs_under_way(links)[:_SHOWN_RUNS])
    context = {
        "connection": connection,
        "segments": segments(counts),
        "total": sum(counts.values()),
        "is_over": not waiting,
        "left": time_left(links, waiting=waiting, now=now),
        "rows": [
            (run, progress_of(run, now=now), TONES[SyncState(run.state)]) for run in under_way
        ],
        "more": waiting - len(under_way),
        "waiting": next((why for run in under_way if (why := waiting_for(run, now=now))), None),
        "may_prepare": access.may(connection.portfolio, access.Action.PREPARE, user=request.user),
        "breadcrumbs": [
            ("Propexo", reverse("integrations:propexo")),
            (str(connection), reverse("integrations:connection-detail", args=[connection.pk])),
        ],
    }
    template = "integrations/connection_sync.html"
    return render(request, f"{template}#progress" if request.htmx else template, context)


def _start_connection(request: SignedInRequest, connection: Connection) -> None:
    try:
        asked = request_connection_sync(
            connection=connection,
            by=request.user,
            now=timezone.now(),
            full="full" in request.POST,
        )
    except (PmsError, PropexoNotConfigured) as error:
        trouble = trouble_of(error)
        messages.error(request, f"{trouble.title}. {trouble.body} {trouble.remedy}")
    else:
        messages.success(request, _asked_in_words(asked))


def _asked_in_words(asked: ConnectionSync) -> str:
    said = [_properties_in_words(asked)]
    if not asked.queued:
        said.insert(0, "Propexo has nothing newer than what is stored here, so nothing was read.")
    else:
        plural = "property is" if asked.queued == 1 else "properties are"
        said.insert(0, f"{asked.queued} {plural} being synced.")
        said.insert(1, f"Of {asked.unchanged} there is nothing new." if asked.unchanged else "")
    return " ".join(filter(None, said))


def _properties_in_words(asked: ConnectionSync) -> str:
    """Say what the list of properties brought, and that nobody could read it if so."""
    news = asked.properties
    counted = (
        (news.updated, "with a changed name, address or size"),
        (news.new, "new in the PMS (see the review items)"),
        (news.gone, "no longer listed there"),
    )
    found = ", ".join(f"{count} {words}" for count, words in counted if count)
    if asked.trouble:
        return f"The list of properties itself could not be read: {asked.trouble}"
    return f"Properties: {found}." if found else ""


def _breadcrumbs(place: Property) -> list[tuple[str, str]]:
    portfolio = place.portfolio
    return [
        ("Portfolios", reverse("portfolios:portfolio-list")),
        (str(portfolio), reverse("portfolios:portfolio-detail", args=[portfolio.pk])),
        (str(place), reverse("portfolios:property-detail", args=[place.pk])),
    ]

"""The pages of webhooks: what arrived, what came of it, and how to set them up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.views.decorators.http import require_POST, require_safe

from integrations.models import EventState, WebhookEvent
from integrations.pms.signatures import split_secrets
from integrations.views.item_sheets import event_sheet
from integrations.webhooks.pretty import pretty_body
from integrations.webhooks.rejections import count_rejections
from integrations.webhooks.replay import BeingWorkedOn, replay_all, replay_event
from meterbase.lib.sheets import Sheet
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file

PAGE_SIZE = 50

# A worker looks for work many times a second; after this long there is none.
_PICKED_UP_WITHIN = timedelta(seconds=60)

TONES = {
    EventState.RECEIVED: "info",
    EventState.HANDLED: "success",
    EventState.IGNORED: "neutral",
    EventState.FAILED: "danger",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A way to narrow the list down."""

    label: str
    count: int
    url: str
    active: bool


@dataclass(frozen=True, slots=True)
class FailedCause:
    """The failed events of one cause.

    Shape: `replayable` is how many of them the reader may replay.
    """

    cause: str
    count: int
    replayable: int
    last_at: datetime
    example: str


@require_safe
@signed_in
def webhook_list(request: SignedInRequest) -> HttpResponseBase:
    """List the events, with what is needed to receive more."""
    everything = access.rows(WebhookEvent, user=request.user)
    chosen = _narrow(everything, request.GET)
    rows = chosen.defer("body").select_related("connection").order_by("-pk")
    if answer := list_file(request, lambda: _sheet(rows, request.GET)):
        return answer
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    late = timezone.now() - _PICKED_UP_WITHIN
    waiting = everything.filter(state=EventState.RECEIVED, due_at__lt=late)
    context = {
        "page": page,
        "rows": [(event, TONES[EventState(event.state)]) for event in page],
        "states": _choices(everything, request.GET, "state", dict(EventState.choices)),
        "names": _choices(everything, request.GET, "name", {}),
        "failed": _failed_causes(request, everything),
        "waiting": waiting.count(),
        "of_nobody": WebhookEvent.objects.filter(connection=None).count()
        if request.user.is_staff
        else 0,
        "breadcrumbs": [("Propexo", reverse("integrations:propexo"))],
        **_reception(request, everything),
    }
    return render(request, "integrations/webhook_list.html", context)


def _narrow(events: QuerySet[WebhookEvent], query: QueryDict) -> QuerySet[WebhookEvent]:
    """Keep what the query string asks for; a word that is none of ours asks for nothing."""
    wanted = {column: query.get(column, "") for column in ("state", "name", "cause")}
    return events.filter(**{column: word for column, word in wanted.items() if word})


def _sheet(events: QuerySet[WebhookEvent], query: QueryDict) -> Sheet:
    words = {"state": "State", "name": "Event", "cause": "Cause"}
    chosen = ((label, query.get(column, "")) for column, label in words.items())
    return event_sheet(events, filters=tuple((label, word) for label, word in chosen if word))


def _choices(
    events: QuerySet[WebhookEvent], query: QueryDict, column: str, labels: dict[str, str]
) -> list[Choice]:
    """List the values of a column with their counts, among what the other columns leave."""
    others = query.copy()
    chosen = others.pop(column, [""])[-1]
    others.pop("page", None)
    if column == "state":
        others.pop("cause", None)
    rows = _narrow(events, others).order_by(column).values_list(column)
    counts = dict(rows.annotate(Count("pk")))
    choices = [Choice("All", sum(counts.values()), f"?{others.urlencode()}", active=not chosen)]
    for value in filter(None, labels or counts):
        query_string = others.copy()
        query_string[column] = value
        label = labels.get(value, value)
        url = f"?{query_string.urlencode()}"
        choices.append(Choice(label, counts.get(value, 0), url, active=chosen == value))
    return choices


def _failed_causes(request: SignedInRequest, events: QuerySet[WebhookEvent]) -> list[FailedCause]:
    failed = events.filter(state=EventState.FAILED).order_by("cause")
    counts = failed.values_list("cause").annotate(Count("pk"), Max("finished_at"), Max("error"))
    mine = _replayable(request).values_list("cause").annotate(Count("pk"))
    may_replay = dict(mine)
    return [
        FailedCause(cause, count, may_replay.get(cause, 0), last_at, example)
        for cause, count, last_at, example in counts
    ]


def _replayable(request: SignedInRequest) -> QuerySet[WebhookEvent]:
    managed = access.rows(WebhookEvent, user=request.user, action=access.Action.PREPARE)
    return managed.filter(state=EventState.FAILED).order_by("cause")


def _reception(request: HttpRequest, events: QuerySet[WebhookEvent]) -> dict[str, object]:
    """Tell whether events can come in, and what was turned away."""
    turned_away = count_rejections(since=timezone.now() - timedelta(hours=24))
    address = request.build_absolute_uri(reverse("propexo-webhook"))
    return {
        "address": address,
        "is_https": address.startswith("https://"),
        "secret_count": len(split_secrets(settings.PROPEXO_WEBHOOK_SECRET)),
        "last_received": events.aggregate(last=Max("received_at"))["last"],
        "turned_away": [(reason.label, count) for reason, count in turned_away.items()],
    }


@require_safe
@signed_in
def webhook_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one event: what it said, and what was done about it."""
    event = access.fetch(
        WebhookEvent.objects.select_related("connection__portfolio", "replayed_by"),
        access.Action.READ,
        user=request.user,
        pk=pk,
    )
    portfolio = access.portfolio_of(event)
    may_replay = access.may(portfolio, access.Action.PREPARE, user=request.user)
    context = {
        "event": event,
        "portfolio": portfolio,
        "tone": TONES[EventState(event.state)],
        "facts": _facts(event),
        "may_replay": may_replay,
        # A body may name residents; whoever manages the connection may read those anyway.
        "body": pretty_body(bytes(event.body)) if may_replay or request.user.is_staff else "",
        "breadcrumbs": [
            ("Propexo", reverse("integrations:propexo")),
            ("Webhooks", reverse("integrations:webhook-list")),
        ],
    }
    return render(request, "integrations/webhook_detail.html", context)


def _facts(event: WebhookEvent) -> list[tuple[str, object]]:
    again = f" (received {event.duplicates + 1} times)" if event.duplicates else ""
    signature = f"Valid, in {event.signature_header}, made with secret {event.secret_number}"
    replayed = f"{_moment(event.replayed_at)} by {event.replayed_by}" if event.replayed_at else ""
    return [
        ("Connection", event.connection),
        ("Record", f"{event.record_kind} {event.record_id}".strip()),
        ("Received", f"{_moment(event.received_at)}{again}"),
        ("Form", event.get_shape_display()),
        ("Signature", signature),
        ("Attempts", event.attempts),
        ("Last replayed", replayed),
    ]


def _moment(when: datetime) -> str:
    return date_format(timezone.localtime(when), "j M Y, H:i:s T")


@require_POST
@signed_in
def webhook_replay(request: SignedInRequest, pk: int) -> HttpResponse:
    """Work on one event again."""
    event = access.fetch(
        WebhookEvent.objects.select_related("connection__portfolio"),
        access.Action.PREPARE,
        user=request.user,
        pk=pk,
    )
    try:
        replay_event(event=event, by=request.user, now=timezone.now())
    except BeingWorkedOn as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "The event waits for a worker again.")
    return redirect("integrations:webhook-detail", pk=event.pk)


@require_POST
@signed_in
def webhook_replay_cause(request: SignedInRequest) -> HttpResponse:
    """Work again on every failed event of one cause that the reader may replay."""
    cause = request.POST.get("cause", "").replace("\x00", "")
    events = _replayable(request).filter(cause=cause)
    count = replay_all(events=events, by=request.user, now=timezone.now())
    if count:
        noun = "event waits" if count == 1 else "events wait"
        messages.success(request, f"{count} {noun} for a worker again.")
    else:
        messages.warning(request, "There is no failed event of that cause that you may replay.")
    return redirect("integrations:webhook-list")

"""How old the PMS's data of every property is, and which syncs are in trouble."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from integrations.freshness import in_words, stale_after
from integrations.models import PropertyLink, SyncState
from integrations.views.sync_sheets import data_sheet
from integrations.views.syncs import TONES
from integrations.worklists import DataState, count_states, in_state, with_latest_sync
from meterbase.lib.sheets import chosen_filters
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file

PAGE_SIZE = 50

_NAMES = {
    DataState.OLD: "Old data",
    DataState.FAILED: "Last sync failed",
    DataState.SYNCING: "Being synced",
}


@dataclass(frozen=True, slots=True)
class DataRow:
    """A property with the age of its data, and its latest sync where it was ever synced."""

    link: PropertyLink
    is_old: bool
    run_id: int | None
    state: str
    tone: str


@require_safe
@signed_in
def pms_data_list(request: SignedInRequest) -> HttpResponseBase:
    """List the properties by what is the matter with their data, the oldest first."""
    now = timezone.now()
    links = access.rows(PropertyLink, user=request.user)
    wanted = request.GET.get("show", "")
    shown = DataState(wanted) if wanted in list(DataState) else None
    everything = with_latest_sync(links)
    chosen = everything if shown is None else in_state(everything, shown, now=now)
    ordered = chosen.select_related("property", "connection").order_by(
        "last_synced_at", "property__name", "pk"
    )
    named = chosen_filters(show=_NAMES[shown] if shown else "")
    if answer := list_file(
        request, lambda: data_sheet(ordered, filters=named, in_words=partial(_in_words, now=now))
    ):
        return answer
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [_row(link, now=now) for link in page],
        "filters": _filters(count_states(links, now=now), everything.count(), shown),
        "limit": in_words(stale_after()),
        "is_narrowed": shown is not None,
        "breadcrumbs": [("Propexo", reverse("integrations:propexo"))],
    }
    return render(request, "integrations/pms_data_list.html", context)


def _row(link: PropertyLink, *, now: datetime) -> DataRow:
    found = vars(link)
    state = found["latest_state"]
    return DataRow(
        link=link,
        is_old=link.last_synced_at is None or now - link.last_synced_at > stale_after(),
        run_id=found["latest_run"],
        state=SyncState(state).label if state else "",
        tone=TONES[SyncState(state)] if state else "neutral",
    )


def _in_words(link: PropertyLink, *, now: datetime) -> tuple[bool, str]:
    row = _row(link, now=now)
    return row.is_old, row.state


def _filters(
    counts: dict[DataState, int], total: int, shown: DataState | None
) -> list[dict[str, object]]:
    here = reverse("integrations:pms-data-list")
    every = {"label": "All properties", "count": total, "url": here, "active": shown is None}
    states = [
        {
            "label": _NAMES[state],
            "count": counts[state],
            "url": f"{here}?show={state.value}",
            "active": state is shown,
        }
        for state in DataState
    ]
    return [every, *states]

"""The leases of a property on a time line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from meterbase.lib.sheets import chosen_filters
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.lease_lines import MONTHS_SHOWN, Bar, Window, lay_out, overlapping, usual_window
from portfolios.list_files import list_file
from portfolios.models import LeaseStatus, Property
from portfolios.queries import LeaseFacts, UnitFacts, read_units
from portfolios.views.breadcrumbs import above_property
from portfolios.views.place_sheets import lease_sheet
from portfolios.views.properties import PAGE_SIZE, Filter

_MONTH_WIDTH = 60
_LANE_HEIGHT = 20
_SOON = timedelta(days=60)
_STEP = 6

_TONES = {
    LeaseStatus.ACTIVE: "success",
    LeaseStatus.MONTH_TO_MONTH: "success",
    LeaseStatus.FUTURE: "info",
    LeaseStatus.PAST: "neutral",
    LeaseStatus.UNKNOWN: "unknown",
}

_FILTERS: dict[str, tuple[str, Callable[[UnitFacts, date], bool]]] = {
    "": ("All units", lambda _unit, _today: True),
    "ending": ("Ending in 60 days", lambda unit, today: any(_ends_soon(unit, today))),
    "unlet": ("No current lease", lambda unit, _today: not _current(unit)),
    "overlap": ("Overlapping", lambda unit, today: overlapping(unit.leases, today=today)),
    "missing": (
        "No longer in the PMS",
        lambda unit, _today: any(lease.missing for lease in unit.leases),
    ),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A bar of the drawing, in its own units, with the lease in words."""

    x: int
    y: int
    width: int
    height: int
    tone: str
    words: str


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """A unit with its leases; `others` counts those outside the months on show."""

    unit: UnitFacts
    bars: tuple[Drawn, ...]
    height: int
    others: int
    overlaps: bool

    @property
    def words(self) -> str:
        """Say what the drawing shows."""
        return "; ".join(bar.words for bar in self.bars) or "no lease in these months"


@require_safe
@signed_in
def property_leases(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show who has leased which unit and when, over some months."""
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, access.Action.READ, user=request.user, pk=pk)
    today = timezone.localdate()
    window = _window(request.GET.get("from", ""), today)
    units = [unit for unit in read_units(place) if unit.leases or not unit.missing]
    wanted = request.GET.get("show", "")
    shown = wanted if wanted in _FILTERS else ""
    chosen = [unit for unit in units if _FILTERS[shown][1](unit, today)]
    named = chosen_filters(show=_FILTERS[shown][0] if shown else "")
    if answer := list_file(request, lambda: lease_sheet(place, chosen, filters=named)):
        return answer
    page = Paginator(chosen, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "place": place,
        "page": page,
        "rows": [_row(unit, window, today) for unit in page],
        "unit_count": len(units),
        "months": window.months,
        "drawing_width": MONTHS_SHOWN * _MONTH_WIDTH,
        "today_at": _today_at(window, today),
        "filters": _filters(place, units, shown, today, request.GET.get("from", "")),
        "earlier": f"{window.moved(-_STEP).first:%Y-%m}",
        "later": f"{window.moved(_STEP).first:%Y-%m}",
        "is_moved": window != usual_window(today),
        "breadcrumbs": above_property(place),
    }
    return render(request, "portfolios/property_leases.html", context)


def _window(text: str, today: date) -> Window:
    """Read the first month that is asked for; nonsense shows the usual ones."""
    found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text, re.ASCII)
    return Window(date(int(found[1]), int(found[2]), 1)) if found else usual_window(today)


def _row(unit: UnitFacts, window: Window, today: date) -> LeaseRow:
    bars = lay_out(unit.leases, window, today=today)
    lanes = max((bar.lane for bar in bars), default=0) + 1
    return LeaseRow(
        unit=unit,
        bars=tuple(_drawn(bar) for bar in bars),
        height=lanes * _LANE_HEIGHT,
        others=len(unit.leases) - len(bars),
        overlaps=overlapping(unit.leases, today=today),
    )


def _drawn(bar: Bar) -> Drawn:
    return Drawn(
        x=round(bar.left * _MONTH_WIDTH),
        y=bar.lane * _LANE_HEIGHT + 3,
        width=max(round(bar.width * _MONTH_WIDTH), 2),
        height=_LANE_HEIGHT - 6,
        tone="danger" if bar.lease.missing else _TONES[bar.lease.status],
        words=lease_words(bar.lease),
    )


def lease_words(lease: LeaseFacts) -> str:
    """Say who leases from when to when, and what the PMS calls it."""
    who = lease.resident_name or "Name not known"
    start = f"{lease.start:%-d %b %Y}" if lease.start else "start not known"
    is_over = lease.status is LeaseStatus.PAST
    end = "end not known" if is_over else "open"
    if lease.end:
        end = f"{lease.end - timedelta(days=1):%-d %b %Y}"
    gone = ", no longer in the PMS" if lease.missing else ""
    return f"{who}, {start} to {end}, {lease.status.label.lower()}{gone}"


def _today_at(window: Window, today: date) -> int | None:
    place = window.place_of(today)
    return round(place * _MONTH_WIDTH) if 0 <= place < MONTHS_SHOWN else None


def _current(unit: UnitFacts) -> list[LeaseFacts]:
    return [lease for lease in unit.leases if lease.is_current]


def _ends_soon(unit: UnitFacts, today: date) -> list[bool]:
    return [
        lease.end is not None and today < lease.end <= today + _SOON for lease in _current(unit)
    ]


def _filters(
    place: Property, units: Sequence[UnitFacts], shown: str, today: date, start: str
) -> list[Filter]:
    here = reverse("portfolios:property-leases", args=[place.pk])
    kept = f"&from={start}" if start and _window(start, today) != usual_window(today) else ""
    return [
        Filter(
            label=label,
            count=sum(keeps(unit, today) for unit in units),
            url=f"{here}?show={key}{kept}",
            active=key == shown,
        )
        for key, (label, keeps) in _FILTERS.items()
    ]

"""The history of a property: who did what to it and its rows, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import Truncator, capfirst
from django.views.decorators.http import require_safe

from meterbase.lib.money import format_dollars
from meterbase.lib.searching import has_words, words_of
from meterbase.lib.sheets import chosen_filters
from portfolios import access
from portfolios.history import events_of
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import AuditEvent, Property
from portfolios.views.breadcrumbs import above_property
from portfolios.views.history_sheet import history_sheet
from portfolios.views.properties import PAGE_SIZE

_WORDS = ("subject_label", "actor_name", "note", "verb")
_LONGEST_VALUE = 200

# The pages of rows that are never deleted.
_PAGES = {
    "portfolios.unit": "portfolios:unit-edit",
    "portfolios.unitimport": "portfolios:unit-import-detail",
    "billing.utilitybill": "billing:bill-detail",
    "billing.calculation": "billing:calculation-detail",
    "billing.posting": "billing:posting-detail",
    "integrations.syncrun": "integrations:sync-detail",
}


@dataclass(frozen=True, slots=True)
class Change:
    """A value before and after; empty where there was none."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """An act in words; `url` leads to what it was done to, where that has a page."""

    event: AuditEvent
    what: str
    url: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Choice:
    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str


@require_safe
@signed_in
def property_history(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show what was done to a property and its rows, the newest first."""
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, access.Action.READ, user=request.user, pk=pk)
    events = events_of(place)
    text, verb = request.GET.get("q", ""), request.GET.get("what", "")
    who = request.GET.get("who", "")
    found = events.filter(has_words(words_of(text), *_WORDS))
    if verb:
        found = found.filter(verb=verb[:60])
    if who in ("people", "meterbase"):
        found = found.filter(actor__isnull=who == "meterbase")
    choices = [_whats(events.order_by(), verb), _whos(who)]
    named = chosen_filters(q=text, choices=choices)
    if answer := list_file(
        request, lambda: history_sheet(place, found, filters=named, in_words=_in_words)
    ):
        return answer
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "place": place,
        "page": page,
        "rows": [_row(event) for event in page],
        "q": text,
        "choices": choices,
        "is_narrowed": bool(text or verb or who),
        "breadcrumbs": above_property(place),
    }
    return render(request, "portfolios/property_history.html", context)


def _whats(events: Any, chosen: str) -> _Choice:
    verbs = sorted(set(events.values_list("verb", flat=True).distinct()))
    options = (("", "Anything"), *((verb, act_in_words(verb)) for verb in verbs))
    return _Choice("what", "What", options, chosen)


def _whos(chosen: str) -> _Choice:
    options = (("", "Anybody"), ("people", "People"), ("meterbase", "MeterBase by itself"))
    return _Choice("who", "Who", options, chosen)


def act_in_words(verb: str) -> str:
    """Write a dotted verb as people say it: "bill.entered" is "Bill entered"."""
    return str(capfirst(verb.replace(".", " ").replace("_", " ")))


def _row(event: AuditEvent) -> EventRow:
    route = _PAGES.get(event.subject_type)
    return EventRow(
        event=event,
        what=act_in_words(event.verb),
        url=reverse(route, args=[event.subject_id]) if route else "",
        changes=tuple(_changes(event.before, event.after)),
    )


def _in_words(event: AuditEvent) -> tuple[str, Iterable[tuple[str, str, str]]]:
    changes = _changes(event.before, event.after)
    named = ((change.name, change.before, change.after) for change in changes)
    return act_in_words(event.verb), named


def _changes(before: Mapping[str, object], after: Mapping[str, object]) -> Iterable[Change]:
    for name in dict.fromkeys((*before, *after)):
        if name.endswith("digest"):
            continue
        was, now = _value(name, before.get(name)), _value(name, after.get(name))
        if was != now:
            yield Change(str(capfirst(_name(name))), was, now)


def _name(name: str) -> str:
    """Write the name of a value as people say it."""
    words = name.removesuffix("_cents").split("_")
    return " ".join("PMS" if word == "pms" else word for word in words)


def _value(name: str, value: object) -> str:
    if value is None or value in ("", {}, [], "{}", "[]"):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if _is_money(name, value):
        return format_dollars(int(str(value)))
    return Truncator(_plain(value)).chars(_LONGEST_VALUE)


def _plain(value: object) -> str:
    """Write a value that has parts as its parts, each with its name; empty ones are left out."""
    if isinstance(value, Mapping):
        told = {_name(name): _value(name, part) for name, part in value.items()}
        return ", ".join(f"{name} {part}" for name, part in told.items() if part)
    if isinstance(value, list):
        return "; ".join(filter(None, (_value("", part) for part in value)))
    return str(value)


def _is_money(name: str, value: object) -> bool:
    """Tell whether a value is in cents: some acts are written down as text."""
    named = name == "amount" or name.endswith("_cents")
    return named and str(value).removeprefix("-").isdecimal()

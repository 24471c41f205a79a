"""How the list of failures is narrowed down, from its address and back into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from billing.causes import CauseKind, cause_of
from billing.failures import CauseSum, FailureFilter, FailureTab, Owner
from integrations.pms.catalog import PLATFORMS
from meterbase.lib.money import cents_from_dollars

# Every name that the address of the list understands, in the order in which it is written.
NAMES = (
    *("show", "q", "cause", "kind", "owner", "property", "pms", "age", "amount", "month"),
    "sort",
)
_AGES = (
    ("1", "More than a day"),
    ("3", "More than 3 days"),
    ("7", "More than a week"),
    ("30", "More than 30 days"),
)
_AMOUNTS = ("25", "50", "100", "250", "500", "1000")
_MONTHS_SHOWN = 18
_LONGEST_VALUE = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of the filter bar."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: str = field(default="")


def tab_of(query: Mapping[str, str]) -> FailureTab:
    """Read which list is wanted."""
    wanted = query.get("show", "")
    return FailureTab(wanted) if wanted in list(FailureTab) else FailureTab.OPEN


def filter_of(query: QueryDict) -> FailureFilter:
    """Read what narrows the list; what makes no sense narrows nothing."""
    kind, owner = query.get("kind", ""), query.get("owner", "")
    pms = query.get("pms", "")
    return FailureFilter(
        words=query.get("q", "")[:_LONGEST_VALUE],
        cause=_code(query),
        kind=CauseKind(kind) if kind in CauseKind.values else None,
        owner=Owner(owner) if owner in list(Owner) else None,
        place=_number(query.get("property", "")),
        pms=pms if any(pms == platform.key for platform in PLATFORMS) else "",
        older_than_days=_number(query.get("age", ""), most=3650),
        at_least_cents=_cents(query.get("amount", "")),
        month=_month(query.get("month", "")),
    )


def _code(query: QueryDict) -> str | None:
    """Read an error code; an empty one is a cause too, but not where a form left it open."""
    code = query.get("cause")
    if code is None or "\x00" in code:
        return None
    is_form = "q" in query
    return None if is_form and not code else code[:40]


def _number(text: str, *, most: int = 10**18) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        return None
    return int(text) if int(text) <= most else None


def _cents(text: str) -> int | None:
    if text not in _AMOUNTS:
        return None
    return int(cents_from_dollars(Decimal(text)))


def _month(text: str) -> date | None:
    year, _, month = text.partition("-")
    if not (len(year) == 4 and year.isdigit() and month.isdigit() and len(text) == 7):
        return None
    try:
        return date(int(year), int(month), 1)
    except ValueError:
        return None


def query_of(query: QueryDict, **changes: str | None) -> dict[str, str]:
    """Keep what the list understands of an address, with changes; None leaves a part out."""
    kept = {name: query.get(name, "")[:_LONGEST_VALUE].replace("\x00", "") for name in NAMES}
    kept = {name: text for name, text in kept.items() if text or name in changes}
    if "cause" in query and not query["cause"] and "q" not in query:
        kept["cause"] = ""
    merged: dict[str, str | None] = {**kept, **changes}
    return {name: text for name, text in merged.items() if text is not None}


def list_url(query: Mapping[str, str]) -> str:
    """Write the address of a list."""
    return reverse("billing:failure-list", query=dict(query))


def tabs(query: QueryDict, counts: Mapping[FailureTab, int]) -> list[dict[str, object]]:
    """Describe the lists with their counts; what narrows one of them narrows all."""
    chosen = tab_of(query)
    names = {
        FailureTab.OPEN: "Open",
        FailureTab.RETRYING: "Retrying",
        FailureTab.SNOOZED: "Snoozed",
        FailureTab.RESOLVED: "Resolved",
    }
    return [
        {
            "label": label,
            "count": counts[tab],
            "url": list_url(query_of(query, show=_show(tab), cause=None)),
            "active": tab is chosen,
        }
        for tab, label in names.items()
    ]


def _show(tab: FailureTab) -> str | None:
    return None if tab is FailureTab.OPEN else tab.value


def choices(
    query: QueryDict,
    found: FailureFilter,
    *,
    causes: Iterable[CauseSum],
    places: Iterable[Sequence[Any]],
) -> list[Choice]:
    """Describe what can be chosen; `places` are the keys and names of the properties offered."""
    offered = sorted(places, key=lambda place: (place[1].casefold(), place[0]))
    codes = [(each.code, cause_of(each.code).title) for each in causes if each.code]
    platforms = [(platform.key, platform.name) for platform in PLATFORMS]
    owners = [(Owner.MINE.value, "Mine"), (Owner.NOBODY.value, "Nobody's yet")]
    amounts = [(text, f"${int(text):,} or more") for text in _AMOUNTS]
    return [
        _choice(query, "owner", "Whose", "Everybody's", owners),
        _choice(query, "kind", "Who has to act", "All", CauseKind.choices),
        _choice(query, "cause", "Cause", "All", codes),
        _choice(query, "property", "Property", "All", [(str(pk), name) for pk, name in offered]),
        _choice(query, "pms", "PMS", "All", platforms),
        _choice(query, "age", "Age", "Any", _AGES),
        _choice(query, "amount", "Amount", "Any", amounts),
        _choice(query, "month", "Service in", "Any month", _months(found.month)),
    ]


def _choice(
    query: QueryDict, name: str, label: str, nothing: str, options: Iterable[tuple[str, str]]
) -> Choice:
    return Choice(name, label, (("", nothing), *options), query.get(name, ""))


def _months(chosen: date | None) -> list[tuple[str, str]]:
    today = timezone.localdate()
    newest = today.year * 12 + today.month - 1
    months = [
        date(number // 12, number % 12 + 1, 1)
        for number in range(newest, newest - _MONTHS_SHOWN, -1)
    ]
    if chosen is not None and chosen not in months:
        months.append(chosen)
    return [(f"{month:%Y-%m}", f"{month:%B %Y}") for month in months]

"""Which bills a report is about, from its address and back into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from billing.models import Utility, UtilityBill
from billing.reports.scope import Scope
from billing.views.filter_choices import Choice, chosen_key, row_choice, utility_choice
from meterbase.lib.months import Months, NotAMonth, months_up_to, read_month
from meterbase.lib.sheets import chosen_filters
from portfolios import access
from portfolios.http import SignedInRequest
from portfolios.models import Portfolio, Property

# Each month is a column, or a point of a chart: nobody can read more, and they take long to make.
_MOST_MONTHS = 36
_OLDEST_YEAR = 2000
_NEWEST_YEAR = 2999


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asks a report for.

    Shape: `filters` name what is chosen for whoever reads a file of it; `note` says where fewer
        months are shown than were asked for.
    """

    scope: Scope
    choices: tuple[Choice, ...]
    is_narrowed: bool
    note: str

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """Name what is chosen, for a file."""
        return chosen_filters(choices=self.choices)


def asked_of(request: SignedInRequest, *, months: int = 12, place: Property | None = None) -> Asked:
    """Read what is asked for; what makes no sense narrows nothing.

    Shape: without months in the address, so many of them up to this one; with `place` the address
        can name no other property.
    """
    query = request.GET
    utility = query.get("utility", "")
    wanted = months_of(query, timezone.localdate(), usual=months)
    scope = Scope(
        months=months_up_to(wanted.last, min(len(wanted), _MOST_MONTHS)),
        portfolio=None if place else chosen_key(query, "portfolio"),
        place=place.pk if place else chosen_key(query, "property"),
        utility=utility if utility in Utility.values else "",
    )
    choices = [*([] if place else _rows_offered(request)), utility_choice(query)]
    return Asked(
        scope=scope,
        choices=(*choices, *month_choices(scope.months)),
        is_narrowed=any(query.get(name) for name in NAMES),
        note=_note(scope.months) if scope.months != wanted else "",
    )


def _note(months: Months) -> str:
    return f"A report covers {_MOST_MONTHS} months at most: {months.words}."


NAMES = ("portfolio", "property", "utility", "from", "to")


def bills_asked(request: SignedInRequest, scope: Scope) -> QuerySet[UtilityBill]:
    """Select the bills that a report is about and its reader may see."""
    return scope.keep(access.rows(UtilityBill, user=request.user))


def months_of(query: QueryDict, today: date, *, usual: int) -> Months:
    """Read the months; two in the wrong order are taken in the right one."""
    newest = months_up_to(today, usual).last
    last = _month(query.get("to", "")) or newest
    first = _month(query.get("from", "")) or months_up_to(last, usual).first
    return Months(*sorted((first, last)))


def _month(text: str) -> date | None:
    try:
        month = read_month(text)
    except NotAMonth:
        return None
    return month if _OLDEST_YEAR <= month.year <= _NEWEST_YEAR else None


def month_choices(months: Months) -> tuple[Choice, Choice]:
    """Offer the months that a report can begin and end with."""
    offered = list(months_up_to(timezone.localdate(), _MOST_MONTHS))[::-1]
    both = sorted({*offered, months.first, months.last}, reverse=True)
    options = tuple((written(month), f"{month:%B %Y}") for month in both)
    return (
        Choice("from", "From", written(months.first), options),
        Choice("to", "To", written(months.last), options),
    )


def written(month: date) -> str:
    """Write a month as addresses do."""
    return f"{month:%Y-%m}"


def query_for(scope: Scope, **changes: object) -> dict[str, str]:
    """Write what a report is about as the parts of an address, with changes."""
    parts = {
        "portfolio": scope.portfolio,
        "property": scope.place,
        "utility": scope.utility,
        "from": written(scope.months.first),
        "to": written(scope.months.last),
    }
    merged = parts | changes
    return {name: str(value) for name, value in merged.items() if value not in (None, "")}


def report_tabs(scope: Scope) -> Sequence[tuple[str, str, str]]:
    """Lead from report to report, each about the same; a property stays chosen.

    Shape: key, label and address of each.
    """
    reports = (
        ("recovery", "Recovery", "report-recovery"),
        ("costs", "Costs", "report-costs"),
        ("charges", "Charges per unit", "report-charges"),
        ("month-end", "Month-end", "report-month-end"),
    )
    kept = {name: value for name, value in query_for(scope).items() if name in NAMES[:3]}
    return [
        (key, label, reverse(f"billing:{name}", query=kept or None)) for key, label, name in reports
    ]


def _rows_offered(request: SignedInRequest) -> list[Choice]:
    portfolios = access.rows(Portfolio, user=request.user).order_by("name", "pk")
    places = access.rows(Property, user=request.user).order_by("name", "pk")
    choices = [row_choice(request.GET, "property", "Property", places)]
    # One portfolio alone is no choice.
    if len(portfolios) > 1:
        choices.insert(0, row_choice(request.GET, "portfolio", "Portfolio", portfolios))
    return choices

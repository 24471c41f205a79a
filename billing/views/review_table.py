"""The table of a calculation as its reviewers read it: beside the last run, by what stands out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from django.http import QueryDict

from billing.last_run import LastRun, compare_with_last_run
from billing.models import Calculation
from billing.rubs.buckets import Bucket
from billing.rubs.changes import Change, LeaseKey, Part, Reason
from billing.views.breakdown import Breakdown, Row, break_down
from billing.views.charge_states import NOT_POSTED, ChargeState, states_of
from billing.views.review_columns import ReviewOrder, unexplained_cents
from billing.views.review_marks import UnitMarks, marks_of_units
from billing.views.wording import billing_month, percent
from meterbase.lib.money import format_dollars
from meterbase.lib.sorting import Heading

# A charge that differs by more than this asks for a look.
LARGE_CHANGE = Fraction(20, 100)

_CHIPS = {
    Reason.METHOD: "Rule",
    Reason.PEOPLE: "People",
    Reason.DAYS: "Days",
    Reason.UNIT: "Unit's figures",
    Reason.READING: "Meter reading",
    Reason.ELSEWHERE: "Other units",
    Reason.USE: "Use",
    Reason.RATE: "Rate",
    Reason.BILL: "Bill",
    Reason.CAP: "Cap",
    Reason.NEW_LEASE: "New lease",
    Reason.NONE: "No reason",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A reason, with the dollars that it made."""

    label: str
    dollars: str
    is_odd: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """A row of the table beside the last run.

    Shape: texts are empty where there is nothing to compare; `marks` names the filters it is in;
        `states` are those of the share and, where it differs, of the fee; `is_choosable` where a
        tick stands for the row's unit.
    Units: cents; `difference_part` of the last charge.
    """

    row: Row
    last_cents: int | None = None
    difference_cents: int | None = None
    difference_part: Fraction | None = None
    unexplained_cents: int | None = None
    is_large: bool = False
    chips: tuple[Chip, ...] = ()
    missing: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    is_left_out: bool = False
    states: tuple[ChargeState, ...] = ()
    marks: frozenset[str] = frozenset()
    is_choosable: bool = False

    @property
    def difference_percent(self) -> str:
        """Write by how much it differs in percent; nothing without a last charge."""
        part = self.difference_part
        if part is None:
            return ""
        return f"{'+' if part > 0 else ''}{percent(part, places=1)}"


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """A ready-made filter for `components/quick_filters.html`."""

    label: str
    count: int
    url: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTable:
    """The rows to show, the filters, and what they are compared with.

    Shape: `show` is the filter's key, empty for all.
    Units: cents.
    """

    rows: tuple[ReviewRow, ...]
    headings: tuple[Heading, ...]
    filters: tuple[ReviewFilter, ...]
    show: str
    has_states: bool
    last: Calculation | None
    last_month: str
    last_recovery: str

    @property
    def is_filtered(self) -> bool:
        """Tell whether not all rows are shown."""
        return bool(self.show)

    @property
    def last_tenants_cents(self) -> int | None:
        """Tell what tenants paid last time."""
        return None if self.last is None else self.last.tenants_cents

    @property
    def choosable_count(self) -> int:
        """Count the units among the rows for which something can be set."""
        return sum(row.is_choosable for row in self.rows)


def review_table(calculation: Calculation, table: Breakdown, *, query: QueryDict) -> ReviewTable:
    """Lay a calculation beside the last one, and keep the rows that were asked for, in order.

    Shape: `show` and `sort` of the query; unknown ones keep all rows, in the order of the units.
    """
    last = compare_with_last_run(calculation)
    known = _Known(calculation, last)
    rows = [known.review(row) for row in table.units]
    wanted = query.get("show", "")
    show = wanted if wanted in _FILTERS else ""
    order = ReviewOrder(table, query, has_last=last is not None, has_states=bool(known.states))
    kept = order.sort([row for row in rows if not show or show in row.marks])
    return ReviewTable(
        rows=tuple(_one_tick_per_unit(kept)),
        headings=tuple(order.headings()),
        filters=tuple(_filters(rows, show, query)),
        show=show,
        has_states=bool(known.states),
        last=last.calculation if last else None,
        last_month=billing_month(last.calculation.bill) if last else "",
        last_recovery=_recovery_change(calculation, last.calculation) if last else "",
    )


def rows_shown(calculation: Calculation, *, show: str) -> list[str]:
    """List the keys of the units that a filter shows and for which something can be set."""
    query = QueryDict(mutable=True)
    query["show"] = show
    table = review_table(calculation, break_down(calculation), query=query)
    return [row.row.unit_key for row in table.rows if row.is_choosable]


class _Known:
    """What every row looks up."""

    def __init__(self, calculation: Calculation, last: LastRun | None) -> None:
        self.states = states_of(calculation)
        self._last = last
        self._capped = _capped(calculation)
        self._marks = marks_of_units(calculation)

    def review(self, row: Row) -> ReviewRow:
        """Lay a row beside the last run."""
        change = self._last.changes.get(row.lease) if self._last and row.lease else None
        marks = self._marks.get(row.unit_key, UnitMarks())
        missing = marks.missing
        if row.charge_id and not row.resident:
            missing = (*missing, "resident's name")
        shown = ReviewRow(
            row=row,
            **(_beside(change) if change else {}),
            missing=missing,
            own=marks.own,
            is_left_out=marks.is_left_out,
            states=tuple(self._states(row)),
            is_choosable=marks.is_choosable,
        )
        return replace(shown, marks=frozenset(self._marked(shown, change)))

    def _states(self, row: Row) -> Iterator[ChargeState]:
        if not self.states:
            return
        said: set[str] = set()
        for charge_id in (row.charge_id, row.fee_id):
            if charge_id is None:
                continue
            state = self.states.get(charge_id, ChargeState(NOT_POSTED))
            if state.badge.label not in said:
                yield state
            said.add(state.badge.label)

    def _marked(self, shown: ReviewRow, change: Change | None) -> Iterator[str]:
        yield from (name for name, belongs in _FILTERS_OF_ROW.items() if belongs(shown, change))
        if shown.row.lease in self._capped:
            yield "capped"


def _beside(change: Change) -> dict[str, Any]:
    return {
        "last_cents": change.before_cents,
        "difference_cents": change.difference_cents,
        "difference_part": _difference_part(change),
        "unexplained_cents": unexplained_cents(change) or None,
        "is_large": _is_large(change),
        "chips": tuple(_chip(part) for part in _by_dollars(change)),
    }


def _one_tick_per_unit(rows: Sequence[ReviewRow]) -> Iterator[ReviewRow]:
    """Leave one tick to each unit, on the first of its rows."""
    ticked: set[str] = set()
    for row in rows:
        key = row.row.unit_key
        yield replace(row, is_choosable=False) if key in ticked else row
        ticked.add(key)


def _is_large(change: Change) -> bool:
    part = _difference_part(change)
    return part is not None and abs(part) > LARGE_CHANGE


def _difference_part(change: Change) -> Fraction | None:
    if not change.before_cents or change.difference_cents is None:
        return None
    return Fraction(change.difference_cents, abs(change.before_cents))


def _by_dollars(change: Change) -> list[Part]:
    return sorted(change.parts, key=lambda part: -abs(part.cents))


def _chip(part: Part) -> Chip:
    label = ", ".join(_CHIPS[reason] for reason in part.reasons)
    is_new = part.reasons == (Reason.NEW_LEASE,)
    sign = "+" if part.cents > 0 else ""
    dollars = "" if is_new else f"{sign}{format_dollars(part.cents)}"
    return Chip(label, dollars, is_odd=Reason.NONE in part.reasons)


def _recovery_change(calculation: Calculation, last: Calculation) -> str:
    """Say how the recovery stands beside the last one's."""
    now, was = (
        percent(Fraction(run.tenants_cents, run.bill_cents), places=1)
        for run in (calculation, last)
    )
    return f"last run {was}" if now != was else "as last time"


def _capped(calculation: Calculation) -> frozenset[LeaseKey]:
    """Find the leases whose share was cut by a cap or raised to a minimum."""
    held = {Bucket.CAP, Bucket.MINIMUM}
    lines: Sequence[Mapping[str, Any]] = calculation.result["owner"]
    return frozenset(
        (line["unit_key"], line["lease_key"]) for line in lines if Bucket(line["bucket"]) in held
    )


_Belongs = Callable[[ReviewRow, Change | None], bool]


def _has_moved(_shown: ReviewRow, change: Change | None) -> bool:
    return _has_reason(change, Reason.NEW_LEASE) or _has_reason(change, Reason.DAYS)


def _is_not_positive(shown: ReviewRow, _change: Change | None) -> bool:
    return shown.row.charge_cents is not None and shown.row.charge_cents <= 0


def _is_unexplained(_shown: ReviewRow, change: Change | None) -> bool:
    return _has_reason(change, Reason.NONE)


def _has_reason(change: Change | None, reason: Reason) -> bool:
    return change is not None and any(reason in part.reasons for part in change.parts)


def _needs_decision(shown: ReviewRow, change: Change | None) -> bool:
    """Find what no rule explains: somebody has to look before it is approved, or was posted."""
    waits = any(state.needs_decision for state in shown.states)
    return waits or _is_unexplained(shown, change) or _is_not_positive(shown, change)


_FILTERS_OF_ROW: dict[str, _Belongs] = {
    "decide": _needs_decision,
    "changed": lambda shown, _change: shown.is_large,
    "no_reason": _is_unexplained,
    "not_positive": _is_not_positive,
    "new": _has_moved,
    "missing": lambda shown, _change: bool(shown.missing),
    "overridden": lambda shown, _change: bool(shown.own) or shown.is_left_out,
    "owner": lambda shown, _change: shown.row.charge_cents is None,
}
_FILTERS = {
    "decide": "Needs a decision",
    "changed": f"Changed by more than {percent(LARGE_CHANGE, places=0)}",
    "no_reason": "No reason",
    "not_positive": "Zero or negative",
    "capped": "At a cap or minimum",
    "new": "New or moved",
    "missing": "Missing data",
    "overridden": "Overridden",
    "owner": "Borne by the owner",
}


def _filters(rows: Sequence[ReviewRow], wanted: str, query: QueryDict) -> list[ReviewFilter]:
    """List the filters that would show something, all rows first."""
    filters = [ReviewFilter("All", len(rows), _url("", query), active=not wanted)]
    for name, label in _FILTERS.items():
        count = sum(name in row.marks for row in rows)
        if count or name in (wanted, "decide"):
            filters.append(ReviewFilter(label, count, _url(name, query), active=name == wanted))
    return filters


def _url(show: str, query: QueryDict) -> str:
    kept = QueryDict(mutable=True)
    if show:
        kept["show"] = show
    sort = query.get("sort", "")
    if sort:
        kept["sort"] = sort
    return f"?{kept.urlencode()}#units"

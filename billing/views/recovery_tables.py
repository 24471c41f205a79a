"""The recovery of bills as its page shows it: the steps of the waterfall, and groups of bills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.urls import reverse
from django.utils.http import urlencode

from billing.models import Utility
from billing.reports.recovery import Recovery
from billing.reports.scope import Scope
from billing.reports.steps import NAMES, Fate, Step
from billing.views.report_filters import query_for, written
from billing.words import percent
from meterbase.lib.charts import (
    BarChart,
    BarGroup,
    BarPart,
    Leak,
    Waterfall,
    bar_chart,
    waterfall,
)

# A step's colour tells whether nobody, somebody in time or somebody at once has to do with it.
_TONES = {
    Step.NOT_APPROVED: "info",
    Step.FAILED: "danger",
    Step.UNKNOWN: "unknown",
    Step.TO_POST: "info",
    Step.WAITING: "info",
    Step.REVERSED: "warning",
    Step.CLOSED: "warning",
    Step.UNEXPLAINED: "danger",
    Step.RECOVERED: "success",
}


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step in the table beside the waterfall.

    Units: cents.
    """

    name: str
    cents: int
    part: str
    url: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Bills divided by what has become of their money.

    Units: cents.
    """

    name: str
    url: str
    billed: int
    owner: int
    open: int
    lost: int
    recovered: int
    part: str


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Groups of one kind; `column` names what they are, `total` is what they add up to."""

    column: str
    rows: tuple[GroupRow, ...]
    total: GroupRow


# A name, what narrows the report down to the group, and the group.
_Group = tuple[str, dict[str, object], Recovery]


def recovered_part(found: Recovery) -> str:
    """Write which part of the bills came back."""
    return _part(found.recovered_cents, found.billed_cents)


def steps_chart(found: Recovery, scope: Scope) -> Waterfall:
    """Draw the steps from the bills down to what came back."""
    return waterfall(
        Leak("Billed by the utilities", found.billed_cents, "neutral", step_url(scope, None)),
        [_leak(found, scope, step) for step in found.steps if step is not Step.RECOVERED],
        _leak(found, scope, Step.RECOVERED),
    )


def step_rows(found: Recovery, scope: Scope) -> list[StepRow]:
    """Write the steps out, without the bills that they add up to."""
    steps = [step for step in found.steps if step is not Step.RECOVERED]
    leaks = [_leak(found, scope, step) for step in (*steps, Step.RECOVERED)]
    return [
        StepRow(leak.label, leak.cents, _part(leak.cents, found.billed_cents), leak.url)
        for leak in leaks
    ]


def step_url(scope: Scope, step: Step | None) -> str:
    """Lead to what a step consists of; without a step, to all bills."""
    if step is None:
        return reverse("billing:report-bills", query=query_for(scope))
    return reverse("billing:report-step", args=[step.value], query=query_for(scope))


def months_chart(found: Recovery, scope: Scope) -> BarChart:
    """Draw what was billed and what came back, month by month."""
    parts = dict(found.by(lambda bill: bill.month))
    nothing = Recovery(())
    return bar_chart([_month_bars(month, parts.get(month, nothing)) for month in scope.months])


def _month_bars(month: date, part: Recovery) -> BarGroup:
    billed = BarPart("Billed", part.billed_cents, "neutral")
    recovered = BarPart("Recovered", part.recovered_cents, "success")
    return BarGroup(f"{month:%b %y}", f"{month:%B %Y}", (billed, recovered))


def group_tables(found: Recovery, scope: Scope, *, here: str) -> list[GroupTable]:
    """Divide the bills by month, by utility and by property; one group alone says nothing."""
    kinds = (
        ("Month", _by_month(found)),
        ("Utility", _by_utility(found)),
        ("Property", _by_property(found)),
    )
    total = _row("Total", here, found)
    tables = [GroupTable(column, _rows(groups, scope, here), total) for column, groups in kinds]
    return [table for table in tables if len(table.rows) > 1]


def _by_month(found: Recovery) -> Iterator[_Group]:
    for month, part in found.by(lambda bill: bill.month):
        yield f"{month:%B %Y}", {"from": written(month), "to": written(month)}, part


def _by_utility(found: Recovery) -> Iterator[_Group]:
    for utility, part in found.by(lambda bill: bill.utility):
        yield Utility(utility).label, {"utility": utility}, part


def _by_property(found: Recovery) -> Iterator[_Group]:
    for (name, pk), part in found.by(lambda bill: (bill.place_name, bill.place_id)):
        yield name, {"property": pk}, part


def _rows(groups: Iterable[_Group], scope: Scope, here: str) -> tuple[GroupRow, ...]:
    return tuple(
        _row(name, f"{here}?{urlencode(query_for(scope, **narrowed))}", part)
        for name, narrowed, part in groups
    )


def _row(name: str, url: str, found: Recovery) -> GroupRow:
    return GroupRow(
        name=name,
        url=url,
        billed=found.billed_cents,
        owner=found.fate_cents(Fate.OWNER),
        open=found.fate_cents(Fate.OPEN),
        lost=found.fate_cents(Fate.LOST),
        recovered=found.recovered_cents,
        part=recovered_part(found),
    )


def _leak(found: Recovery, scope: Scope, step: Step) -> Leak:
    cents = found.steps.get(step, 0)
    return Leak(NAMES[step], cents, _TONES.get(step, "neutral"), step_url(scope, step))


def _part(cents: int, whole: int) -> str:
    return percent(Fraction(cents, whole), places=1) if whole else ""

"""What each utility costs a property per day and per unit, and which bills looked odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.models import Utility
from billing.reports.costs import CostBill, MonthCost, UtilityCosts, read_costs
from billing.views.report_filters import asked_of, bills_asked, report_tabs
from billing.views.report_places import chosen_place
from billing.views.report_sheets import cost_sheet
from meterbase.lib.charts import LineChart, LinePoint, line_chart
from meterbase.lib.money import format_dollars
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Unit

_MONTHS = 24


@dataclass(frozen=True, slots=True)
class CostRow:
    """A month in the table beside the charts.

    Shape: dollars are written out; empty without a bill.
    """

    month: MonthCost
    per_day: str
    per_unit: str
    bills: tuple[tuple[CostBill, str], ...]


@dataclass(frozen=True, slots=True)
class CostSection:
    """A utility with its charts and its table, the latest month first in it."""

    key: str
    utility: str
    per_day: LineChart
    per_unit: LineChart
    rows: tuple[CostRow, ...]


@require_safe
@signed_in
def report_costs(request: SignedInRequest) -> HttpResponseBase:
    """Show two years of costs per day and per unit of one property."""
    asked = asked_of(request, months=_MONTHS)
    chosen = chosen_place(request, asked)
    scope = replace(asked.scope, place=chosen.pk, portfolio=None)
    units = Unit.objects.filter(property=chosen.pk, missing_since=None).count()
    found = read_costs(bills_asked(request, scope), months=scope.months, units=units)
    if answer := list_file(request, lambda: cost_sheet(found, filters=chosen.filters)):
        return answer
    context = {
        "here": reverse("billing:report-costs"),
        "months": scope.months.words,
        "choices": chosen.choices,
        "is_narrowed": asked.is_narrowed,
        "note": asked.note,
        "tabs": report_tabs(asked.scope),
        "tab": "costs",
        "place": chosen.place,
        "units": units,
        "sections": [_section(costs) for costs in found],
    }
    return render(request, "billing/report_costs.html", context)


def _section(costs: UtilityCosts) -> CostSection:
    return CostSection(
        key=costs.utility,
        utility=Utility(costs.utility).label,
        per_day=_chart(costs.months, [month.per_day for month in costs.months], "a day"),
        per_unit=_chart(costs.months, [month.per_unit for month in costs.months], "a unit"),
        rows=tuple(_row(month) for month in reversed(costs.months) if month.bills),
    )


def _chart(months: Sequence[MonthCost], amounts: Sequence[Fraction | None], per: str) -> LineChart:
    return line_chart(
        [
            LinePoint(
                label=f"{month.month:%b %y}",
                name=f"{month.month:%B %Y}",
                cents=cents,
                words=f"{_dollars(cents)} {per}",
                mark=" ".join(flag.message for flag in month.flags),
            )
            for month, cents in zip(months, amounts, strict=True)
        ]
    )


def _row(month: MonthCost) -> CostRow:
    return CostRow(
        month=month,
        per_day=_dollars(month.per_day),
        per_unit=_dollars(month.per_unit),
        bills=tuple(
            (bill, reverse("billing:bill-detail", args=[bill.bill_id])) for bill in month.bills
        ),
    )


def _dollars(cents: Fraction | None) -> str:
    return "" if cents is None else format_dollars(round(cents))

"""What each unit of a property is charged, month by month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.core.paginator import Paginator
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.reports.unit_charges import UnitCharges, read_unit_charges, totals_of
from billing.views.report_filters import asked_of, bills_asked, report_tabs
from billing.views.report_places import chosen_place
from billing.views.report_sheets import unit_sheet
from billing.views.wording import PAGE_SIZE
from billing.words import natural_order
from meterbase.lib.charts import BarChart, BarGroup, BarPart, Spark, bar_chart, spark
from meterbase.lib.months import Months
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit in the table.

    Shape: `cells` in the order of the months; None where nothing is charged.
    Units: cents.
    """

    label: str
    url: str
    cells: tuple[int | None, ...]
    cents: int
    history: Spark


@require_safe
@signed_in
def report_charges(request: SignedInRequest) -> HttpResponseBase:
    """Show the charges of one property's units as a table of units and months."""
    asked = asked_of(request)
    chosen = chosen_place(request, asked)
    scope = replace(asked.scope, place=chosen.pk, portfolio=None)
    units = sorted(
        read_unit_charges(chosen.pk, bills_asked(request, scope)),
        key=lambda unit: natural_order(unit.label),
    )
    months = scope.months
    if answer := list_file(request, lambda: unit_sheet(units, months, filters=chosen.filters)):
        return answer
    page = Paginator(units, PAGE_SIZE).get_page(request.GET.get("page"))
    totals = totals_of(units)
    context = {
        "here": reverse("billing:report-charges"),
        "months": months.words,
        "choices": chosen.choices,
        "is_narrowed": asked.is_narrowed,
        "note": asked.note,
        "tabs": report_tabs(asked.scope),
        "tab": "charges",
        "place": chosen.place,
        "page": page,
        "month_names": [f"{month:%b %y}" for month in months],
        "rows": list(_rows(list(page), months)),
        "totals": [totals[month] for month in months],
        "total": sum(totals.values()),
        "chart": _chart(totals, months),
    }
    return render(request, "billing/report_charges.html", context)


def _rows(units: Sequence[UnitCharges], months: Months) -> Iterator[UnitRow]:
    highest = max((abs(cents) for unit in units for cents in unit.by_month.values()), default=0)
    for unit in units:
        yield UnitRow(
            label=unit.label,
            url=reverse("portfolios:unit-edit", args=[unit.unit_id]),
            cells=tuple(unit.by_month.get(month) for month in months),
            cents=unit.cents,
            history=spark([unit.by_month.get(month, 0) for month in months], highest=highest),
        )


def _chart(totals: Mapping[date, int], months: Months) -> BarChart:
    return bar_chart(
        [
            BarGroup(
                f"{month:%b %y}",
                f"{month:%B %Y}",
                (BarPart("Charged", totals.get(month, 0), "info"),),
            )
            for month in months
        ]
    )

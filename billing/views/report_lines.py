"""The bills and charges behind a figure of the recovery report, which add up to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.models import CalculationState, Charge, OwnerShare, UtilityBill
from billing.reports.behind import Behind, behind, total_of
from billing.reports.steps import NAMES, OF_CHARGES, Step
from billing.views.report_filters import Asked, asked_of, bills_asked, query_for
from billing.views.wording import PAGE_SIZE
from meterbase.lib.sheets import Cell, Column, Kind, Sheet
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models.scope import PortfolioRow

_NOT_CALCULATED = "Not calculated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row behind a figure.

    Shape: `unit` and `resident` are empty for what is no charge; `what` says more of it.
    Units: cents.
    """

    bill: UtilityBill
    cents: int
    url: str
    unit: str = ""
    resident: str = ""
    what: str = ""


@require_safe
@signed_in
def report_bills(request: SignedInRequest) -> HttpResponseBase:
    """List all bills of a report."""
    return _lines_page(request, None)


@require_safe
@signed_in
def report_step(request: SignedInRequest, step: str) -> HttpResponseBase:
    """List what a step of the recovery consists of."""
    if step not in list(Step):
        raise Http404(f"The recovery has no step {step}.")
    return _lines_page(request, Step(step))


def _lines_page(request: SignedInRequest, step: Step | None) -> HttpResponseBase:
    asked = asked_of(request)
    rows = behind(step, bills_asked(request, asked.scope))
    title = "Billed by the utilities" if step is None else NAMES[step]
    if answer := list_file(request, lambda: _sheet(title, rows, asked)):
        return answer
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    report = reverse("billing:report-recovery", query=query_for(asked.scope))
    context = {
        "title": title,
        "months": asked.scope.months.words,
        "total": total_of(rows),
        "page": page,
        "lines": list(_lines(page)),
        "has_units": step in OF_CHARGES,
        "breadcrumbs": [("Recovery", report)],
        "report": report,
        "here": request.path,
        "choices": asked.choices,
        "is_narrowed": asked.is_narrowed,
        "note": asked.note,
    }
    return render(request, "billing/report_lines.html", context)


def _lines(rows: Iterable[PortfolioRow]) -> Iterator[Line]:
    for row in rows:
        match row:
            case Charge():
                yield _charge_line(row)
            case OwnerShare():
                yield _share_line(row)
            case UtilityBill():
                yield _bill_line(row)


def _charge_line(charge: Charge) -> Line:
    return Line(
        bill=charge.calculation.bill,
        cents=charge.amount_cents,
        url=reverse("billing:charge-detail", args=[charge.pk]),
        unit=charge.unit_label,
        resident=charge.resident_name,
    )


def _share_line(share: OwnerShare) -> Line:
    return Line(
        bill=share.calculation.bill,
        cents=share.amount_cents,
        url=reverse("billing:calculation-detail", args=[share.calculation_id]),
        what=share.get_bucket_display(),
    )


def _bill_line(bill: UtilityBill) -> Line:
    # Both are annotated where the rows are selected.
    state, cents = getattr(bill, "state", None), getattr(bill, "cents", bill.amount_cents)
    return Line(
        bill=bill,
        cents=cents,
        url=reverse("billing:bill-detail", args=[bill.pk]),
        what=CalculationState(state).label if state else _NOT_CALCULATED,
    )


def _sheet(title: str, rows: Behind, asked: Asked) -> Sheet:
    columns = (
        *(Column(name) for name in ("property", "unit", "resident", "utility")),
        Column("service from", Kind.DATE),
        Column("service to", Kind.DATE),
        Column("what"),
        Column("amount", Kind.CENTS),
    )
    return Sheet(title, asked.filters, columns, _cells(rows))


def _cells(rows: Behind) -> Iterator[Sequence[Cell]]:
    for line in _lines(rows):
        bill = line.bill
        yield (
            bill.property.name,
            line.unit,
            line.resident,
            bill.get_utility_display(),
            bill.period_start,
            bill.period_end,
            line.what,
            line.cents,
        )

"""Statements: a property's month, and what one resident is told."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from billing.models import FileKind, PreparedFile, Statement
from billing.statements.archive import safe_name
from billing.statements.content import content_from_json
from billing.statements.issue import (
    NotComplete,
    NothingToIssue,
    charges_told,
    compose_for,
    issue_statement,
    latest_statements,
    missing_in_month,
)
from billing.statements.kept import NotTheSame, statement_pdf
from billing.statements.month import (
    LeaseTotal,
    months_of,
    not_approved_yet,
    read_totals,
    standing_calculations,
)
from billing.statements.pdf import gaps_sentence
from billing.views.breadcrumbs import above_property, below_property
from billing.views.filter_choices import Choice
from billing.views.statement_sheets import statement_sheet
from billing.views.wording import PAGE_SIZE, Badge
from meterbase.lib.months import NotAMonth, read_month
from meterbase.lib.sheets import Sheet
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Lease, Property

_NOT_ISSUED = Badge("Not issued", "neutral")
_CHANGED = Badge("Charges have changed", "warning")
_FILES_SHOWN = 10
# No other has a bill, and not every other has days before and after it.
_YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class Row:
    """A resident of the month, with the statement that was issued last."""

    total: LeaseTotal
    statement: Statement | None
    badge: Badge


@require_safe
@signed_in
def statement_list(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show the statements of a property's month."""
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, Action.READ, user=request.user, pk=pk)
    months = months_of(place)
    month = _chosen_month(request, months)
    rows = _rows(place, month) if month else []
    if month and (answer := list_file(request, lambda: _sheet(place, month, rows))):
        return answer
    context: dict[str, object] = {
        "place": place,
        "month": month,
        "choices": [_month_choice(months, month)],
        "url": reverse("billing:statement-list", args=[place.pk]),
        "may_prepare": access.may(place.portfolio, Action.PREPARE, user=request.user),
        "breadcrumbs": above_property(place),
    }
    if month is not None:
        context |= _month_page(request, place, month, rows)
    return render(request, "billing/statement_list.html", context)


def _rows(place: Property, month: date) -> list[Row]:
    latest, told = latest_statements(place, month), charges_told(place, month)
    totals = read_totals(place, month)
    return [_row(total, latest.get(total.lease.pk), told) for total in totals]


def _sheet(place: Property, month: date, rows: list[Row]) -> Sheet:
    return statement_sheet(place, month, ((row.total, row.statement, row.badge) for row in rows))


def _month_page(
    request: SignedInRequest, place: Property, month: date, rows: list[Row]
) -> dict[str, object]:
    totals = [row.total for row in rows]
    kinds = [FileKind.STATEMENTS_PDF, FileKind.STATEMENTS_ZIP]
    files = PreparedFile.objects.filter(property=place, month=month, kind__in=kinds)
    return {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "count": len(rows),
        "issued": sum(row.badge.tone == "success" for row in rows),
        "total_cents": sum(total.total_cents for total in totals),
        "missing": missing_in_month(place, month, totals, now=timezone.now()),
        "not_approved": not_approved_yet(place, month),
        "calculations": standing_calculations(place, month),
        "files": files.select_related("requested_by", "property")[:_FILES_SHOWN],
        "kinds": [(kind.value, kind.label) for kind in kinds],
    }


def _row(total: LeaseTotal, statement: Statement | None, told: dict[int, frozenset[int]]) -> Row:
    if statement is None:
        return Row(total, None, _NOT_ISSUED)
    if told.get(statement.pk) != total.charges:
        return Row(total, statement, _CHANGED)
    return Row(total, statement, Badge(f"Issued, version {statement.version}", "success"))


def _chosen_month(request: SignedInRequest, months: list[date]) -> date | None:
    wanted = request.GET.get("month", "")
    latest = months[0] if months else None
    return next((month for month in months if f"{month:%Y-%m}" == wanted), latest)


def _month_choice(months: list[date], chosen: date | None) -> Choice:
    options = tuple((f"{month:%Y-%m}", f"{month:%B %Y}") for month in months)
    return Choice("month", "Month", f"{chosen:%Y-%m}" if chosen else "", options)


@require_safe
@signed_in
def statement_detail(request: SignedInRequest, pk: int, month: str) -> HttpResponse:
    """Show what a resident is told of a month: as it was issued, else as it would be."""
    lease, first = _lease(request, pk, Action.READ), _month(month)
    place, now = lease.unit.property, timezone.now()
    composed = compose_for(lease, first, now=now)
    statements = Statement.objects.filter(lease=lease, month=first).select_related("issued_by")
    versions = list(statements.order_by("-version"))
    latest = versions[0] if versions else None
    if composed is None and latest is None:
        raise Http404("Nothing of this month is approved for this resident.")
    content = content_from_json(latest.content) if latest else composed and composed.content
    told = charges_told(place, first)
    context = {
        "lease": lease,
        "place": place,
        "month": month,
        "content": content,
        "gaps": gaps_sentence(content) if content and content.gaps else "",
        "statement": latest,
        "versions": versions,
        "composed": composed,
        "is_due": latest is not None and _still_holds(lease, first, told.get(latest.pk)),
        "not_approved": not_approved_yet(place, first),
        "may_prepare": access.may(place.portfolio, Action.PREPARE, user=request.user),
        "breadcrumbs": [
            *below_property(place),
            ("Statements", f"{reverse('billing:statement-list', args=[place.pk])}?month={month}"),
        ],
    }
    return render(request, "billing/statement_detail.html", context)


def _still_holds(lease: Lease, month: date, told: frozenset[int] | None) -> bool:
    totals = read_totals(lease.unit.property, month)
    standing = next((each.charges for each in totals if each.lease.pk == lease.pk), frozenset())
    return standing == told


@require_POST
@signed_in
def statement_issue(request: SignedInRequest, pk: int, month: str) -> HttpResponse:
    """Issue a resident's statement, or a new version of it."""
    lease, first = _lease(request, pk, Action.PREPARE), _month(month)
    try:
        issued = issue_statement(lease=lease, month=first, by=request.user, now=timezone.now())
    except (NotComplete, NothingToIssue) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, f"Issued as statement {issued.pk}, version {issued.version}: it never changes."
        )
    return redirect("billing:statement-detail", pk=lease.pk, month=month)


@require_safe
@signed_in
def statement_print(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give an issued statement as a PDF, the same bytes every time."""
    statements = Statement.objects.select_related("property__portfolio", "lease__unit")
    statement = access.fetch(statements, Action.READ, user=request.user, pk=pk)
    try:
        content = statement_pdf(statement)
    except NotTheSame as refusal:
        messages.error(request, str(refusal))
        month = f"{statement.month:%Y-%m}"
        return redirect("billing:statement-detail", pk=statement.lease_id, month=month)
    unit = safe_name(statement.content["unit"])
    name = f"statement-{statement.pk}-unit-{unit}-{statement.month:%Y-%m}.pdf"
    response = HttpResponse(content, content_type="application/pdf")
    disposition = content_disposition_header(as_attachment=True, filename=name)
    response["Content-Disposition"] = disposition or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    return response


def _lease(request: SignedInRequest, pk: int, action: Action) -> Lease:
    leases = Lease.objects.select_related("unit__property__portfolio")
    return access.fetch(leases, action, user=request.user, pk=pk)


def _month(text: str) -> date:
    with suppress(NotAMonth):
        month = read_month(text)
        if month.year in _YEARS:
            return month
    raise Http404("A month is written such as 2026-03.")

"""Invoices: what is issued to a unit's resident for a month, as statements are."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Status
from pydantic import BeforeValidator, WithJsonSchema

from billing.api_v1.routes import router
from billing.models import Statement, StatementCharge
from billing.statements.compose import day_from_words
from billing.statements.issue import (
    NotComplete,
    NothingToIssue,
    issue_month,
    issue_statement,
)
from billing.statements.kept import NotTheSame, statement_pdf
from billing.statements.standing import StatementStanding, standings_of
from meterbase.lib.json_api import ApiProblem, Day, Moment, PageQuery, paginate, sample
from portfolios import access
from portfolios.api_v1.shapes import (
    DecimalText,
    FieldId,
    PathId,
    V1Answer,
    V1Body,
    V1Pagination,
    dollars_text,
    pagination_of,
)
from portfolios.bearer import Key, caller
from portfolios.models import Lease, Property, Scope, User

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


def _month(value: object) -> date:
    found = _MONTH.fullmatch(str(value))
    if found is None:
        raise ValueError("must be a month from 2000 on, written as YYYY-MM")
    return date(int(found[1]), int(found[2]), 1)


Month = Annotated[
    date,
    BeforeValidator(_month),
    WithJsonSchema({"type": "string", "pattern": f"^{_MONTH.pattern}$"}),
]


_ANSWERS_A_PDF = {
    "responses": {
        200: {
            "description": "The invoice.",
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
}


class InvoiceQuery(PageQuery):
    """Which invoices are asked for."""

    property_id: FieldId | None = None
    unit_id: FieldId | None = None
    month: Month | None = None


class InvoiceLine(V1Answer):
    """A charge of an invoice; a fee is one of its own."""

    charge_id: str
    utility_type: str
    kind: str
    amount: DecimalText


class InvoiceAnswer(V1Answer):
    """What a unit's resident was told to pay for a month; a new version takes an older one's place.

    Shape: `month` is YYYY-MM. An outdated one tells of other charges than are approved now.
    """

    id: str
    property_id: str
    unit_id: str
    unit_number: str
    tenant_id: str
    tenant_name: str
    lease_id: str
    month: str
    version: int
    status: StatementStanding
    amount: DecimalText
    currency: str
    issued_at: Moment
    due_date: Day | None
    lines: list[InvoiceLine]
    pdf_url: str


class InvoicePage(V1Answer):
    """Some of the invoices, the latest month first."""

    data: list[InvoiceAnswer]
    pagination: V1Pagination


class IssueBody(V1Body):
    """Whose invoices to issue, and for which month."""

    model_config = sample(propertyId="1", month="2026-03")

    property_id: FieldId
    month: Month
    tenant_id: FieldId | None = None


class InvoicesIssued(V1Answer):
    """How many invoices were issued; nothing of the month was left to issue where it is 0."""

    property_id: str
    month: str
    issued: int


@router.get("/invoices", auth=Key(Scope.CHARGES_READ), response=InvoicePage)
def list_invoices(request: HttpRequest, asked: Query[InvoiceQuery]) -> InvoicePage:
    """List the invoices that were issued, one for each unit's resident and month."""
    rows = _latest(access.rows(Statement, user=caller(request)))
    if asked.property_id is not None:
        rows = rows.filter(property=asked.property_id)
    if asked.unit_id is not None:
        rows = rows.filter(lease__unit=asked.unit_id)
    if asked.month is not None:
        rows = rows.filter(month=asked.month)
    page = paginate(_with_parts(rows).order_by("-month", "-pk"), asked)
    standings = standings_of(page.rows)
    return InvoicePage(
        data=[_describe(row, standings[row.pk]) for row in page.rows],
        pagination=pagination_of(page.pagination),
    )


@router.post("/invoices", auth=Key(Scope.INVOICES_WRITE), response={201: InvoicesIssued})
def issue_invoices(request: HttpRequest, body: IssueBody) -> Status[InvoicesIssued]:
    """Issue the invoices of a month: those never issued, and those whose charges have changed.

    With a `tenantId` that tenant's alone, in new words too. What is issued never changes; where
    other charges are approved later, a new version takes its place.
    """
    user = caller(request)
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, access.Action.PREPARE, user=user, pk=body.property_id)
    try:
        count = _issue(place, body, user)
    except NotComplete as error:
        missing = {field.name: [field.label] for field in error.fields}
        raise ApiProblem(409, "not_complete", str(error), missing) from error
    except NothingToIssue as error:
        raise ApiProblem(409, "nothing_to_issue", str(error)) from error
    answer = InvoicesIssued(property_id=str(place.pk), month=f"{body.month:%Y-%m}", issued=count)
    return Status(201, answer)


def _issue(place: Property, body: IssueBody, user: User) -> int:
    said: Any = {"month": body.month, "by": user, "now": timezone.now()}
    if body.tenant_id is None:
        return issue_month(place=place, **said).count
    leases = Lease.objects.filter(unit__property=place).select_related("unit__property__portfolio")
    issue_statement(
        lease=access.fetch(leases, access.Action.PREPARE, user=user, pk=body.tenant_id), **said
    )
    return 1


@router.get("/invoices/{invoice_id}", auth=Key(Scope.CHARGES_READ), response=InvoiceAnswer)
def show_invoice(request: HttpRequest, invoice_id: PathId) -> InvoiceAnswer:
    """Show an invoice; one that a newer version replaced, too."""
    rows = _with_parts(Statement.objects.all())
    found = access.fetch(rows, access.Action.READ, user=caller(request), pk=invoice_id)
    return _describe(found, standings_of([found])[found.pk])


@router.get(
    "/invoices/{invoice_id}/pdf", auth=Key(Scope.CHARGES_READ), openapi_extra=_ANSWERS_A_PDF
)
def print_invoice(request: HttpRequest, invoice_id: PathId) -> HttpResponse:
    """Give an invoice as a PDF, the same bytes every time."""
    rows = Statement.objects.select_related("property__portfolio", "lease__unit")
    statement = access.fetch(rows, access.Action.READ, user=caller(request), pk=invoice_id)
    try:
        content = statement_pdf(statement)
    except NotTheSame as refusal:
        raise ApiProblem(409, "not_the_same", str(refusal)) from refusal
    answer = HttpResponse(content, content_type="application/pdf")
    name = f"invoice-{statement.pk}-{statement.month:%Y-%m}.pdf"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _latest(rows: QuerySet[Statement]) -> QuerySet[Statement]:
    """Leave out what a newer version replaced."""
    versions = Statement.objects.filter(lease=OuterRef("lease"), month=OuterRef("month"))
    newest = versions.order_by("-version").values("version")[:1]
    return rows.filter(version=Subquery(newest))


def _with_parts(rows: QuerySet[Statement]) -> QuerySet[Statement]:
    """Read along what an answer shows; of calculations and charges not the figures."""
    lines = StatementCharge.objects.select_related("charge__calculation__bill").defer(
        "charge__explanation", "charge__calculation__inputs", "charge__calculation__result"
    )
    return rows.select_related("lease__unit").prefetch_related(Prefetch("lines", lines))


def _describe(statement: Statement, standing: StatementStanding) -> InvoiceAnswer:
    lease, due_on = statement.lease, statement.content["due_on"]
    return InvoiceAnswer(
        id=str(statement.pk),
        property_id=str(statement.property_id),
        unit_id=str(lease.unit_id),
        unit_number=lease.unit.unit_number,
        tenant_id=str(lease.pk),
        tenant_name=statement.content["resident"],
        lease_id=str(lease.pk),
        month=f"{statement.month:%Y-%m}",
        version=statement.version,
        status=standing,
        amount=dollars_text(statement.total_cents),
        currency="USD",
        issued_at=statement.issued_at,
        due_date=day_from_words(due_on) if due_on else None,
        lines=[_line(line) for line in statement.lines.all()],
        pdf_url=reverse("api:print_invoice", args=[statement.pk]),
    )


def _line(line: StatementCharge) -> InvoiceLine:
    return InvoiceLine(
        charge_id=str(line.charge_id),
        utility_type=line.charge.calculation.bill.utility,
        kind=line.charge.kind,
        amount=dollars_text(line.amount_cents),
    )

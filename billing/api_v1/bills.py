"""Utility bills: entering, reading and voiding them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Status
from pydantic import BeforeValidator, Field, StrictStr, WithJsonSchema
from pydantic.alias_generators import to_camel

from billing.api_v1.routes import router
from billing.forms.bill_lines import MOST_LINES
from billing.forms.bills import BillForm
from billing.models import Calculation, LineKind, Spread, Utility, UtilityBill
from billing.operations.bill_changes import BillVoided, void_bill
from billing.operations.bills import (
    BillAlreadyEntered,
    BillLocked,
    LinesDoNotAddUp,
    enter_bill,
)
from meterbase.lib.json_api import (
    ApiProblem,
    Day,
    IsoDate,
    Moment,
    PageQuery,
    invalid,
    paginate,
    sample,
)
from portfolios import access
from portfolios.api_v1.shapes import (
    DecimalText,
    FieldId,
    Number,
    NumberIn,
    OneOf,
    PathId,
    V1Answer,
    V1Body,
    V1Pagination,
    dollars_text,
    pagination_of,
    problem_of,
)
from portfolios.bearer import Key, caller, key_of
from portfolios.models import Property, Scope

_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,2})?")

UtilityType = Annotated[StrictStr, OneOf(Utility)]
Kind = Annotated[StrictStr, OneOf(LineKind)]
SpreadName = Annotated[StrictStr, OneOf(Spread)]


def _amount(value: object) -> str:
    text = str(value) if isinstance(value, str | int | Decimal) else ""
    if isinstance(value, bool) or not _AMOUNT.fullmatch(text):
        raise ValueError('must be dollars with at most two decimals, such as "142.50"')
    return text


AmountIn = Annotated[
    str,
    BeforeValidator(_amount),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"}),
]


class LineBody(V1Body):
    """A line of a bill; without `spread` it is passed on as is usual for its kind."""

    kind: Kind
    amount: AmountIn
    name: Annotated[StrictStr, Field(max_length=100)] = ""
    spread: SpreadName | None = None


class UtilityBillBody(V1Body):
    """A utility bill.

    Shape: `periodStart` is the first day of service, `periodEnd` the day after the last one; lines,
        if any, add up to the amount.
    """

    model_config = sample(
        propertyId="1",
        utilityType="water",
        periodStart="2026-03-01",
        periodEnd="2026-04-01",
        amount="5661.61",
        accountNumber="7741-03",
    )

    property_id: FieldId
    utility_type: UtilityType
    period_start: IsoDate
    period_end: IsoDate
    amount: AmountIn
    account_number: Annotated[StrictStr, Field(max_length=60)] = ""
    usage: NumberIn | None = None
    usage_unit: Annotated[StrictStr, Field(max_length=20)] = ""
    lines: Annotated[list[LineBody], Field(max_length=MOST_LINES)] = []


class LineOfBill(V1Answer):
    """A line of a bill."""

    kind: str
    name: str
    amount: DecimalText
    spread: str | None


class UtilityBillAnswer(V1Answer):
    """A utility bill; its status is that of its newest calculation."""

    id: str
    property_id: str
    utility_type: str
    account_number: str
    period_start: Day
    period_end: Day
    amount: DecimalText
    usage: Number | None
    usage_unit: str
    status: str
    calculation_id: str | None
    lines: list[LineOfBill]
    created_at: Moment


class UtilityBillPage(V1Answer):
    """Some of the bills, the newest period first."""

    data: list[UtilityBillAnswer]
    pagination: V1Pagination


class UtilityBillQuery(PageQuery):
    """Which bills are asked for."""

    property_id: FieldId | None = None


class UtilityBillVoided(V1Answer):
    """A bill that is out of everything that is shared, counted and listed."""

    success: bool
    id: str


@router.get("/utility-bills", auth=Key(Scope.BILLS_READ), response=UtilityBillPage)
def list_utility_bills(request: HttpRequest, asked: Query[UtilityBillQuery]) -> UtilityBillPage:
    """List the utility bills, the newest period first."""
    rows = access.rows(UtilityBill, user=caller(request))
    if asked.property_id is not None:
        rows = rows.filter(property=asked.property_id)
    page = paginate(_with_parts(rows).order_by("-period_start", "-pk"), asked)
    return UtilityBillPage(
        data=[_describe(bill) for bill in page.rows], pagination=pagination_of(page.pagination)
    )


@router.get("/utility-bills/{bill_id}", auth=Key(Scope.BILLS_READ), response=UtilityBillAnswer)
def show_utility_bill(request: HttpRequest, bill_id: PathId) -> UtilityBillAnswer:
    """Show a utility bill."""
    rows = _with_parts(UtilityBill.objects.all())
    return _describe(access.fetch(rows, access.Action.READ, user=caller(request), pk=bill_id))


@router.post("/utility-bills", auth=Key(Scope.BILLS_WRITE), response={201: UtilityBillAnswer})
def create_utility_bill(request: HttpRequest, body: UtilityBillBody) -> Status[UtilityBillAnswer]:
    """Enter a utility bill of a property."""
    user = caller(request)
    place = access.fetch(
        Property.objects.all(), access.Action.PREPARE, user=user, pk=body.property_id
    )
    # The page's form knows what a bill may say, and says what is wrong in the same words.
    form = BillForm(dict(_as_typed(body)))
    if not form.is_valid():
        raise problem_of(form, _field)
    try:
        bill = enter_bill(place=place, entry=form.entry(), by=user, now=timezone.now())
    except LinesDoNotAddUp as error:
        raise invalid(lines=str(error)) from error
    except BillAlreadyEntered as error:
        details = {"id": str(error.existing.pk)}
        raise ApiProblem(409, "already_entered", str(error), details) from error
    return Status(201, _describe(_with_parts(UtilityBill.objects.all()).get(pk=bill.pk)))


@router.delete("/utility-bills/{bill_id}", auth=Key(Scope.BILLS_WRITE), response=UtilityBillVoided)
def void_utility_bill(request: HttpRequest, bill_id: PathId) -> UtilityBillVoided:
    """Void a bill that is none; one with an approved calculation cannot be."""
    user = caller(request)
    bill = access.fetch(UtilityBill.objects.all(), access.Action.PREPARE, user=user, pk=bill_id)
    reason = f"Deleted by a program with the key {key_of(request).name}."
    try:
        void_bill(bill=bill, reason=reason, by=user, now=timezone.now())
    except BillLocked as error:
        raise ApiProblem(409, "locked", str(error)) from error
    except BillVoided as error:
        raise Http404(str(error)) from error
    return UtilityBillVoided(success=True, id=str(bill_id))


def _with_parts(rows: QuerySet[UtilityBill]) -> QuerySet[UtilityBill]:
    """Read along what an answer shows; of calculations not the figures, which are many."""
    calculations = Calculation.objects.only("bill_id", "version", "state")
    return rows.prefetch_related("lines", Prefetch("calculations", calculations))


def _as_typed(body: UtilityBillBody) -> Iterator[tuple[str, str]]:
    """Write a body as a person would type it into the form."""
    yield "utility", body.utility_type
    yield "account_number", body.account_number
    yield "period_start", body.period_start.isoformat()
    yield "period_end", body.period_end.isoformat()
    yield "amount", body.amount
    yield "usage", body.usage or ""
    yield "usage_unit", body.usage_unit
    for number, line in enumerate(body.lines, start=1):
        yield f"line_{number}_kind", line.kind
        yield f"line_{number}_name", line.name
        yield f"line_{number}_amount", line.amount
        yield f"line_{number}_spread", line.spread or ""


def _field(name: str) -> str:
    """Name a field of the form as this version of the API does."""
    if name.startswith("line_"):
        _line, number, part = name.split("_")
        return f"lines.{int(number) - 1}.{part}"
    return "utilityType" if name == "utility" else to_camel(name)


def _describe(bill: UtilityBill) -> UtilityBillAnswer:
    newest = max(bill.calculations.all(), key=lambda each: each.version, default=None)
    return UtilityBillAnswer(
        id=str(bill.pk),
        property_id=str(bill.property_id),
        utility_type=bill.utility,
        account_number=bill.account_number,
        period_start=bill.period_start,
        period_end=bill.period_end,
        amount=dollars_text(bill.amount_cents),
        usage=bill.usage,
        usage_unit=bill.usage_unit,
        status=newest.state if newest else "not_calculated",
        calculation_id=str(newest.pk) if newest else None,
        lines=[
            LineOfBill(
                kind=line.kind,
                name=line.name,
                amount=dollars_text(line.amount_cents),
                spread=line.spread or None,
            )
            for line in bill.lines.all()
        ],
        created_at=bill.entered_at,
    )

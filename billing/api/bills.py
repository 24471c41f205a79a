"""Entering utility bills."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Query, Status
from pydantic import BeforeValidator, Field, StrictInt, StrictStr, WithJsonSchema

from billing.api.routes import router
from billing.forms.bill_lines import MOST_LINES
from billing.forms.bills import BillForm
from billing.models import BillFlag, Calculation, LineKind, Spread, Utility, UtilityBill
from billing.operations.bills import (
    BillAlreadyEntered,
    LinesDoNotAddUp,
    clear_flag,
    enter_bill,
)
from meterbase.lib.json_api import (
    Answer,
    ApiProblem,
    Body,
    Day,
    DollarsIn,
    IsoDate,
    Moment,
    Money,
    PageQuery,
    Pagination,
    RowId,
    invalid,
    paginate,
    sample,
)
from meterbase.lib.money import dollars_from_cents
from portfolios import access
from portfolios.bearer import Key, caller
from portfolios.models import Property, Scope

_MOST_USAGE = 99_999_999_999


def _usage(value: object) -> Decimal:
    sentence = f"must be a number from 0 to {_MOST_USAGE}, with at most three decimals"
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(sentence)  # noqa: TRY004 - pydantic takes these for findings
    usage = Decimal(value)
    # The size first: a huge exponent must not reach the arithmetic, whose digits are limited.
    if not 0 <= usage <= _MOST_USAGE or usage != usage.quantize(Decimal("0.001")):
        raise ValueError(sentence)
    return usage


UsageIn = Annotated[
    Decimal,
    BeforeValidator(_usage),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": _MOST_USAGE, "multipleOf": 0.001}),
]


class LineBody(Body):
    """A line of a bill; without `spread` it is passed on as is usual for its kind."""

    kind: Annotated[StrictStr, Field(json_schema_extra={"enum": LineKind.values})]
    amount: DollarsIn
    name: Annotated[StrictStr, Field(max_length=100)] = ""
    spread: Annotated[StrictStr, Field(json_schema_extra={"enum": ["", *Spread.values]})] = ""


class BillBody(Body):
    """A utility bill.

    Shape: `period_start` is the first day of service, `period_end` the day after the last one;
        lines, if any, add up to the amount.
    """

    model_config = sample(
        property_id=1,
        utility="water",
        period_start="2026-03-01",
        period_end="2026-04-01",
        amount=5661.61,
        account_number="7741-03",
        usage=412.5,
        usage_unit="kgal",
    )

    property_id: StrictInt
    utility: Annotated[StrictStr, Field(json_schema_extra={"enum": Utility.values})]
    period_start: IsoDate
    period_end: IsoDate
    amount: DollarsIn
    account_number: Annotated[StrictStr, Field(max_length=60)] = ""
    usage: UsageIn | None = None
    usage_unit: Annotated[StrictStr, Field(max_length=20)] = ""
    lines: Annotated[list[LineBody], Field(max_length=MOST_LINES)] = []


class LineAnswer(Answer):
    """A line of a bill."""

    kind: str
    name: str
    amount: Money
    spread: str


class FlagAnswer(Answer):
    """Something about a bill that somebody has to look at before it goes into review."""

    kind: str
    message: str
    cleared: bool


class BillAnswer(Answer):
    """A utility bill; `calculation_id` is its newest calculation.

    Shape: `document_url` is where the utility's own bill is, where one is kept.
    """

    bill_id: int
    property_id: int
    utility: str
    account_number: str
    period_start: Day
    period_end: Day
    amount: Money
    usage: Annotated[Decimal, WithJsonSchema({"type": "number"})] | None
    usage_unit: str
    entered_by: str
    entered_at: Moment
    calculation_id: int | None
    calculation_status: str | None
    document_url: str | None
    lines: list[LineAnswer]
    flags: list[FlagAnswer]


class BillList(Answer):
    """Some of the bills, the newest period first."""

    bills: list[BillAnswer]
    pagination: Pagination


class BillQuery(PageQuery):
    """Which bills are asked for."""

    property_id: RowId | None = None


class FlagNote(Body):
    """What came of looking at a flag."""

    model_config = sample(note="The pool was filled.")

    note: Annotated[StrictStr, Field(min_length=1, max_length=2_000)]


@router.get("/bills", auth=Key(Scope.BILLS_READ), response=BillList)
def list_bills(request: HttpRequest, asked: Query[BillQuery]) -> BillList:
    """List the utility bills, the newest period first."""
    rows = access.rows(UtilityBill, user=caller(request))
    if asked.property_id is not None:
        rows = rows.filter(property=asked.property_id)
    page = paginate(_with_parts(rows).order_by("-period_start", "-pk"), asked)
    return BillList(bills=[_describe(bill) for bill in page.rows], pagination=page.pagination)


@router.get("/bills/{bill_id}", auth=Key(Scope.BILLS_READ), response=BillAnswer)
def show_bill(request: HttpRequest, bill_id: int) -> BillAnswer:
    """Show a utility bill."""
    rows = _with_parts(UtilityBill.objects.all())
    return _describe(access.fetch(rows, access.Action.READ, user=caller(request), pk=bill_id))


def _with_parts(rows: QuerySet[UtilityBill]) -> QuerySet[UtilityBill]:
    """Read along what an answer shows; of calculations not the figures, which are many."""
    calculations = Calculation.objects.only("bill_id", "version", "state")
    return rows.select_related("entered_by", "document").prefetch_related(
        "lines", "flags", Prefetch("calculations", calculations)
    )


@router.post("/bills", auth=Key(Scope.BILLS_WRITE), response={201: BillAnswer})
def create_bill(request: HttpRequest, body: BillBody) -> Status[BillAnswer]:
    """Enter a utility bill of a property."""
    user = caller(request)
    place = access.fetch(
        Property.objects.all(), access.Action.PREPARE, user=user, pk=body.property_id
    )
    # The page's form knows what a bill may say, and says what is wrong in the same words.
    form = BillForm(dict(_as_typed(body)))
    if not form.is_valid():
        raise _refused(form)
    try:
        bill = enter_bill(place=place, entry=form.entry(), by=user, now=timezone.now())
    except LinesDoNotAddUp as error:
        raise invalid(lines=str(error)) from error
    except BillAlreadyEntered as error:
        details = {"bill_id": error.existing.pk}
        raise ApiProblem(409, "already_entered", str(error), details) from error
    return Status(201, _describe(_with_parts(UtilityBill.objects.all()).get(pk=bill.pk)))


@router.post(
    "/bills/{bill_id}/flags/{kind}/clear", auth=Key(Scope.BILLS_WRITE), response=BillAnswer
)
def clear_bill_flag(request: HttpRequest, bill_id: RowId, kind: str, body: FlagNote) -> BillAnswer:
    """Say that a flag of a bill was looked at, and what came of it."""
    user = caller(request)
    # A voided bill is found no more, and so are its flags.
    bill = access.fetch(UtilityBill.objects.all(), access.Action.PREPARE, user=user, pk=bill_id)
    flag = access.fetch(
        BillFlag.objects.select_related("bill"),
        access.Action.PREPARE,
        user=user,
        bill=bill,
        kind=kind,
    )
    if not body.note.strip():
        raise invalid(note="note must say what came of looking at it.")
    clear_flag(flag=flag, note=body.note.strip(), by=user, now=timezone.now())
    return _describe(_with_parts(UtilityBill.objects.all()).get(pk=bill.pk))


def _as_typed(body: BillBody) -> Iterator[tuple[str, str]]:
    """Write a body as a person would type it into the form."""
    for name in ("utility", "account_number", "usage_unit"):
        yield name, getattr(body, name)
    yield "period_start", body.period_start.isoformat()
    yield "period_end", body.period_end.isoformat()
    yield "amount", str(dollars_from_cents(body.amount))
    if body.usage is not None:
        yield "usage", f"{body.usage:f}"
    for number, line in enumerate(body.lines, start=1):
        yield f"line_{number}_kind", line.kind
        yield f"line_{number}_name", line.name
        yield f"line_{number}_amount", str(dollars_from_cents(line.amount))
        yield f"line_{number}_spread", line.spread


def _refused(form: BillForm) -> ApiProblem:
    details = {_field(name): [str(each) for each in found] for name, found in form.errors.items()}
    message = " ".join(sentence for found in details.values() for sentence in found)
    return ApiProblem(422, "validation_error", message, details)


def _field(name: str) -> str:
    """Name a field of the form as the API does: line_1_kind is lines.0.kind there."""
    if not name.startswith("line_"):
        return name
    _line, number, part = name.split("_")
    return f"lines.{int(number) - 1}.{part}"


def _document_url(bill: UtilityBill) -> str | None:
    if not hasattr(bill, "document"):
        return None
    return reverse("api:show_bill_document", args=[bill.pk])


def _describe(bill: UtilityBill) -> BillAnswer:
    newest = max(bill.calculations.all(), key=lambda each: each.version, default=None)
    return BillAnswer(
        bill_id=bill.pk,
        property_id=bill.property_id,
        utility=bill.utility,
        account_number=bill.account_number,
        period_start=bill.period_start,
        period_end=bill.period_end,
        amount=dollars_from_cents(bill.amount_cents),
        usage=bill.usage,
        usage_unit=bill.usage_unit,
        entered_by=str(bill.entered_by),
        entered_at=bill.entered_at,
        calculation_id=newest.pk if newest else None,
        calculation_status=newest.state if newest else None,
        document_url=_document_url(bill),
        lines=[
            LineAnswer(
                kind=line.kind,
                name=line.name,
                amount=dollars_from_cents(line.amount_cents),
                spread=line.spread,
            )
            for line in bill.lines.all()
        ],
        flags=[
            FlagAnswer(kind=flag.kind, message=flag.message, cleared=flag.cleared_at is not None)
            for flag in bill.flags.all()
        ],
    )

"""Calculating bills, and deciding on what came out."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Status
from pydantic import AfterValidator, Field, StrictInt, StrictStr

from billing.api.routes import router
from billing.approval_tiers import approvals_of
from billing.models import Calculation, Charge, UtilityBill
from billing.operations.approvals import (
    AlreadyApproved,
    OwnWork,
    approve_calculation,
    reject_calculation,
)
from billing.operations.calculations import (
    Blocked,
    CannotCalculate,
    NoShareRule,
    OutOfDate,
    WrongState,
    calculate_bill,
    submit_calculation,
)
from billing.queries import blockers, changes_since
from meterbase.lib.json_api import Answer, ApiProblem, Body, Moment, Money, sample
from meterbase.lib.money import dollars_from_cents
from portfolios import access
from portfolios.bearer import Key, caller
from portfolios.models import Scope

_LIVE = ("draft", "in_review", "approved")


class CalculateBody(Body):
    """Which bill to calculate."""

    bill_id: StrictInt


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must say why it is sent back")
    return value.strip()


class RejectBody(Body):
    """Why a calculation is sent back."""

    model_config = sample(reason="Unit 101 was empty in March.")

    reason: Annotated[StrictStr, Field(max_length=2_000), AfterValidator(_not_blank)]


class ChargeAnswer(Answer):
    """What one lease owes; a fee is a charge of its own."""

    charge_id: int
    unit: str
    resident: str
    kind: str
    amount: Money


class CalculationAnswer(Answer):
    """A calculation with its charges.

    Shape: `tenants` and `owner` add up to `bill_amount`; `fees` come on top. `changes` say what is
        out of date, `blockers` what has to be decided before it can go into review.
    """

    calculation_id: int
    bill_id: int
    property_id: int
    version: int
    status: str
    bill_amount: Money
    tenants: Money
    owner: Money
    fees: Money
    prepared_by: str
    prepared_at: Moment
    approvals: int
    approvals_needed: int
    changes: list[str]
    blockers: list[str]
    charges: list[ChargeAnswer]


class ChargeExplained(ChargeAnswer):
    """A charge with every number from which it was calculated."""

    calculation_id: int
    explanation: dict[str, Any]


@router.post("/calculate", auth=Key(Scope.BILLS_WRITE), response={201: CalculationAnswer})
def calculate(request: HttpRequest, body: CalculateBody) -> Status[CalculationAnswer]:
    """Share a bill by the property's rule, as a new version."""
    user = caller(request)
    bill = access.fetch(
        UtilityBill.objects.select_related("property"),
        access.Action.PREPARE,
        user=user,
        pk=body.bill_id,
    )
    try:
        calculation = calculate_bill(bill=bill, by=user, now=timezone.now())
    except NoShareRule as error:
        raise ApiProblem(409, "no_share_rule", str(error)) from error
    except CannotCalculate as error:
        problems = [problem.message for problem in error.problems]
        raise ApiProblem(409, "cannot_calculate", str(error), {"problems": problems}) from error
    except WrongState as error:
        raise ApiProblem(409, "not_possible", str(error)) from error
    return Status(201, _describe(calculation))


@router.get(
    "/calculations/{calculation_id}", auth=Key(Scope.CHARGES_READ), response=CalculationAnswer
)
def show_calculation(request: HttpRequest, calculation_id: int) -> CalculationAnswer:
    """Tell how a calculation stands, with its charges."""
    return _describe(_fetch(request, calculation_id, access.Action.READ))


@router.get("/charges/{charge_id}", auth=Key(Scope.CHARGES_READ), response=ChargeExplained)
def show_charge(request: HttpRequest, charge_id: int) -> ChargeExplained:
    """Explain a charge: every number from which it was calculated."""
    charge = access.fetch(
        Charge.objects.all(), access.Action.READ, user=caller(request), pk=charge_id
    )
    return ChargeExplained(
        **dict(_charge(charge)),
        calculation_id=charge.calculation_id,
        explanation=charge.explanation,
    )


@router.post(
    "/calculations/{calculation_id}/submit",
    auth=Key(Scope.BILLS_WRITE),
    response=CalculationAnswer,
)
def submit(request: HttpRequest, calculation_id: int) -> CalculationAnswer:
    """Hand a draft over to the accountants."""
    calculation = _fetch(request, calculation_id, access.Action.PREPARE)
    try:
        submit_calculation(calculation=calculation, by=caller(request), now=timezone.now())
    except (WrongState, OutOfDate, Blocked) as error:
        raise _in_the_way(error) from error
    return _describe(calculation)


@router.post(
    "/calculations/{calculation_id}/approve",
    auth=Key(Scope.CHARGES_APPROVE),
    response=CalculationAnswer,
)
def approve(request: HttpRequest, calculation_id: int) -> CalculationAnswer:
    """Approve a calculation that somebody else prepared; the last approval locks its figures."""
    calculation = _fetch(request, calculation_id, access.Action.APPROVE)
    try:
        approve_calculation(calculation=calculation, by=caller(request), now=timezone.now())
    except (OwnWork, AlreadyApproved, WrongState, OutOfDate, Blocked) as error:
        raise _in_the_way(error) from error
    return _describe(calculation)


@router.post(
    "/calculations/{calculation_id}/reject",
    auth=Key(Scope.CHARGES_APPROVE),
    response=CalculationAnswer,
)
def reject(request: HttpRequest, calculation_id: int, body: RejectBody) -> CalculationAnswer:
    """Send a calculation back, with a reason for whoever prepared it."""
    calculation = _fetch(request, calculation_id, access.Action.APPROVE)
    try:
        reject_calculation(
            calculation=calculation, reason=body.reason, by=caller(request), now=timezone.now()
        )
    except (OwnWork, WrongState) as error:
        raise _in_the_way(error) from error
    return _describe(calculation)


def _in_the_way(
    error: OwnWork | AlreadyApproved | WrongState | OutOfDate | Blocked,
) -> ApiProblem:
    """Say what keeps a calculation where it is."""
    match error:
        case OwnWork():
            return ApiProblem(403, "permission_denied", str(error))
        case AlreadyApproved():
            return ApiProblem(409, "already_approved", str(error))
        case OutOfDate():
            return ApiProblem(409, "out_of_date", str(error), {"changes": list(error.changes)})
        case Blocked():
            return ApiProblem(409, "blocked", str(error), {"blockers": list(error.blockers)})
    return ApiProblem(409, "not_possible", str(error))


def _fetch(request: HttpRequest, calculation_id: int, action: access.Action) -> Calculation:
    rows = Calculation.objects.select_related("bill__property__portfolio", "prepared_by")
    return access.fetch(rows, action, user=caller(request), pk=calculation_id)


def _describe(calculation: Calculation) -> CalculationAnswer:
    approvals = approvals_of(calculation)
    is_live = calculation.state in _LIVE
    return CalculationAnswer(
        calculation_id=calculation.pk,
        bill_id=calculation.bill_id,
        property_id=calculation.bill.property_id,
        version=calculation.version,
        status=calculation.state,
        bill_amount=dollars_from_cents(calculation.bill_cents),
        tenants=dollars_from_cents(calculation.tenants_cents),
        owner=dollars_from_cents(calculation.owner_cents),
        fees=dollars_from_cents(calculation.fees_cents),
        prepared_by=str(calculation.prepared_by),
        prepared_at=calculation.prepared_at,
        approvals=approvals.count,
        approvals_needed=approvals.needed,
        changes=list(changes_since(calculation)) if is_live else [],
        blockers=list(blockers(calculation)) if is_live else [],
        charges=[_charge(charge) for charge in calculation.charges.order_by("pk")],
    )


def _charge(charge: Charge) -> ChargeAnswer:
    return ChargeAnswer(
        charge_id=charge.pk,
        unit=charge.unit_label,
        resident=charge.resident_name,
        kind=charge.kind,
        amount=dollars_from_cents(charge.amount_cents),
    )

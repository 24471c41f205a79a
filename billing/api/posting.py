"""Posting approved charges."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Status
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    WithJsonSchema,
)

from billing.api.routes import router
from billing.approval_tiers import approvals_of
from billing.duplicates import LONGEST_REASON, Duplicates, LedgerLook
from billing.models import Calculation, CalculationState, PostingJob, UtilityBill
from billing.operations.calculations import OutOfDate, WrongState
from billing.operations.posting_jobs import (
    AlreadyPosted,
    CodeNotMapped,
    Confirmation,
    DuplicatesFound,
    NoPostMonth,
    NothingToPost,
    NotLinked,
    PostingDisabled,
    PostingOrder,
    create_posting_job,
)
from billing.queries import count_job
from integrations.gateways import NotConnected, open_property_gateway
from integrations.pms.errors import NotSupported
from meterbase.lib.json_api import Answer, ApiProblem, Body, IsoDate, Json, calls_pms, sample
from meterbase.lib.money import dollars_from_cents
from portfolios import access
from portfolios.bearer import Key, caller, key_of
from portfolios.models import ApiKey, Property, Scope, User
from portfolios.operations.api_keys import speaks_to_a_test_side


def _first_of_month(value: object) -> date:
    sentence = "must be a month written as YYYY-MM, such as 2026-04"
    if not isinstance(value, str) or len(value) != len("2026-04"):
        raise ValueError(sentence)
    try:
        return date.fromisoformat(f"{value}-01")
    except ValueError:
        raise ValueError(sentence) from None


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must say why residents are to be charged all the same")
    return value


IsoMonth = Annotated[
    date,
    BeforeValidator(_first_of_month),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}$"}),
]


class ConfirmDuplicates(Body):
    """The word of an accountant who has seen what was found, and posts all the same.

    Shape: `findings` is the digest that the refusal gave; it covers exactly what was listed there.
    """

    reason: Annotated[StrictStr, Field(max_length=LONGEST_REASON), AfterValidator(_not_blank)]
    findings: Annotated[StrictStr, Field(min_length=1, max_length=64)]


class PostChargesBody(Body):
    """Which bill's approved charges to post, and how they are to appear in the PMS.

    Shape: `post_month` is the accounting month, for a PMS that takes one; `confirm_duplicates`
        answers the refusal `duplicates_found`.
    """

    model_config = sample(
        property_id=1,
        bill_id=1,
        charge_date="2026-04-01",
        charge_code="UTIL",
        description="March 2026 Utility Charge (RUBS)",
        post_to_pms=True,
    )

    property_id: StrictInt
    bill_id: StrictInt
    charge_date: IsoDate
    charge_code: Annotated[StrictStr, Field(min_length=1, max_length=40)]
    description: Annotated[StrictStr, Field(min_length=1, max_length=120)]
    post_to_pms: StrictBool
    post_month: IsoMonth | None = None
    confirm_duplicates: ConfirmDuplicates | None = None


class StartedJob(Answer):
    """A job that was started; `url` tells how it stands."""

    job_id: str
    status: str
    url: str


@router.post("/post-charges", auth=Key(Scope.CHARGES_POST), response={202: StartedJob})
@calls_pms
def post_charges(request: HttpRequest, body: PostChargesBody) -> Status[StartedJob]:
    """Start posting the approved charges of a bill; the amounts are the calculation's."""
    user = caller(request)
    calculation = _approved_calculation(body, user)
    if body.post_to_pms:
        _refuse_test_key(key_of(request))
    job = _create_job(calculation, _order(body), user)
    url = reverse("api:show_job", args=[job.public_id])
    return Status(202, StartedJob(job_id=job.public_id, status=count_job(job).status, url=url))


def _refuse_test_key(key: ApiKey) -> None:
    """Keep a program that was tried against the sandbox from charging real residents."""
    if key.is_for_tests and not speaks_to_a_test_side():
        message = (
            "This key was made for tests, and MeterBase speaks to a real PMS now. Make a new key "
            "to post charges."
        )
        raise ApiProblem(403, "permission_denied", message)


def _order(body: PostChargesBody) -> PostingOrder:
    said = body.confirm_duplicates
    return PostingOrder(
        charge_date=body.charge_date,
        charge_code=body.charge_code,
        description=body.description,
        post_to_pms=body.post_to_pms,
        post_month=body.post_month,
        confirmed=Confirmation(digest=said.findings, reason=said.reason) if said else None,
    )


def _approved_calculation(body: PostChargesBody, user: User) -> Calculation:
    place = access.fetch(
        Property.objects.all(), access.Action.APPROVE, user=user, pk=body.property_id
    )
    bill = UtilityBill.objects.filter(property=place, pk=body.bill_id).first()
    if bill is None:
        raise Http404(f"Property {place.pk} has no bill {body.bill_id}.")
    calculation = bill.calculations.filter(state=CalculationState.APPROVED).first()
    if calculation is None:
        raise _not_approved(bill)
    return calculation


def _not_approved(bill: UtilityBill) -> ApiProblem:
    """Say what is missing before a bill can be posted: the calculation, or who approves it."""
    text = f"Bill {bill.pk} has no approved calculation. Calculate it, and have it approved."
    waiting = bill.calculations.filter(state=CalculationState.IN_REVIEW).first()
    if waiting is None:
        return ApiProblem(409, "not_approved", text)
    approvals = approvals_of(waiting)
    if approvals.has_tiers:
        text = f"The calculation of bill {bill.pk} is in review with {approvals.words}."
    details: Json = {"approvals": approvals.count, "approvals_needed": approvals.needed}
    return ApiProblem(409, "not_approved", text, details)


def _create_job(calculation: Calculation, order: PostingOrder, user: User) -> PostingJob:
    try:
        return create_posting_job(
            calculation=calculation,
            order=order,
            gateway=open_property_gateway(calculation.bill.property),
            by=user,
            now=timezone.now(),
        )
    except CodeNotMapped as error:
        details: Json = {"charge_code": [str(error)]}
        raise ApiProblem(422, error.code, str(error), details) from error
    except PostingDisabled as error:
        raise ApiProblem(409, "posting_disabled", str(error)) from error
    except AlreadyPosted as error:
        details = {"job_id": error.job.public_id}
        raise ApiProblem(409, "already_posted", str(error), details) from error
    except NoPostMonth as error:
        details = {"post_month": [str(error)]}
        raise ApiProblem(422, "validation_error", f"post_month: {error}", details) from error
    except DuplicatesFound as error:
        details = _describe_found(error.found)
        raise ApiProblem(409, "duplicates_found", str(error), details) from error
    except OutOfDate as error:
        details = {"changes": list(error.changes)}
        raise ApiProblem(409, "out_of_date", str(error), details) from error
    except NotSupported as error:
        details = {"propexo_error_code": error.code}
        raise ApiProblem(409, "not_possible", error.message, details) from error
    except (WrongState, NotLinked, NotConnected, NothingToPost) as error:
        raise ApiProblem(409, "not_possible", str(error)) from error


def _describe_found(found: Duplicates) -> Json:
    """Write what has to be confirmed, with the digest that names exactly this."""
    return {
        "findings": found.digest,
        "duplicates": [
            {
                "kind": finding.kind.value,
                "unit": finding.charge.unit_label,
                "amount": dollars_from_cents(finding.charge.amount_cents),
                "found_amount": dollars_from_cents(finding.found_cents),
                "found_on": finding.found_on.isoformat() if finding.found_on else None,
                "probable": finding.is_probable,
                "job_id": finding.job.public_id if finding.job else None,
                "propexo_charge_id": finding.row.charge_id if finding.row else None,
                "message": finding.sentence,
            }
            for finding in found.findings
        ],
        "ledger": _describe_look(found.look) if found.look else None,
    }


def _describe_look(look: LedgerLook) -> Json:
    return {
        "rows": look.rows,
        "since": look.since.isoformat(),
        "until": look.until.isoformat(),
        "as_of": look.shown_until.isoformat() if look.shown_until else None,
        "unreadable": look.unreadable,
        "unplaced": look.unplaced,
        "problem": look.problem,
    }

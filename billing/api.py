"""The calls of `/api/rubs`."""

from __future__ import annotations

from typing import Annotated

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Router, Status
from pydantic import Field, StrictBool, StrictInt, StrictStr

from billing.models import Calculation, CalculationState, PostingJob, UtilityBill
from billing.operations.calculations import OutOfDate, WrongState
from billing.operations.posting_jobs import (
    AlreadyPosted,
    CodeNotMapped,
    NothingToPost,
    NotLinked,
    PostedBefore,
    PostingDisabled,
    PostingOrder,
    create_posting_job,
)
from billing.queries import count_job, failed_postings
from integrations.gateways import NotConnected, open_property_gateway
from integrations.pms.errors import NotSupported
from meterbase.lib.json_api import ApiProblem, Body, IsoDate, Json
from meterbase.lib.money import dollars_from_cents
from portfolios import access
from portfolios.bearer import caller
from portfolios.models import Property, User

router = Router(tags=["rubs"])


class PostChargesBody(Body):
    """Which bill's approved charges to post, and how they are to appear in the PMS."""

    property_id: StrictInt
    bill_id: StrictInt
    charge_date: IsoDate
    charge_code: Annotated[StrictStr, Field(min_length=1, max_length=40)]
    description: Annotated[StrictStr, Field(min_length=1, max_length=120)]
    post_to_pms: StrictBool
    despite_earlier: StrictBool = False


@router.post("/post-charges", response={202: dict})
def post_charges(request: HttpRequest, body: PostChargesBody) -> Status[Json]:
    """Start posting the approved charges of a bill; the amounts are the calculation's."""
    user = caller(request)
    calculation = _approved_calculation(body, user)
    order = PostingOrder(
        charge_date=body.charge_date,
        charge_code=body.charge_code,
        description=body.description,
        post_to_pms=body.post_to_pms,
        despite_earlier=body.despite_earlier,
    )
    job = _create_job(calculation, order, user)
    url = reverse("api:show_job", args=[job.public_id])
    return Status(202, {"job_id": job.public_id, "status": count_job(job).status, "url": url})


@router.get("/jobs/{job_id}")
def show_job(request: HttpRequest, job_id: str) -> Json:
    """Tell how a posting job stands; the counters add up to `total_charges`."""
    job = access.fetch(
        PostingJob.objects.all(), access.Action.READ, user=caller(request), public_id=job_id
    )
    return describe_job(job)


def describe_job(job: PostingJob) -> Json:
    """Write a job as the API shows it."""
    counts = count_job(job)
    return {
        "job_id": job.public_id,
        "status": counts.status,
        "total_charges": counts.total,
        "posted": counts.posted,
        "failed": counts.failed,
        "pending": counts.pending,
        "unknown": counts.unknown,
        "skipped": counts.skipped,
        "failures": [
            {
                "unit": posting.charge.unit_label,
                "amount": dollars_from_cents(posting.amount_cents),
                "error": posting.error,
                "propexo_error_code": posting.error_code,
            }
            for posting in failed_postings(job)
        ],
    }


def _approved_calculation(body: PostChargesBody, user: User) -> Calculation:
    place = access.fetch(
        Property.objects.all(), access.Action.APPROVE, user=user, pk=body.property_id
    )
    bill = UtilityBill.objects.filter(property=place, pk=body.bill_id).first()
    if bill is None:
        raise Http404(f"Property {place.pk} has no bill {body.bill_id}.")
    calculation = bill.calculations.filter(state=CalculationState.APPROVED).first()
    if calculation is None:
        raise ApiProblem(
            409,
            "not_approved",
            f"Bill {bill.pk} has no approved calculation. Calculate it, and have it approved.",
        )
    return calculation


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
    except PostedBefore as error:
        details = {"job_ids": [found.job.public_id for found in error.earlier]}
        raise ApiProblem(409, "posted_before", str(error), details) from error
    except OutOfDate as error:
        details = {"changes": list(error.changes)}
        raise ApiProblem(409, "out_of_date", str(error), details) from error
    except NotSupported as error:
        details = {"propexo_error_code": error.code}
        raise ApiProblem(409, "not_possible", error.message, details) from error
    except (WrongState, NotLinked, NotConnected, NothingToPost) as error:
        raise ApiProblem(409, "not_possible", str(error)) from error

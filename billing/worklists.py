"""The lists of work that waits for a person: each is a number on the start page and a page."""

from __future__ import annotations

from enum import StrEnum

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from billing.models import (
    Calculation,
    CalculationState,
    Posting,
    PostingJob,
    PostingState,
    UtilityBill,
)

_LIVE = [CalculationState.DRAFT, CalculationState.IN_REVIEW, CalculationState.APPROVED]
_IN_DOUBT = [PostingState.SENDING, PostingState.ACCEPTED, PostingState.UNKNOWN]


class BillStep(StrEnum):
    """What has to be done next with a bill."""

    CALCULATE = "to-calculate"
    CORRECT = "sent-back"
    SUBMIT = "to-submit"
    APPROVE = "in-review"
    POST = "to-post"


def waiting_bills(bills: QuerySet[UtilityBill], step: BillStep) -> QuerySet[UtilityBill]:
    """Keep the bills that wait for one step."""
    return bills.filter(_CONDITIONS[step]())


def count_waiting_bills(bills: QuerySet[UtilityBill]) -> dict[BillStep, int]:
    """Count the bills that wait for each step, in one query."""
    found = bills.aggregate(
        **{step.name: Count("pk", filter=_CONDITIONS[step]()) for step in BillStep}
    )
    return {step: found[step.name] for step in BillStep}


def open_bills(bills: QuerySet[UtilityBill]) -> QuerySet[UtilityBill]:
    """Keep the bills that wait for any step, up to the order to post their charges."""
    return bills.exclude(Q(_calculated(CalculationState.APPROVED)) & Q(Exists(_sent())))


def jobs_under_way(jobs: QuerySet[PostingJob]) -> QuerySet[PostingJob]:
    """Keep the jobs of which something is still to be sent or to be found out."""
    # Each list of states has an index of its own.
    waiting = Posting.objects.filter(state=PostingState.PENDING)
    in_doubt = Posting.objects.filter(state__in=_IN_DOUBT)
    return jobs.filter(Q(pk__in=waiting.values("job")) | Q(pk__in=in_doubt.values("job")))


def _calculated(*states: CalculationState) -> Exists:
    return Exists(Calculation.objects.filter(bill=OuterRef("pk"), state__in=states))


def _refused() -> Q:
    return ~Q(_calculated(*_LIVE)) & Q(_calculated(CalculationState.REJECTED))


def _approved() -> Q:
    return Q(_calculated(CalculationState.APPROVED)) & ~Q(Exists(_sent()))


def _sent() -> QuerySet[PostingJob]:
    return PostingJob.objects.filter(calculation__bill=OuterRef("pk"), post_to_pms=True)


_CONDITIONS = {
    BillStep.CALCULATE: lambda: ~Q(_calculated(*_LIVE, CalculationState.REJECTED)),
    BillStep.CORRECT: _refused,
    BillStep.SUBMIT: lambda: Q(_calculated(CalculationState.DRAFT)),
    BillStep.APPROVE: lambda: Q(_calculated(CalculationState.IN_REVIEW)),
    BillStep.POST: _approved,
}

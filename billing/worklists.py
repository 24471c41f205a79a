"""The lists of work that waits for a person: each is a number on the start page and a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from billing.models import (
    Calculation,
    CalculationState,
    Posting,
    PostingJob,
    PostingState,
    UtilityBill,
)
from meterbase.lib.sql_words import words
from portfolios import access
from portfolios.kept_figures import KeptFigures, totals
from portfolios.models import Property, User

_LIVE = [CalculationState.DRAFT, CalculationState.IN_REVIEW, CalculationState.APPROVED]
# As the index of the table names them.
_IN_DOUBT = words([PostingState.SENDING, PostingState.ACCEPTED, PostingState.UNKNOWN])


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
    """Count the bills that wait for each step, in two queries."""
    calculations = Calculation.objects.filter(bill__in=bills.order_by().values("pk"))
    return _by_step(bills.count(), _by_state(calculations))


def count_waiting_for(user: User) -> tuple[int, dict[BillStep, int]]:
    """Count the bills that a person may see, and those of them that wait for each step."""
    every, voided = (kept.of(user)[0][0] for kept in _kept_counts())
    count = every - voided
    return count, _by_step(count, _kept_states().of(user))


@cache
def _kept_counts() -> tuple[KeptFigures, KeptFigures]:
    """Ask how many bills there are, and how many of them are void."""
    # Looked up property by property, and not bill by bill. Few are void, and an index knows them:
    # to look at each bill for it would take longer than all the rest.
    places = access.rows_to_keep(Property).order_by().values("pk")
    bills = UtilityBill.everything.filter(property__in=places)
    void = UtilityBill.everything.filter(voided_by__isnull=False).order_by().values("pk")
    return (
        KeptFigures(totals(bills, count=Count("pk"))),
        KeptFigures(totals(bills.filter(pk__in=void), count=Count("pk"))),
    )


@cache
def _kept_states() -> KeptFigures:
    return KeptFigures(_by_state(access.rows_to_keep(Calculation).filter(bill__voided_at=None)))


def _by_state(calculations: QuerySet[Calculation]) -> QuerySet[Calculation, Any]:
    """Count calculations by state: all of them, and the bills that wait because of them.

    Shape: for states that matter to the steps.
    """
    live = Calculation.objects.filter(bill=OuterRef("bill"), state__in=_LIVE)
    sent = PostingJob.objects.filter(calculation__bill=OuterRef("bill"), post_to_pms=True)
    is_refused, is_approved = (
        Q(state=state) for state in (CalculationState.REJECTED, CalculationState.APPROVED)
    )
    waits = (
        ~(is_refused | is_approved) | (is_refused & ~Exists(live)) | (is_approved & ~Exists(sent))
    )
    states = calculations.filter(state__in=[*_LIVE, CalculationState.REJECTED]).order_by()
    return states.values_list("state").annotate(
        count=Count("pk"), waiting=Count("bill", filter=waits, distinct=True)
    )


def _by_step(bills: int, states: Iterable[Sequence[Any]]) -> dict[BillStep, int]:
    """Divide bills by their steps; each has one live calculation at most."""
    every, waiting = Counter[str](), Counter[str]()
    for state, count, waits in states:
        every[state], waiting[state] = count, waits
    refused = waiting[CalculationState.REJECTED]
    return {
        BillStep.CALCULATE: bills - sum(every[state] for state in _LIVE) - refused,
        BillStep.CORRECT: refused,
        BillStep.SUBMIT: waiting[CalculationState.DRAFT],
        BillStep.APPROVE: waiting[CalculationState.IN_REVIEW],
        BillStep.POST: waiting[CalculationState.APPROVED],
    }


def count_waiting_by_property(
    bills: QuerySet[UtilityBill],
) -> Iterator[tuple[int, dict[BillStep, int]]]:
    """Count the bills of each property that wait for each step, in one query."""
    found = bills.order_by().values_list("property_id")
    counts = found.annotate(
        **{step.name: Count("pk", filter=_CONDITIONS[step]()) for step in BillStep}
    )
    for place, *waiting in counts:
        yield place, dict(zip(BillStep, waiting, strict=True))


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

"""On which step of its way to the residents a part of a bill is, or where it leaked."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from django.db.models import (
    Case,
    CharField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from billing.models import Charge, OwnerBucket, Posting, PostingState, ResolvedAs


class Step(StrEnum):
    """Where money of a bill is, in the order in which it could have gone on."""

    NOT_APPROVED = "not-approved"
    NOT_PASSED_ON = "not-passed-on"
    COMMON_AREA = "common-area"
    VACANCY = "vacancy"
    LEFT_OUT = "left-out"
    LIMITS = "caps-and-minimums"
    ROUNDING = "rounding"
    FAILED = "failed"
    UNKNOWN = "unknown"
    TO_POST = "to-post"
    WAITING = "waiting"
    REVERSED = "reversed"
    CLOSED = "closed"
    UNEXPLAINED = "unexplained"
    RECOVERED = "recovered"


class Fate(StrEnum):
    """What has become of money, in four words."""

    OWNER = "owner"
    OPEN = "open"
    LOST = "lost"
    RECOVERED = "recovered"


NAMES: Mapping[Step, str] = {
    Step.NOT_APPROVED: "Not approved yet",
    Step.NOT_PASSED_ON: "Not passed on",
    Step.COMMON_AREA: "Common area",
    Step.VACANCY: "Vacancy",
    Step.LEFT_OUT: "Units left out",
    Step.LIMITS: "Caps, minimums, flat amounts",
    Step.ROUNDING: "Rounding",
    Step.FAILED: "Approved, but failed",
    Step.UNKNOWN: "Not known whether posted",
    Step.TO_POST: "Approved, not posted yet",
    Step.WAITING: "On its way to the PMS",
    Step.REVERSED: "Posted and reversed",
    Step.CLOSED: "Failed and closed by hand",
    Step.UNEXPLAINED: "Not explained",
    Step.RECOVERED: "Recovered",
}

FATES: Mapping[Step, Fate] = {
    Step.NOT_APPROVED: Fate.OPEN,
    Step.NOT_PASSED_ON: Fate.OWNER,
    Step.COMMON_AREA: Fate.OWNER,
    Step.VACANCY: Fate.OWNER,
    Step.LEFT_OUT: Fate.OWNER,
    Step.LIMITS: Fate.OWNER,
    Step.ROUNDING: Fate.OWNER,
    Step.FAILED: Fate.OPEN,
    Step.UNKNOWN: Fate.OPEN,
    Step.TO_POST: Fate.OPEN,
    Step.WAITING: Fate.OPEN,
    Step.REVERSED: Fate.LOST,
    Step.CLOSED: Fate.LOST,
    Step.UNEXPLAINED: Fate.OPEN,
    Step.RECOVERED: Fate.RECOVERED,
}

_OF_BUCKET: Mapping[OwnerBucket, Step] = {
    OwnerBucket.COMMON_AREA: Step.COMMON_AREA,
    OwnerBucket.VACANCY: Step.VACANCY,
    # What a fixed charge per dwelling leaves over is that of the empty ones.
    OwnerBucket.FIXED_CHARGE: Step.VACANCY,
    OwnerBucket.EXCLUDED: Step.LEFT_OUT,
    OwnerBucket.NOT_GIVEN: Step.LEFT_OUT,
    OwnerBucket.NOT_PASSED_ON: Step.NOT_PASSED_ON,
    OwnerBucket.CAP: Step.LIMITS,
    OwnerBucket.MINIMUM: Step.LIMITS,
    OwnerBucket.FLAT: Step.LIMITS,
    OwnerBucket.ROUNDING: Step.ROUNDING,
}

# What a posting says of a resident's debt, the strongest word first: a later posting that came to
# nothing hides none that charges.
_BY_WEIGHT = (
    Step.UNKNOWN,
    Step.RECOVERED,
    Step.WAITING,
    Step.FAILED,
    Step.CLOSED,
    Step.REVERSED,
    Step.TO_POST,
)
OF_OWNER = frozenset(_OF_BUCKET.values())
OF_CHARGES = frozenset(_BY_WEIGHT)


def step_of_bucket(bucket: str) -> Step:
    """Tell to which step a reason of the owner's belongs."""
    return _OF_BUCKET[OwnerBucket(bucket)]


def buckets_of(step: Step) -> list[OwnerBucket]:
    """List the reasons of the owner's that belong to a step."""
    return [bucket for bucket, found in _OF_BUCKET.items() if found is step]


def with_step(charges: QuerySet[Charge]) -> QuerySet[Charge]:
    """Add to each charge of an approved calculation the step that it is on, as `step`.

    Shape: one of `OF_CHARGES`.
    """
    sent = Posting.objects.filter(
        charge=OuterRef("pk"), reverses__isnull=True, job__post_to_pms=True
    ).annotate(step=_step_of_posting())
    strongest = sent.order_by(_weight(), "-pk").values("step")[:1]
    nothing_sent = Value(Step.TO_POST.value)
    return charges.annotate(step=Coalesce(Subquery(strongest), nothing_sent))


def _step_of_posting() -> Case:
    on_its_way = [PostingState.PENDING, PostingState.SENDING, PostingState.ACCEPTED]
    in_doubt = [PostingState.UNKNOWN, PostingState.REVIEW]
    cases = (
        (Q(resolved_as=ResolvedAs.BY_HAND), Step.RECOVERED),
        (Q(resolved_at__isnull=False), Step.CLOSED),
        (Q(reversed_at__isnull=False), Step.REVERSED),
        (Q(state=PostingState.POSTED), Step.RECOVERED),
        (Q(state__in=on_its_way), Step.WAITING),
        (Q(state__in=in_doubt), Step.UNKNOWN),
        (Q(state=PostingState.REJECTED), Step.FAILED),
    )
    return Case(
        *(When(condition, then=Value(step.value)) for condition, step in cases),
        # It was skipped, so the charge can still be posted.
        default=Value(Step.TO_POST.value),
        output_field=CharField(),
    )


def _weight() -> Case:
    return Case(
        *(When(step=step.value, then=Value(place)) for place, step in enumerate(_BY_WEIGHT)),
        output_field=IntegerField(),
    )

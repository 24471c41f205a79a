"""The rows of the failures page, with all that stands beside a charge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone

from billing.causes import Cause, CauseKind, cause_in_doubt, cause_of
from billing.go_live import items_in_the_way
from billing.models import FailureFollowUp, Posting, PostingAttempt, PostingState
from billing.views.waits import InTheWay, reasons_to_wait
from billing.views.wording import Badge, billing_month, posting_badge
from portfolios.access import Action
from portfolios.models import User

_HEAVY = (
    *("body", "charge__explanation"),
    *("job__calculation__inputs", "job__calculation__result", "job__calculation__findings"),
)
KIND_TONES = {
    CauseKind.LOGIN: "danger",
    CauseKind.UNKNOWN: "unknown",
    CauseKind.PMS: "warning",
    CauseKind.HERE: "warning",
    CauseKind.THERE: "info",
    CauseKind.WAIT: "neutral",
}


@dataclass(frozen=True, slots=True)
class FailureRow:
    """A charge that failed, in words.

    Shape: `next_try` is when MeterBase does something by itself; `how` says what became of a
        resolved one, `who` did it and `at` when.
    """

    posting: Posting
    month: str
    badge: Badge
    kind: Badge
    cause: Cause
    attempts: int
    waits: tuple[str, ...]
    owner: User | None
    rests_until: date | None
    again: str
    may_act: bool
    may_follow_up: bool
    how: str = ""
    who: User | None = None
    at: datetime | None = None

    @property
    def may_retry(self) -> bool:
        """Tell whether the PMS certainly refused it."""
        return self.may_act and self.posting.state == PostingState.REJECTED


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cause is put right."""

    label: str
    url: str


def light(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    """Read postings with what stands in a row, and without what is large."""
    return postings.select_related(
        "charge",
        "connection",
        "resolved_by",
        "follow_up__assigned_to",
        "follow_up__acted_by",
        "job__calculation__bill__property",
    ).defer(*_HEAVY)


def rows_of(
    postings: Sequence[Posting], *, roles: dict[int, frozenset[Action]], now: datetime
) -> list[FailureRow]:
    """Describe postings that `light` has read, in a fixed number of queries."""
    ids = [posting.pk for posting in postings]
    counted = PostingAttempt.objects.filter(posting__in=ids).order_by().values_list("posting")
    attempts = dict(counted.annotate(Count("pk")))
    closed = _closed_before(postings)
    # Asked once for each connection, not for each charge.
    in_the_way = cache(items_in_the_way)
    return [
        _row(
            posting,
            attempts=attempts.get(posting.pk, 0),
            closed=closed.get(posting.charge_id),
            actions=roles.get(
                posting.job.calculation.bill.property.portfolio_id, frozenset[Action]()
            ),
            in_the_way=in_the_way,
            now=now,
        )
        for posting in postings
    ]


def cause_of_posting(posting: Posting) -> Cause:
    """Explain why a posting is in the list; what is in doubt is never a plain refusal."""
    in_doubt = posting.state in (PostingState.REVIEW, PostingState.UNKNOWN)
    return cause_in_doubt(posting.error_code) if in_doubt else cause_of(posting.error_code)


def kind_badge(posting: Posting) -> Badge:
    """Say who has to act before a charge gets through."""
    if posting.state in (PostingState.PENDING, PostingState.UNKNOWN):
        return Badge("Will retry by itself", "info")
    if posting.state == PostingState.REVIEW:
        return Badge(CauseKind.UNKNOWN.label, KIND_TONES[CauseKind.UNKNOWN])
    kind = cause_of(posting.error_code).kind
    return Badge(kind.label, KIND_TONES[kind])


def places_of(cause: Cause, postings: Sequence[Posting]) -> list[Place]:
    """Lead to where a cause is put right, for each of these charges once."""
    found = (_place(cause, posting) for posting in postings)
    return sorted({place.url: place for place in found}.values(), key=lambda place: place.label)


def follow_up_of(posting: Posting) -> FailureFollowUp | None:
    """Give what people have said about a failure, if anything."""
    # Django says by an exception that there is no such row.
    return getattr(posting, "follow_up", None)


def _place(cause: Cause, posting: Posting) -> Place:
    place = posting.job.calculation.bill.property
    match cause.code:
        case "INVALID_CHARGE_CODE":
            url = reverse("billing:charge-codes", args=[place.pk])
            return Place(f"Charge codes of {place}", url)
        case "LEASE_NOT_FOUND" | "NOT_FOUND":
            return Place(f"Sync {place}", reverse("integrations:property-sync", args=[place.pk]))
        case "PERIOD_CLOSED":
            job = posting.job.public_id
            return Place(f"Job {job}", reverse("billing:job-detail", args=[job]))
        case "AUTHORIZATION_FAILED" | "API_KEY_REFUSED" | "RATE_LIMITED" | "NOT_SENT":
            url = reverse("integrations:connection-detail", args=[posting.connection_id])
            return Place(str(posting.connection), url)
        case _:
            url = reverse("billing:property-ledger", args=[place.pk])
            return Place(f"PMS ledger of {place}", url)


def _closed_before(postings: Sequence[Posting]) -> dict[int, Posting]:
    """Find what was closed by hand for the same charges before."""
    ids = [posting.pk for posting in postings]
    charges = [posting.charge_id for posting in postings]
    earlier = Posting.objects.filter(charge__in=charges, resolved_at__isnull=False)
    found = earlier.exclude(pk__in=ids).select_related("resolved_by").order_by("resolved_at")
    return {posting.charge_id: posting for posting in found.defer("body")}


def _row(
    posting: Posting,
    *,
    attempts: int,
    closed: Posting | None,
    actions: frozenset[Action],
    in_the_way: InTheWay,
    now: datetime,
) -> FailureRow:
    follow_up = follow_up_of(posting)
    how, who, at = _end_of(posting, follow_up)
    rests = follow_up and follow_up.snoozed_at and follow_up.snoozed_at >= posting.state_at
    return FailureRow(
        posting=posting,
        month=billing_month(posting.job.calculation.bill),
        badge=posting_badge(posting),
        kind=kind_badge(posting),
        cause=cause_of_posting(posting),
        attempts=attempts,
        waits=tuple(reasons_to_wait(posting, now=now, in_the_way=in_the_way)),
        owner=follow_up.assigned_to if follow_up else None,
        rests_until=follow_up.snoozed_until if follow_up and rests else None,
        again=_again(posting, follow_up, closed),
        may_act=Action.APPROVE in actions,
        may_follow_up=bool(actions & {Action.APPROVE, Action.PREPARE}),
        how=how,
        who=who,
        at=at,
    )


def _again(posting: Posting, follow_up: FailureFollowUp | None, closed: Posting | None) -> str:
    """Say that a charge is back in the list after somebody had dealt with it."""
    if posting.state not in (PostingState.REJECTED, PostingState.REVIEW) or posting.resolved_at:
        return ""
    if follow_up and follow_up.acted_at and posting.state_at >= follow_up.acted_at:
        day = timezone.localtime(follow_up.acted_at)
        return f"Failed again: {follow_up.acted_by} had it sent on {day:%-d %b}."
    if closed is not None and closed.resolved_at is not None:
        day = timezone.localtime(closed.resolved_at)
        return f"Failed again: {closed.resolved_by} had closed it on {day:%-d %b}."
    return ""


def _end_of(
    posting: Posting, follow_up: FailureFollowUp | None
) -> tuple[str, User | None, datetime | None]:
    if posting.resolved_at is not None:
        label = posting.get_resolved_as_display() or "Resolved by hand"
        named = f" as {posting.pms_reference}" if posting.pms_reference else ""
        return f"{label}{named}", posting.resolved_by, posting.resolved_at
    if follow_up is not None and follow_up.acted_at is not None:
        return follow_up.get_acted_as_display(), follow_up.acted_by, follow_up.acted_at
    return "", None, None

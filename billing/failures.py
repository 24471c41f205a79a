"""The charges that did not get through: which of them are in which list, and how to narrow it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, Exists, F, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Abs
from django.utils import timezone

from billing.causes import CauseKind, codes_of_kind, known_codes
from billing.closed_months import month_after
from billing.models import FailureFollowUp, Posting, PostingJob, PostingState
from meterbase.lib.searching import has_words, words_of
from meterbase.lib.sql_words import words
from portfolios.models import User

# As the indexes of the table name them.
_FAILED = words([PostingState.REJECTED, PostingState.REVIEW])
_IN_DOUBT = words([PostingState.SENDING, PostingState.ACCEPTED, PostingState.UNKNOWN])
_WORDS = ("charge__unit_label", "charge__resident_name", "reference", "job__public_id")
_PLACE_WORDS = ("job__calculation__bill__property__name",)


class FailureTab(StrEnum):
    """The lists that a failure can be in."""

    OPEN = "open"
    RETRYING = "retrying"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Owner(StrEnum):
    """Whose failures are shown."""

    MINE = "mine"
    NOBODY = "nobody"


def in_tab(tab: FailureTab, *, now: datetime) -> QuerySet[Posting]:
    """Select the postings of a list, whoever may see them.

    Shape: snoozed ones are open failures that rest; a rest is over when its day has come, or when
        the charge has failed once more. What was sent again and posted counts as resolved.
    """
    return in_tab_on(tab, timezone.localdate(now))


def in_tab_on(tab: FailureTab, today: date | RawSQL) -> QuerySet[Posting]:
    """Select the postings of a list on a day, or on that of a blank."""
    match tab:
        case FailureTab.OPEN:
            return failed().exclude(_resting(today))
        case FailureTab.SNOOZED:
            # Fewer were sent to rest than have failed.
            sent = FailureFollowUp.objects.filter(snoozed_until__gt=today)
            return failed().filter(_resting(today), pk__in=sent.values("posting"))
        case FailureTab.RETRYING:
            # Sent before: by this posting, or by one of the same charge that the job began with.
            older = PostingJob.objects.filter(
                pk=OuterRef("job"), created_at__lt=OuterRef("created_at")
            )
            tried = ~Q(token="") | Exists(older)
            pending = Posting.objects.filter(tried, state=PostingState.PENDING)
            in_doubt = Posting.objects.filter(state__in=_IN_DOUBT)
            unknown = in_doubt.filter(state=PostingState.UNKNOWN)
            return _either(pending, unknown)
        case FailureTab.RESOLVED:
            closed = Posting.objects.filter(resolved_at__isnull=False)
            acted = FailureFollowUp.objects.filter(acted_at__isnull=False)
            posted = Posting.objects.filter(
                pk__in=acted.values("posting"), state=PostingState.POSTED
            )
            return _either(closed, posted)


def _either(some: QuerySet[Posting], others: QuerySet[Posting]) -> QuerySet[Posting]:
    # Each has an index of its own, of which PostgreSQL makes nothing where they are joined by OR.
    both = some.order_by().values("pk").union(others.order_by().values("pk"))
    return Posting.objects.filter(pk__in=both)


def in_tab_of(
    jobs: QuerySet[PostingJob], tab: FailureTab, today: date | RawSQL
) -> QuerySet[Posting]:
    """Select the postings of these jobs that are in a list."""
    # Few charges fail, and an index has them. The sum is none: without it SQLite, which does not
    # know how few they are, may look at every charge of the jobs.
    listed = in_tab_on(tab, today).alias(of_job=F("job_id") + 0)
    return listed.filter(of_job__in=jobs.order_by().values("pk"))


def failed() -> QuerySet[Posting]:
    """Select the failures that nobody has dealt with, those that rest included."""
    return Posting.objects.filter(state__in=_FAILED, resolved_at=None)


def _resting(today: date | RawSQL) -> Exists:
    return Exists(
        FailureFollowUp.objects.filter(
            posting=OuterRef("pk"),
            snoozed_until__gt=today,
            snoozed_at__gte=OuterRef("state_at"),
        )
    )


@dataclass(frozen=True, slots=True)
class FailureFilter:
    """What a reader wants to see of a list; empty values narrow nothing.

    Shape: `cause` is an error code, also the empty one; `month` the first day of a month in which
        service was billed.
    Units: cents; days.
    """

    words: str = ""
    cause: str | None = None
    kind: CauseKind | None = None
    owner: Owner | None = None
    place: int | None = None
    pms: str = ""
    older_than_days: int | None = None
    at_least_cents: int | None = None
    month: date | None = None

    @property
    def is_narrow(self) -> bool:
        """Tell whether anything but the cause narrows the list."""
        return replace(self, cause=None) != FailureFilter()

    def narrow(
        self, postings: QuerySet[Posting], *, user: User, now: datetime
    ) -> QuerySet[Posting]:
        """Keep what the reader wants to see."""
        wanted = has_words(words_of(self.words), *_WORDS, *_PLACE_WORDS) & self._of_bill()
        if self.cause is not None:
            wanted &= Q(error_code=self.cause)
        if self.kind is not None:
            wanted &= _of_kind(self.kind)
        if self.owner == Owner.MINE:
            wanted &= Q(follow_up__assigned_to=user)
        if self.owner == Owner.NOBODY:
            wanted &= Q(follow_up__assigned_to=None)
        if self.pms:
            wanted &= Q(connection__pms=self.pms)
        if self.older_than_days is not None:
            wanted &= Q(state_at__lt=now - timedelta(days=self.older_than_days))
        if self.at_least_cents is not None:
            limit = self.at_least_cents
            wanted &= Q(amount_cents__gte=limit) | Q(amount_cents__lte=-limit)
        return postings.filter(wanted)

    def _of_bill(self) -> Q:
        wanted = Q()
        bill = "job__calculation__bill__"
        if self.place is not None:
            wanted &= Q(**{f"{bill}property": self.place})
        if self.month is not None:
            wanted &= Q(
                **{
                    f"{bill}period_start__lt": month_after(self.month),
                    f"{bill}period_end__gt": self.month,
                }
            )
        return wanted


def _of_kind(kind: CauseKind) -> Q:
    """Keep the failures of a kind; a code that is not known is a refusal of the PMS."""
    by_code = Q(error_code__in=codes_of_kind(kind))
    in_doubt = Q(state__in=[PostingState.REVIEW, PostingState.UNKNOWN])
    if kind == CauseKind.UNKNOWN:
        return by_code | in_doubt
    if kind == CauseKind.PMS:
        by_code |= ~Q(error_code__in=known_codes())
    return by_code & ~in_doubt


@dataclass(frozen=True, slots=True)
class CauseSum:
    """The failures with one error code.

    Units: cents.
    """

    code: str
    count: int
    cents: int
    oldest: datetime


def sum_by_cause(failures: QuerySet[Posting]) -> list[CauseSum]:
    """Count failures and their money by error code, the most money first."""
    return causes_of(by_cause(failures))


def by_cause(failures: QuerySet[Posting]) -> QuerySet[Posting, Any]:
    """Ask for the sums of each error code."""
    return (
        failures.order_by()
        .values_list("error_code")
        .annotate(count=Count("pk"), cents=Sum(Abs("amount_cents")), oldest=Min("state_at"))
    )


def causes_of(groups: Iterable[Sequence[Any]]) -> list[CauseSum]:
    """Put what `by_cause` found in order."""
    sums = (CauseSum(*group) for group in groups)
    return sorted(sums, key=lambda found: (-found.cents, found.code))

"""The general ledger: what was posted to residents, and what was taken back.

Every line is one amount that MeterBase knows to be in the PMS: a charge, or its reversal with the
opposite sign. The lines of a job and of its reversals add up to what residents owe of it, which is
`JobCounts.net_cents`. A charge that somebody entered in the PMS by hand is no line: MeterBase did
not post it, and does not know under which code.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, TruncDate, TruncMonth

from billing.models import Posting, PostingState, Reversal, ReversalState
from meterbase.lib.searching import has_words, words_of

_PLACE = "job__calculation__bill__property"
_CHUNK = 500


class MonthOf(StrEnum):
    """Which month a line belongs to: the one it is booked in, or the one of its date."""

    POST = "post"
    DATE = "date"


class LineKind(StrEnum):
    """What a line is."""

    CHARGE = "Charge"
    REVERSAL = "Reversal"
    BY_HAND = "Reversal by hand"


@dataclass(frozen=True, slots=True)
class LedgerScope:
    """What a reader wants to see of the ledger; empty values narrow nothing.

    Shape: `first` and `last` are the first days of months, both included.
    """

    month_of: MonthOf = MonthOf.POST
    words: str = ""
    portfolio: int | None = None
    utility: str = ""
    charge_code: str = ""
    first: date | None = None
    last: date | None = None

    def keep(self, postings: QuerySet[Posting]) -> QuerySet[Posting]:
        """Narrow postings down that have their month."""
        wanted = has_words(words_of(self.words), f"{_PLACE}__name")
        if self.portfolio is not None:
            wanted &= Q(**{f"{_PLACE}__portfolio": self.portfolio})
        if self.utility:
            wanted &= Q(job__calculation__bill__utility=self.utility)
        if self.charge_code:
            wanted &= Q(job__charge_code=self.charge_code)
        if self.first is not None:
            wanted &= Q(month__gte=self.first)
        if self.last is not None:
            wanted &= Q(month__lte=self.last)
        return postings.filter(wanted)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One amount in the PMS.

    Shape: `job` posted the charge; a reversal names the job that sent it, too, unless it was made
        by hand. `month` is the first day of a month.
    Units: cents; negative for what residents get back.
    """

    posting: Posting
    kind: LineKind
    month: date
    day: date
    cents: int

    @property
    def job(self) -> str:
        """Name the job of the charge."""
        job = self.posting.job
        return job.reverses.public_id if job.reverses else job.public_id

    @property
    def reversing_job(self) -> str:
        """Name the job that sent a reversal."""
        return self.posting.job.public_id if self.kind is LineKind.REVERSAL else ""


@dataclass(frozen=True, slots=True, order=True)
class LedgerKey:
    """What lines are added up by."""

    portfolio: str
    property: str
    property_id: int
    month: date
    charge_code: str


@dataclass(frozen=True, slots=True)
class LedgerSum:
    """The lines of one property, month and code.

    Units: cents; those of reversals are 0 or, as a rule, negative.
    """

    key: LedgerKey
    charges: int = 0
    charged_cents: int = 0
    reversals: int = 0
    reversed_cents: int = 0

    @property
    def net_cents(self) -> int:
        """Tell what is left for residents to pay."""
        return self.charged_cents + self.reversed_cents


def ledger_lines(postings: QuerySet[Posting], scope: LedgerScope) -> Iterator[LedgerLine]:
    """Read the lines of postings one by one, in the order of their months and days."""
    return heapq.merge(
        _lines(_posted(postings, scope)),
        _lines(_by_hand(postings, scope), by_hand=True),
        key=lambda line: (line.month, line.day, line.posting.job_id, line.posting.pk),
    )


def ledger_sums(postings: QuerySet[Posting], scope: LedgerScope) -> list[LedgerSum]:
    """Add the lines of postings up by property, month and code."""
    sums: dict[LedgerKey, LedgerSum] = {}
    for key, is_reversal, count, cents in (
        *_groups(_posted(postings, scope)),
        *_groups(_by_hand(postings, scope), by_hand=True),
    ):
        before = sums.get(key, LedgerSum(key))
        if is_reversal:
            sums[key] = replace(
                before,
                reversals=before.reversals + count,
                reversed_cents=before.reversed_cents + cents,
            )
        else:
            sums[key] = replace(
                before,
                charges=before.charges + count,
                charged_cents=before.charged_cents + cents,
            )
    return [sums[key] for key in sorted(sums)]


def total_of(sums: Iterable[LedgerSum]) -> LedgerSum:
    """Add sums up."""
    rows = list(sums)
    return LedgerSum(
        LedgerKey("", "", 0, date.min, ""),
        charges=sum(row.charges for row in rows),
        charged_cents=sum(row.charged_cents for row in rows),
        reversals=sum(row.reversals for row in rows),
        reversed_cents=sum(row.reversed_cents for row in rows),
    )


def _posted(postings: QuerySet[Posting], scope: LedgerScope) -> QuerySet[Posting]:
    """Select what was posted, reversals included."""
    posted = postings.filter(state=PostingState.POSTED).annotate(day=F("job__charge_date"))
    month: Any = TruncMonth("job__charge_date", output_field=DateField())
    if scope.month_of is MonthOf.POST:
        month = Coalesce("job__post_month", month)
    return scope.keep(posted.annotate(month=month))


def _by_hand(postings: QuerySet[Posting], scope: LedgerScope) -> QuerySet[Posting]:
    """Select the charges that were taken back in the PMS by hand.

    Shape: dated as whoever asked for it has said, else on the day on which it was written down.
    """
    sent = Posting.objects.filter(reverses=OuterRef("pk"), state=PostingState.POSTED)
    made = Reversal.objects.filter(
        items__posting=OuterRef("pk"), by_hand=True, state=ReversalState.APPROVED
    )
    taken_back = postings.filter(reversed_at__isnull=False).exclude(Exists(sent))
    said = Subquery(made.order_by("-pk").values("charge_date")[:1])
    written = TruncDate("reversed_at", output_field=DateField())
    dated = taken_back.annotate(day=Coalesce(said, written))
    return scope.keep(dated.annotate(month=TruncMonth("day", output_field=DateField())))


def _lines(postings: QuerySet[Posting], *, by_hand: bool = False) -> Iterator[LedgerLine]:
    ordered = (
        postings.order_by(F("month").asc(), F("day").asc(), "job_id", "pk")
        .select_related("charge", "job__reverses", f"{_PLACE}__portfolio")
        .defer(
            "body",
            "raw_error",
            "charge__explanation",
            "job__calculation__inputs",
            "job__calculation__result",
            "job__calculation__findings",
        )
    )
    for posting in ordered.iterator(chunk_size=_CHUNK):
        found = vars(posting)
        kind = LineKind.REVERSAL if posting.reverses_id else LineKind.CHARGE
        cents = posting.amount_cents
        if by_hand:
            kind, cents = LineKind.BY_HAND, -cents
        yield LedgerLine(posting, kind, _date(found["month"]), _date(found["day"]), cents)


def _groups(
    postings: QuerySet[Posting], *, by_hand: bool = False
) -> Iterator[tuple[LedgerKey, bool, int, int]]:
    """Count and add up in the database."""
    names = (f"{_PLACE}__portfolio__name", f"{_PLACE}__name", _PLACE, "month", "job__charge_code")
    is_reversal = Case(When(reverses__isnull=False, then=Value(1)), default=Value(0))
    groups = (
        postings.order_by()
        .annotate(is_reversal=is_reversal)
        .values_list(*names, "is_reversal")
        .annotate(count=Count("pk"), cents=Sum("amount_cents"))
    )
    for portfolio, place, place_id, month, code, reverses, count, cents in groups:
        key = LedgerKey(portfolio, place, place_id, _date(month), code)
        yield key, bool(reverses) or by_hand, count, -cents if by_hand else cents


def _date(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value

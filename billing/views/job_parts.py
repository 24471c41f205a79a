"""The parts of a posting job: what became of its charges, as one bar that always sums."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse

from billing.models import AttemptOutcome, PostingAttempt, PostingJob, PostingState
from billing.queries import JobCounts

# What the PMS's ledger showed, or a person found there, without an answer to MeterBase's own call.
_FOUND = ("ledger", "operator")


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the bar, which links to the charges in it."""

    label: str
    count: int
    tone: str
    url: str
    active: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    label: str
    tone: str


_PARTS = {
    "posted": _Part("posted", "success"),
    "there": _Part("already there", "info"),
    "reversed": _Part("reversed", "neutral"),
    "failed": _Part("failed", "danger"),
    "unknown": _Part("not known yet", "unknown"),
    "pending": _Part("waiting", "neutral"),
    "skipped": _Part("skipped", "neutral"),
}
PARTS = tuple(_PARTS)


def charges_in(part: str) -> Q:
    """Select the postings of one part; those of all parts are the postings of the job."""
    standing = Q(state=PostingState.POSTED, reversed_at=None)
    found = Exists(
        PostingAttempt.objects.filter(
            posting=OuterRef("pk"), outcome=AttemptOutcome.POSTED, evidence__in=_FOUND
        )
    )
    conditions = {
        "posted": standing & ~Q(found),
        "there": standing & Q(found),
        "reversed": Q(state=PostingState.POSTED, reversed_at__isnull=False),
        "failed": Q(state__in=[PostingState.REJECTED, PostingState.REVIEW]),
        "unknown": Q(state=PostingState.UNKNOWN),
        "pending": Q(state__in=[PostingState.PENDING, PostingState.SENDING, PostingState.ACCEPTED]),
        "skipped": Q(state=PostingState.CANCELLED),
    }
    return conditions[part]


def label_of(part: str) -> str:
    """Name a part."""
    return _PARTS[part].label


def segments(job: PostingJob, counts: JobCounts, *, shown: str = "") -> list[Segment]:
    """Divide a job by what became of its charges; the parts add up to the total."""
    there = job.postings.filter(charges_in("there")).aggregate(count=Count("pk"))["count"]
    # Whatever the second look has found, the parts are those of the first one.
    there = min(there, counts.posted - counts.reversed)
    numbers = {
        "posted": counts.posted - counts.reversed - there,
        "there": there,
        "reversed": counts.reversed,
        "failed": counts.failed,
        "unknown": counts.unknown,
        "pending": counts.pending,
        "skipped": counts.skipped,
    }
    page = reverse("billing:job-detail", args=[job.public_id])
    return [
        Segment(part.label, numbers[name], part.tone, f"{page}?state={name}", active=name == shown)
        for name, part in _PARTS.items()
    ]

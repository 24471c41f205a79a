"""States, months and shares in the words that people read."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from billing.models import (
    Calculation,
    CalculationState,
    Posting,
    PostingJob,
    PostingState,
    UtilityBill,
)
from billing.queries import JobCounts

# Papers use these words as well as pages.
from billing.words import billing_month as billing_month
from billing.words import percent as percent

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Badge:
    """A status in one or two words, with the tone of `components/badge.html`."""

    label: str
    tone: str


_CALCULATION_TONES = {
    CalculationState.DRAFT: "neutral",
    CalculationState.IN_REVIEW: "info",
    CalculationState.APPROVED: "success",
    CalculationState.REJECTED: "warning",
    CalculationState.SUPERSEDED: "neutral",
}
_POSTING_TONES = {
    PostingState.PENDING: "neutral",
    PostingState.SENDING: "info",
    PostingState.ACCEPTED: "info",
    PostingState.POSTED: "success",
    PostingState.REJECTED: "danger",
    PostingState.UNKNOWN: "unknown",
    PostingState.REVIEW: "warning",
    PostingState.CANCELLED: "neutral",
}


def calculation_badge(calculation: Calculation) -> Badge:
    """Name the state of a calculation."""
    state = CalculationState(calculation.state)
    return Badge(state.label, _CALCULATION_TONES[state])


def posting_badge(posting: Posting) -> Badge:
    """Name the state of a posting; a failure that was dealt with by hand says so."""
    state = PostingState(posting.state)
    if posting.resolved_at is not None:
        return Badge("Resolved by hand", "neutral")
    if posting.reversed_at is not None:
        return Badge("Reversed", "neutral")
    label = f"Reversal: {state.label.lower()}" if posting.reverses_id else state.label
    return Badge(label, _POSTING_TONES[state])


def job_badge(job: PostingJob, counts: JobCounts) -> Badge:
    """Name the state of a job; never merely as completed."""
    badge = _state_of(job, counts)
    if job.reverses_id is None:
        return badge
    return Badge(f"Reversal: {badge.label.lower()}", badge.tone)


def _state_of(job: PostingJob, counts: JobCounts) -> Badge:
    if not job.post_to_pms:
        return Badge("Dry run: nothing sent", "neutral")
    if counts.is_over:
        return _end_of(counts)
    if counts.is_paused:
        return Badge("Paused", "warning")
    if counts.unknown and not counts.pending:
        return Badge("Checking with the PMS", "unknown")
    if counts.status == "queued":
        return Badge("Waiting for a worker", "neutral")
    return Badge("Posting", "info")


def _end_of(counts: JobCounts) -> Badge:
    if counts.undecided:
        return Badge("Needs checking", "warning")
    if counts.reversed:
        return _reversed(counts)
    if counts.failed:
        return _failed(counts)
    if counts.is_stopped and counts.skipped:
        return Badge(f"Stopped, {counts.posted or 'nothing'} posted", "neutral")
    if counts.skipped and not counts.posted:
        return Badge("Nothing posted", "neutral")
    if counts.skipped:
        return Badge(f"Posted with {counts.skipped} skipped", "neutral")
    return Badge("Posted", "success")


def _failed(counts: JobCounts) -> Badge:
    """Name a job with failures; those that were dealt with by hand ask for nobody any more."""
    failed = counts.failed - counts.resolved
    begin = "Stopped" if counts.is_stopped else "Posted" if counts.posted else "Nothing posted"
    if not failed:
        return Badge(f"{begin}, {counts.resolved} resolved by hand", "neutral")
    if counts.posted:
        return Badge(f"{begin} with {failed} failed", "warning")
    return Badge(f"{begin}, {failed} failed", "danger")


def _reversed(counts: JobCounts) -> Badge:
    open_failures = counts.failed - counts.resolved
    failed = f", {open_failures} failed" if open_failures else ""
    tone = "warning" if open_failures else "neutral"
    if counts.reversed == counts.posted:
        return Badge(f"Reversed{failed}", tone)
    return Badge(f"Posted{failed}, {counts.reversed} reversed", tone)


def bill_name(bill: UtilityBill) -> str:
    """Name a bill in the middle of a sentence, such as "Maple Court, March 2026 water"."""
    return f"{bill.property}, {billing_month(bill)} {bill.get_utility_display().lower()}"


def recovery(calculation: Calculation) -> str:
    """Tell which part of the bill the tenants pay."""
    return percent(Fraction(calculation.tenants_cents, calculation.bill_cents), places=1)


def charge_count(count: int) -> str:
    """Count charges."""
    return f"{count:,} charge" if count == 1 else f"{count:,} charges"

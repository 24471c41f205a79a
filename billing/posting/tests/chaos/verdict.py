"""The verdict: the ledger of the PMS and MeterBase's tables, compared charge by charge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

from django.core.management import call_command

from billing.models import Posting, PostingAttempt, PostingJob, PostingState
from billing.posting.tests.chaos.processes import SandboxProgram
from billing.queries import count_jobs
from integrations.pms.reference import find_reference
from meterbase.lib.money import cents_from_dollars

NEVER_CHARGED = frozenset({PostingState.PENDING, PostingState.CANCELLED, PostingState.REJECTED})

FOR_A_PERSON = frozenset({PostingState.REJECTED, PostingState.REVIEW})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found; `violations` are sentences with the history of their charge."""

    charges: int
    posted: int
    reversed: int
    doubled: int
    lost: int
    violations: tuple[str, ...]


def judge(sandbox: SandboxProgram) -> Verdict:
    """Compare everything."""
    ledger = _ledger(sandbox)
    postings = list(Posting.objects.order_by("pk"))
    known = {posting.reference for posting in postings}
    doubled = [posting for posting in postings if len(ledger.get(posting.reference, ())) > 1]
    lost = [
        posting
        for posting in postings
        if posting.state not in FOR_A_PERSON and posting.reference not in ledger
    ]
    violations = [
        *(f"Twice in the PMS: {history(posting)}" for posting in doubled),
        *(f"Not in the PMS, and nobody is asked: {history(posting)}" for posting in lost),
        *_lies(postings, ledger),
        *(f"Not MeterBase's: {reference}" for reference in ledger if reference not in known),
        *_reversals(postings),
        *_attempts(),
        *_counters(),
        *_read_back(),
    ]
    return Verdict(
        charges=len(postings),
        posted=sum(posting.state == PostingState.POSTED for posting in postings),
        reversed=sum(posting.reversed_at is not None for posting in postings),
        doubled=len(doubled),
        lost=len(lost),
        violations=tuple(violations),
    )


def history(posting: Posting) -> str:
    """Tell everything that happened to a charge."""
    events = [
        f"{event.at:%H:%M:%S.%f} {event.from_state or 'new'} → {event.to_state} {event.note}"
        for event in posting.events.all()
    ]
    attempts = [
        f"attempt {one.number} by {one.pid} at {one.started_at:%H:%M:%S.%f}: "
        f"{one.outcome or 'open'} ({one.evidence}) {one.http_status or ''}"
        for one in posting.attempts.all()
    ]
    return "\n  ".join([f"{posting.reference} {posting.state}", *events, *attempts])


def _ledger(sandbox: SandboxProgram) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for charge in sandbox.ask("GET", "/_sandbox/ledger")["charges"]:
        reference = find_reference(charge["description"]) or charge["id"]
        found.setdefault(reference, []).append(cents_from_dollars(charge["amount"]))
    return found


def _lies(postings: list[Posting], ledger: dict[str, list[int]]) -> Iterator[str]:
    for posting in postings:
        there = ledger.get(posting.reference)
        if there and posting.state in NEVER_CHARGED:
            yield f"In the PMS and called {posting.state}: {history(posting)}"
        if there and posting.amount_cents not in there:
            yield f"Another amount in the PMS ({there}): {history(posting)}"


def _reversals(postings: list[Posting]) -> Iterator[str]:
    """Check that what counts as taken back was, once, and the other way round."""
    took_back = Counter(
        posting.reverses_id
        for posting in postings
        if posting.reverses_id is not None and posting.state == PostingState.POSTED
    )
    for posting in postings:
        if took_back[posting.pk] != (posting.reversed_at is not None):
            yield f"{took_back[posting.pk]} reversals are posted: {history(posting)}"


def _attempts() -> Iterator[str]:
    posted = Counter(
        PostingAttempt.objects.filter(outcome="posted").values_list("posting_id", flat=True)
    )
    for posting in Posting.objects.filter(state=PostingState.POSTED):
        if posted[posting.pk] != 1:
            yield f"{posted[posting.pk]} attempts posted it: {history(posting)}"
    at_rest = [PostingState.POSTED, PostingState.REJECTED, PostingState.CANCELLED]
    for attempt in PostingAttempt.objects.filter(outcome="", posting__state__in=at_rest):
        yield f"An open attempt on a charge at rest: {history(attempt.posting)}"


def _counters() -> Iterator[str]:
    for pk, counts in count_jobs(list(PostingJob.objects.all())).items():
        parts = counts.posted + counts.failed + counts.pending + counts.unknown + counts.skipped
        if parts != counts.total:
            yield f"The counters of job {pk} do not add up: {counts}"


def _read_back() -> Iterator[str]:
    try:
        call_command("check_ledger", "--json", stdout=StringIO())
    except SystemExit as ending:
        yield f"check_ledger ended with {ending.code}"

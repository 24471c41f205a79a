"""Writing down what came of a call: state, attempt and connection in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q

from billing.causes import name_unit
from billing.models import AttemptOutcome, Posting, PostingAttempt, PostingJob, PostingState
from billing.posting.breaker import count_answer
from billing.posting.claim import Claim
from billing.posting.outcomes import Accepted, NothingSent, Outcome, Posted, Rejected, Unknown
from billing.posting.states import is_called_off, move
from billing.posting.timetable import is_spent, job_gap, next_gap
from integrations.expired_logins import note_expired_login
from integrations.models import Connection


def store_outcome(claim: Claim, outcome: Outcome, *, now: datetime) -> None:
    """Store the outcome of a claim.

    Errors: MovedMeanwhile when the posting is no longer this claim's; nothing is stored then.
    """
    try:
        _store(claim, outcome, now)
    except IntegrityError:
        # Only the database's own rule is asked: a look before would cost each charge a query.
        if not isinstance(outcome, Posted) or not is_taken(claim.posting, outcome.charge_id):
            raise
        message = f"The PMS answered with {outcome.charge_id}, the id of another charge."
        doubt = Unknown("OUTCOME_UNKNOWN", message, outcome.http_status, outcome.answer)
        _store(claim, doubt, now)


@transaction.atomic
def _store(claim: Claim, outcome: Outcome, now: datetime) -> None:
    if not (isinstance(outcome, NothingSent) and outcome.http_status is None):
        count_answer(claim.posting.connection_id, outcome, lost_before=claim.answers_lost)
    match outcome:
        case Posted():
            _store_posted(claim, outcome, now)
        case Accepted():
            _store_accepted(claim, outcome, now)
        case NothingSent():
            _store_nothing_sent(claim, outcome, now)
        case Rejected():
            _store_rejected(claim, outcome, now)
        case Unknown():
            _store_unknown(claim, outcome, now)


def close_attempt(
    attempt: PostingAttempt,
    outcome: AttemptOutcome,
    *,
    evidence: str,
    now: datetime,
    http_status: int | None = None,
    answer: str = "",
) -> None:
    """Write down what is now proven of an attempt."""
    attempt.outcome, attempt.evidence, attempt.finished_at = outcome, evidence, now
    attempt.http_status = http_status or attempt.http_status
    attempt.answer = answer or attempt.answer
    attempt.save(update_fields=["outcome", "evidence", "finished_at", "http_status", "answer"])


def is_taken(posting: Posting, charge_id: str) -> bool:
    """Tell whether another posting has this charge id of the PMS already."""
    others = Posting.objects.filter(
        connection_id=posting.connection_id, remote_charge_id=charge_id
    ).exclude(pk=posting.pk)
    return others.exists()


def _store_posted(claim: Claim, outcome: Posted, now: datetime) -> None:
    close_attempt(
        claim.attempt,
        AttemptOutcome.POSTED,
        evidence="response",
        now=now,
        http_status=outcome.http_status,
        answer=outcome.answer,
    )
    move(
        claim.posting,
        PostingState.POSTED,
        now=now,
        remote_charge_id=outcome.charge_id,
        error_code="",
        error="",
        raw_error="",
    )


def _store_accepted(claim: Claim, outcome: Accepted, now: datetime) -> None:
    """Keep the attempt open until the job has come to its end."""
    claim.attempt.http_status, claim.attempt.answer = outcome.http_status, outcome.answer
    claim.attempt.save(update_fields=["http_status", "answer"])
    move(
        claim.posting,
        PostingState.ACCEPTED,
        now=now,
        remote_job_id=outcome.job_id,
        job_looks=0,
        settle_at=now + job_gap(looks=0),
        note=f"Propexo writes it as job {outcome.job_id}.",
    )


def _store_nothing_sent(claim: Claim, outcome: NothingSent, now: datetime) -> None:
    close_attempt(
        claim.attempt,
        AttemptOutcome.NOT_APPLIED,
        evidence=outcome.evidence,
        now=now,
        http_status=outcome.http_status,
        answer=outcome.answer,
    )
    if outcome.login_expired:
        stop_expired_login(
            claim.posting, asked_at=claim.attempt.started_at, why=outcome.because, now=now
        )
    wait = next_gap(tries=claim.posting.tries, told=outcome.wait)
    if outcome.connection_waits:
        pause_connection(claim.posting, until=now + wait)
    put_back(
        claim.posting,
        code=outcome.code,
        because=outcome.because,
        wait=wait if outcome.counts else timedelta(0),
        counts=outcome.counts,
        now=now,
    )


def stop_expired_login(posting: Posting, *, asked_at: datetime, why: str, now: datetime) -> None:
    """Stop all sending over a connection until somebody has renewed its PMS login.

    An answer to a question asked before the last renewal says nothing about the new login.
    """
    still = Connection.objects.filter(pk=posting.connection_id, validated_at__lte=asked_at)
    note_expired_login(still, message=why, now=now)


def pause_connection(posting: Posting, *, until: datetime) -> None:
    """Let a connection rest; a longer rest that was asked for before stays."""
    Connection.objects.filter(
        Q(paused_until=None) | Q(paused_until__lt=until), pk=posting.connection_id
    ).update(paused_until=until, paused_because="The PMS asked MeterBase to slow down.")


def put_back(
    posting: Posting, *, code: str, because: str, wait: timedelta, counts: bool, now: datetime
) -> None:
    """Make a charge that was certainly not made wait for its next try, or for a person.

    Of a job that was stopped since, it is not sent any more. Call it inside a transaction.
    """
    # What the caller has read of the job is older than its call to the PMS.
    job = PostingJob.objects.filter(pk=posting.job_id)
    if is_called_off(posting, stopped_at=job.values_list("stopped_at", flat=True).get()):
        move(posting, PostingState.CANCELLED, now=now, note=f"The job was stopped. {because}")
        return
    if counts and is_spent(tries=posting.tries, created_at=posting.created_at, now=now):
        move(
            posting,
            PostingState.REJECTED,
            now=now,
            error_code=code,
            error=f"{because} MeterBase tried {posting.tries} times and stopped.",
        )
        return
    move(
        posting,
        PostingState.PENDING,
        now=now,
        not_before=now + wait,
        tries=posting.tries if counts else posting.tries - 1,
        waiting_because=because[:200],
        remote_job_id="",
        error_code="",
        error="",
        raw_error="",
        note=because,
    )


def _store_rejected(claim: Claim, outcome: Rejected, now: datetime) -> None:
    close_attempt(
        claim.attempt,
        AttemptOutcome.REJECTED,
        evidence="response",
        now=now,
        http_status=outcome.http_status,
        answer=outcome.answer,
    )
    unit = claim.posting.charge.unit_label
    move(
        claim.posting,
        PostingState.REJECTED,
        now=now,
        error_code=outcome.code,
        error=name_unit(outcome.code, outcome.message, unit=unit),
        raw_error=outcome.answer,
        note=outcome.message,
    )


def _store_unknown(claim: Claim, outcome: Unknown, now: datetime) -> None:
    """Keep the attempt open: while it is, nobody can send this charge again."""
    claim.attempt.http_status, claim.attempt.answer = outcome.http_status, outcome.answer
    claim.attempt.save(update_fields=["http_status", "answer"])
    settle = timedelta(seconds=0 if outcome.look_now else settings.POSTING_SETTLE_SECONDS)
    move(
        claim.posting,
        PostingState.UNKNOWN,
        now=now,
        settle_at=now + settle,
        error_code=outcome.code,
        error=outcome.message,
        raw_error=outcome.answer,
        note=outcome.message,
    )

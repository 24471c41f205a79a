"""Following a charge that Propexo has taken, until its job has written it or failed."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction

from billing.causes import name_unit
from billing.models import AttemptOutcome, Posting, PostingState
from billing.posting.states import MovedMeanwhile, move
from billing.posting.store import (
    close_attempt,
    is_taken,
    pause_connection,
    put_back,
    stop_expired_login,
)
from billing.posting.timetable import LONGEST_JOB, job_gap
from integrations.pms import errors
from integrations.pms.complaints import is_refused_login
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import PmsWriteJob

# These leave it open whether the charge is there, so the ledger decides.
_ONLY_THE_LEDGER_KNOWS = frozenset({errors.DuplicateCharge.code, errors.OutcomeUnknown.code})

# With these words a PMS refuses before it makes anything. Any other failure, a person judges.
_CERTAIN = frozenset(
    {
        errors.LeaseNotFound.code,
        errors.InvalidChargeCode.code,
        errors.PeriodClosed.code,
        errors.NotSupported.code,
    }
)

_LOGIN_EXPIRED = (
    "Propexo can no longer sign in to the property management system. Renew the login in the "
    "Propexo dashboard."
)


def follow_job(posting: Posting, *, gateway: PmsGateway, now: datetime) -> None:
    """Ask how far Propexo's job for a charge has come, and store it; hold the posting's lock.

    Effects: reads Propexo; moves the posting to posted, rejected, unknown or review, or leaves it
        for another look.
    """
    try:
        job = gateway.read_write_job(job_id=posting.remote_job_id)
    except errors.NotFound as error:
        _doubt(posting, error.code, "Propexo no longer knows the job of this charge.", now)
        return
    except errors.OutcomeUnknown as error:
        _doubt(posting, error.code, error.message, now, raw=error.raw)
        return
    except errors.PmsError as error:
        _ask_later(posting, error, now)
        return
    with suppress(MovedMeanwhile), transaction.atomic():
        _store(posting, job, now)


def hasten_job(*, connection_id: int, job_id: str, now: datetime) -> int:
    """Look at a job at the next occasion, because Propexo said that something became of it.

    Shape: the number of charges that it concerns.
    """
    waiting = Posting.objects.filter(
        connection_id=connection_id, remote_job_id=job_id, state=PostingState.ACCEPTED
    )
    return waiting.update(settle_at=now)


def _store(posting: Posting, job: PmsWriteJob, now: datetime) -> None:
    match job.state:
        case "succeeded":
            _store_success(posting, job, now)
        case "failed" if job.code in _ONLY_THE_LEDGER_KNOWS:
            _doubt(posting, job.code, _words(posting, job), now, raw="\n".join(job.errors))
        case "failed" if job.code in _CERTAIN and not job.charge_id:
            _store_failure(posting, job, now)
        case "failed" if job.code == errors.PmsLoginExpired.code:
            _store_expired_login(posting, job, now)
        case "failed":
            _ask_a_person(posting, job, now)
        case _:
            _wait(posting, now)


def _store_success(posting: Posting, job: PmsWriteJob, now: datetime) -> None:
    if job.charge_id and is_taken(posting, job.charge_id):
        why = f"Propexo's job names {job.charge_id}, which is the id of another charge."
        _doubt(posting, errors.OutcomeUnknown.code, why, now)
        return
    where = f" as {job.charge_id}" if job.charge_id else ""
    close_attempt(
        posting.attempts.get(outcome=""),
        AttemptOutcome.POSTED,
        evidence="job",
        now=now,
        answer=f"Job {job.job_id} has written it into the PMS{where}.",
    )
    move(
        posting,
        PostingState.POSTED,
        now=now,
        remote_charge_id=job.charge_id or "",
        error_code="",
        error="",
        raw_error="",
        note=f"Job {job.job_id} has ended well.",
    )


def _store_failure(posting: Posting, job: PmsWriteJob, now: datetime) -> None:
    raw = "\n".join(job.errors)
    close_attempt(
        posting.attempts.get(outcome=""),
        AttemptOutcome.REJECTED,
        evidence="job",
        now=now,
        answer=raw,
    )
    words = _words(posting, job)
    move(
        posting,
        PostingState.REJECTED,
        now=now,
        error_code=job.code or errors.PmsError.code,
        error=words,
        raw_error=raw,
        note=words,
    )


def _store_expired_login(posting: Posting, job: PmsWriteJob, now: datetime) -> None:
    """Stop the connection, as an answer does that says so at once.

    The charge waits for the new login only when the job names the status by which a PMS refuses
    Propexo's credentials; other words about a login prove nothing, so a person judges.
    """
    raw = "\n".join(job.errors)
    attempt = posting.attempts.get(outcome="")
    stop_expired_login(posting, asked_at=attempt.started_at, why=_LOGIN_EXPIRED, now=now)
    if job.charge_id or not is_refused_login(raw):
        _ask_a_person(posting, job, now)
        return
    close_attempt(
        attempt, AttemptOutcome.NOT_APPLIED, evidence="not-authorised", now=now, answer=raw
    )
    put_back(
        posting,
        code=job.code,
        because=_LOGIN_EXPIRED,
        wait=timedelta(0),
        counts=False,
        now=now,
    )


def _ask_a_person(posting: Posting, job: PmsWriteJob, now: datetime) -> None:
    words = _words(posting, job)
    move(
        posting,
        PostingState.REVIEW,
        now=now,
        error_code=job.code or errors.PmsError.code,
        error=words,
        raw_error="\n".join(job.errors),
        note=words,
    )


def _words(posting: Posting, job: PmsWriteJob) -> str:
    reason = job.errors[0][:300] if job.errors else "it gives no reason"
    unit = posting.charge.unit_label
    return name_unit(job.code, f"The PMS did not take the charge: {reason}", unit=unit)


def _doubt(posting: Posting, code: str, why: str, now: datetime, *, raw: str = "") -> None:
    """Let the ledger decide, at once: a job that has ended has nothing left to settle."""
    with suppress(MovedMeanwhile), transaction.atomic():
        move(
            posting,
            PostingState.UNKNOWN,
            now=now,
            settle_at=now,
            negative_looks=0,
            error_code=code,
            error=why,
            raw_error=raw,
            note=why,
        )


def _is_stuck(posting: Posting, now: datetime) -> bool:
    """Hand a job that has no end after a day to a person."""
    if now - posting.state_at <= LONGEST_JOB:
        return False
    why = (
        f"Propexo took this charge on {posting.state_at:%Y-%m-%d %H:%M} UTC and has not said since "
        f"that it is in the PMS (job {posting.remote_job_id})."
    )
    with suppress(MovedMeanwhile), transaction.atomic():
        move(posting, PostingState.REVIEW, now=now, error_code="STUCK_JOB", error=why, note=why)
    return True


def _wait(posting: Posting, now: datetime) -> None:
    if _is_stuck(posting, now):
        return
    looks = posting.job_looks + 1
    _look_at(posting, now + job_gap(looks=looks), "Propexo is writing it into the PMS.", looks)


def _ask_later(posting: Posting, error: errors.PmsError, now: datetime) -> None:
    if _is_stuck(posting, now):
        return
    told = error.retry_after if isinstance(error, errors.Throttled) else timedelta(0)
    gap = max(job_gap(looks=posting.job_looks), told)
    _look_at(posting, now + gap, error.message, posting.job_looks + 1)
    if isinstance(error, errors.PmsLoginExpired | errors.ApiKeyRefused):
        stop_expired_login(posting, asked_at=now, why=error.message, now=now)
    elif told:
        pause_connection(posting, until=now + told)


def _look_at(posting: Posting, moment: datetime, because: str, looks: int) -> None:
    unmoved = Posting.objects.filter(
        pk=posting.pk, state=PostingState.ACCEPTED, token=posting.token
    )
    unmoved.update(settle_at=moment, job_looks=looks, waiting_because=because[:200])

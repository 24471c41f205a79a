"""Looking a charge in doubt up in the PMS's ledger."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from billing.models import AttemptOutcome, Posting, PostingAttempt, PostingState
from billing.posting.ledger_first import RESTORED
from billing.posting.states import MovedMeanwhile, move
from billing.posting.store import (
    close_attempt,
    is_taken,
    pause_connection,
    put_back,
    stop_expired_login,
)
from billing.posting.timetable import LONGEST_WAIT, next_gap
from integrations.pms import errors
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import MalformedRecord, PmsCharge
from meterbase.lib.money import cents_from_dollars

# How often the ledger must not show a charge before it counts as not made.
NEGATIVE_LOOKS = 2
# A ledger that is read from syncs is looked at again after so long, and never believed when empty.
_BEHIND_GAP = timedelta(minutes=15)
_BEHIND = "Propexo shows new charges only after it has read the PMS again."


@dataclass(frozen=True, slots=True)
class Look:
    """What the ledger showed.

    Shape: `unreadable` rows carry our reference but make no sense.
    """

    found: tuple[PmsCharge, ...]
    unreadable: tuple[str, ...]

    @property
    def shows_nothing(self) -> bool:
        """Tell whether the ledger has no trace of the charge."""
        return not self.found and not self.unreadable


def look_up(posting: Posting, *, gateway: PmsGateway, now: datetime) -> None:
    """Look for a posting in the ledger and store what that proves; hold its lock meanwhile.

    Effects: reads the PMS; moves the posting to posted, pending, rejected or review, or leaves it
        for another look.
    """
    try:
        look = _read_ledger(posting, gateway)
    except errors.PmsError as error:
        _look_later(posting, error, now)
        return
    if look.shows_nothing and not gateway.shows_charges_at_once:
        _wait_for_ledger(posting, now)
        return
    with transaction.atomic():
        attempt = posting.attempts.get(outcome="")
        try:
            if look.found or look.unreadable:
                _judge_found(posting, attempt, look, now)
            else:
                _judge_absent(posting, attempt, now)
        except MovedMeanwhile:
            transaction.set_rollback(True)


def _read_ledger(posting: Posting, gateway: PmsGateway) -> Look:
    place = posting.job.calculation.bill.property
    rows = gateway.list_charges(
        property_id=place.propexo_property_id, unit_id=posting.charge.propexo_unit_id
    )
    found: list[PmsCharge] = []
    unreadable: list[str] = []
    for row in rows:
        if isinstance(row, MalformedRecord):
            if posting.reference in row.raw:
                unreadable.append(row.raw)
        elif row.reference == posting.reference:
            found.append(row)
    return Look(tuple(found), tuple(unreadable))


def _judge_found(posting: Posting, attempt: PostingAttempt, look: Look, now: datetime) -> None:
    problem = _contradiction(posting, look)
    elsewhere = _other_lease(posting, look)
    if problem:
        move(posting, PostingState.REVIEW, now=now, error=problem, note=problem)
    elif elsewhere:
        move(
            posting,
            PostingState.REVIEW,
            now=now,
            error_code="WRONG_LEASE",
            error=elsewhere,
            note=elsewhere,
        )
    else:
        charge_id = look.found[0].charge_id
        close_attempt(
            attempt,
            AttemptOutcome.POSTED,
            evidence="ledger",
            now=now,
            answer=f"Found in the PMS's ledger as {charge_id}.",
        )
        move(
            posting,
            PostingState.POSTED,
            now=now,
            remote_charge_id=charge_id,
            error_code="",
            error="",
            raw_error="",
            note="Found in the PMS's ledger.",
        )


def _judge_absent(posting: Posting, attempt: PostingAttempt, now: datetime) -> None:
    """Judge a ledger that shows what the PMS has now, and shows nothing of this charge."""
    looks = posting.negative_looks + 1
    if looks < NEGATIVE_LOOKS:
        settled = posting.state_at + timedelta(seconds=settings.POSTING_SETTLE_SECONDS)
        gap = timedelta(seconds=settings.POSTING_LOOK_GAP_SECONDS)
        _count_look(posting, max(now + gap, settled))
    else:
        _conclude_absent(posting, attempt, now)


def _count_look(posting: Posting, next_look: datetime) -> None:
    unmoved = Posting.objects.filter(pk=posting.pk, state=PostingState.UNKNOWN, token=posting.token)
    unmoved.update(negative_looks=posting.negative_looks + 1, settle_at=next_look)


def _contradiction(posting: Posting, look: Look) -> str | None:
    if look.unreadable:
        return "The PMS's ledger has a row with this reference that MeterBase cannot read."
    if len(look.found) > 1:
        ids = ", ".join(charge.charge_id for charge in look.found)
        return f"The PMS's ledger has this charge {len(look.found)} times: {ids}."
    if look.found and is_taken(posting, look.found[0].charge_id):
        return (
            f"The PMS's ledger has this reference on {look.found[0].charge_id}, which MeterBase "
            "knows as another charge."
        )
    if look.found and cents_from_dollars(look.found[0].amount) != posting.amount_cents:
        return (
            f"The PMS's ledger has this charge as {look.found[0].charge_id} with another amount: "
            f"${look.found[0].amount:,.2f}."
        )
    return _other_date(posting, look.found)


def _other_date(posting: Posting, found: tuple[PmsCharge, ...]) -> str | None:
    """Tell when a charge that MeterBase may have forgotten is there with another date.

    Numbers of bills are given anew after a restore, so it may be another bill's charge.
    """
    if posting.error_code != RESTORED or not found:
        return None
    if found[0].effective_date == posting.job.charge_date:
        return None
    return (
        f"The PMS's ledger has this reference on {found[0].charge_id}, dated "
        f"{found[0].effective_date:%Y-%m-%d} and not {posting.job.charge_date:%Y-%m-%d}. Look "
        "whether it is the same charge, then link it here by its id."
    )


def _other_lease(posting: Posting, look: Look) -> str | None:
    """Tell when the PMS charged somebody else than whoever owes it."""
    charge = posting.charge
    for found in look.found:
        if found.lease_id is not None and found.lease_id != charge.propexo_lease_id:
            return (
                f"Unit {charge.unit_label}: the PMS put the charge on the lease {found.lease_id} "
                f"({found.charge_id}), but it is owed under {charge.propexo_lease_id}."
            )
    return None


def _conclude_absent(posting: Posting, attempt: PostingAttempt, now: datetime) -> None:
    """Say what follows when the ledger has not got the charge and its sender is gone."""
    if posting.error_code == "DUPLICATE_CHARGE":
        close_attempt(attempt, AttemptOutcome.REJECTED, evidence="response", now=now)
        move(
            posting,
            PostingState.REJECTED,
            now=now,
            note="The PMS's own charge for this unit, code and date is not MeterBase's.",
        )
        return
    if posting.error_code == "WRONG_LEASE":
        # The PMS said that it made a charge, so an empty ledger is no reason to make another.
        problem = f"{posting.error} Its ledger does not show it."
        move(posting, PostingState.REVIEW, now=now, error=problem, note=problem)
        return
    if posting.remote_job_id:
        # A job that was taken once may still be written, however long it has been silent.
        problem = (
            f"Propexo took this charge as job {posting.remote_job_id}, but the PMS does not show"
            " it."
        )
        move(posting, PostingState.REVIEW, now=now, error=problem, note=problem)
        return
    if attempt.host != socket.gethostname():
        # Only the machine that sent can prove that its sender is gone.
        problem = (
            f"The PMS does not show this charge, but it was sent from another machine "
            f"({attempt.host}), whose end cannot be proven from here."
        )
        move(posting, PostingState.REVIEW, now=now, error=problem, note=problem)
        return
    close_attempt(attempt, AttemptOutcome.NOT_APPLIED, evidence="ledger-negative", now=now)
    put_back(
        posting,
        code=posting.error_code or errors.OutcomeUnknown.code,
        because=f"The PMS did not show the charge in {NEGATIVE_LOOKS} looks.",
        wait=timedelta(0),
        # Whatever was looked for and never sent by this installation costs no try.
        counts=posting.error_code != RESTORED,
        now=now,
    )


def _wait_for_ledger(posting: Posting, now: datetime) -> None:
    """Look again later: this ledger is behind, so a charge that it lacks may have been made."""
    if now - posting.state_at > LONGEST_WAIT:
        problem = (
            f"Propexo does not show this charge since {posting.state_at:%Y-%m-%d %H:%M}, but it "
            "may be in the PMS all the same. Look there, and say what you found."
        )
        with suppress(MovedMeanwhile), transaction.atomic():
            move(posting, PostingState.REVIEW, now=now, error=problem, note=problem)
        return
    Posting.objects.filter(pk=posting.pk, state=PostingState.UNKNOWN, token=posting.token).update(
        settle_at=now + _BEHIND_GAP, waiting_because=_BEHIND
    )


def _look_later(posting: Posting, error: errors.PmsError, now: datetime) -> None:
    """Put the look off; the charge stays in doubt and is not sent meanwhile."""
    if now - posting.state_at > LONGEST_WAIT:
        problem = f"The PMS's ledger could not be read since {posting.state_at:%Y-%m-%d %H:%M}."
        with suppress(MovedMeanwhile), transaction.atomic():
            move(posting, PostingState.REVIEW, now=now, error=problem, note=error.message)
        return
    told = error.retry_after if isinstance(error, errors.Throttled) else None
    gap = max(next_gap(tries=posting.tries, told=told), timedelta(seconds=1))
    Posting.objects.filter(pk=posting.pk, state=PostingState.UNKNOWN, token=posting.token).update(
        settle_at=now + gap, waiting_because=error.message[:200]
    )
    if isinstance(error, errors.PmsLoginExpired | errors.ApiKeyRefused):
        stop_expired_login(posting, asked_at=now, why=error.message, now=now)
    elif told is not None:
        pause_connection(posting, until=now + told)

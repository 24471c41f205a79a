"""Looking in the PMS's ledger before a charge is sent for the first time.

The reference is made from what is billed. So a charge that MeterBase has forgotten, because its
database was restored from a backup, gets the same reference when it is posted anew; what a reading
of the ledger has shown under that reference must be looked at before anything is sent.
"""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet

from billing.models import (
    DifferenceKind,
    LedgerDifference,
    Posting,
    PostingAttempt,
    PostingState,
)
from billing.posting.generations import taken_back_in_ledger
from billing.posting.states import move
from integrations.pms.reference import reference_for

RESTORED = "RESTORED"
SEEN_IN_LEDGER = (
    "The PMS's ledger has shown a charge with this reference that MeterBase did not know. "
    "MeterBase looks it up before anything is sent."
)
CAME_TO_NOTHING = (PostingState.REJECTED, PostingState.CANCELLED)
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
# So many postings of the same charge are looked for in what the ledger has shown.
_TWINS = 20
_EXTRA = LedgerDifference.objects.filter(kind=DifferenceKind.EXTRA)


def look_first(posting: Posting, *, now: datetime) -> bool:
    """Keep a waiting charge from being sent when the ledger has shown it, or what bills the same.

    Call it inside a transaction, with the posting held.

    Shape: False when nothing speaks against sending it.
    Effects: `unknown` when its own reference was shown since it was last tried. `review` when that
        of another posting of the same charge was, which MeterBase does not call posted: no look at
        the charge's own reference would find that one.
    """
    twins = [reference_for(posting.business_key, number) for number in range(_TWINS)]
    shown = _EXTRA.filter(reference__in={posting.reference, *twins})
    # Hardly ever; and this is asked of each charge that is sent.
    if not shown.exists():
        return False
    if _is_shown_since(posting.reference, _last_try(posting)):
        doubt_unsent(posting, why=SEEN_IN_LEDGER, now=now)
        return True
    decided_at = posting.attempts.filter(evidence="operator").aggregate(at=Max("finished_at"))["at"]
    since = shown.filter(check_run__started_at__gt=decided_at or _LONG_AGO)
    others = set(since.values_list("reference", flat=True)) - {posting.reference}
    why = _standing_twin(others)
    if why:
        _ask_unsent(posting, why=why, now=now)
    return bool(why)


@dataclass(frozen=True, slots=True)
class Shown:
    """A posting that came to nothing, and the id under which the PMS shows it all the same."""

    posting: Posting
    charge_id: str

    @property
    def sentence(self) -> str:
        """Say what the PMS shows, and what to do."""
        posting = self.posting
        shows = f"The PMS shows {posting.reference} as {self.charge_id}"
        if posting.state == PostingState.REJECTED and posting.resolved_at is None:
            return f"{shows}: send it again from its own page; it is looked up first."
        state = "resolved" if posting.resolved_at else posting.get_state_display().lower()
        return f"{shows}, though it stands at “{state}” here."


def shown_all_the_same(postings: QuerySet[Posting]) -> list[Shown]:
    """Find the refused and skipped ones among postings that the ledger shows all the same.

    Shape: shown since the posting was last tried, so that a later look at the ledger explains it.
    """
    if not _EXTRA.exists():
        return []
    candidates = postings.filter(
        Exists(_EXTRA.filter(reference=OuterRef("reference"))),
        state__in=CAME_TO_NOTHING,
        job__post_to_pms=True,
    )
    return [
        Shown(posting, found.remote_charge_id)
        for posting in candidates.order_by("pk")
        if (found := _is_shown_since(posting.reference, _last_try(posting))) is not None
    ]


def _last_try(posting: Posting) -> datetime | None:
    last: datetime | None = posting.attempts.aggregate(at=Max("started_at"))["at"]
    return last


def _is_shown_since(reference: str, moment: datetime | None) -> LedgerDifference | None:
    since = _EXTRA.filter(reference=reference, check_run__started_at__gt=moment or _LONG_AGO)
    return since.order_by("pk").last()


def _standing_twin(references: set[str]) -> str:
    """Say which of the references that the ledger has shown charges somebody; nothing if none."""
    if not references:
        return ""
    sent = Posting.objects.filter(reference__in=references, job__post_to_pms=True)
    for shown in shown_all_the_same(sent):
        return shown.sentence
    unknown = references - set(sent.values_list("reference", flat=True))
    for reference in sorted(unknown - taken_back_in_ledger(unknown)):
        return (
            f"The PMS's ledger has shown {reference}, which bills the same and which MeterBase "
            "does not know."
        )
    return ""


def _ask_unsent(posting: Posting, *, why: str, now: datetime) -> None:
    """Have a person decide on a waiting charge before it is sent."""
    why = f"{why} So this charge was not sent: it would bill the same a second time."
    move(
        posting,
        PostingState.REVIEW,
        now=now,
        **_unsent_attempt(posting, now),
        error_code=RESTORED,
        error=why,
        note=why,
    )


def doubt_unsent(
    posting: Posting, *, why: str, now: datetime, settle_at: datetime | None = None
) -> None:
    """Put a waiting charge in doubt, as if it had been sent: MeterBase may have forgotten that.

    Call it inside a transaction, with the posting held.

    Errors: MovedMeanwhile.
    Effects: `unknown`, with an open attempt, so that nobody sends it before the ledger was read.
    """
    move(
        posting,
        PostingState.UNKNOWN,
        now=now,
        **_unsent_attempt(posting, now),
        negative_looks=0,
        settle_at=settle_at or now,
        error_code=RESTORED,
        error=why,
        note=why,
    )


def _unsent_attempt(posting: Posting, now: datetime) -> dict[str, Any]:
    """Open the attempt that keeps everybody from sending; give what it changes of the posting."""
    token = secrets.token_hex(16)
    PostingAttempt.objects.create(
        posting=posting,
        number=posting.attempts.count() + 1,
        token=token,
        host=socket.gethostname(),
        pid=os.getpid(),
        started_at=now,
        answer="MeterBase did not send it now; it may have been sent before.",
    )
    return {"token": token, "tries": posting.tries + 1, "waiting_because": ""}

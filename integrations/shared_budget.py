"""The row that all workers and hosts share about one API key's rate limit: reading and changing it.

Every change is one UPDATE that holds only if nobody was faster; nothing here waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from integrations.models.rate_budget import RateBudget
from integrations.pms.timetable import MINUTE, SECOND, Taken

# Charges count as being posted for this long after one asked for a turn.
_POSTING_LASTS = 60 * SECOND
_ASK_AGAIN = 5 * SECOND

# No 429 keeps anybody away for longer (see `wait_after`); a later time is a clock set back.
_LONGEST_BLOCK = 20 * MINUTE

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stood when the row was read.

    Shape: `blocked_until` is 0 when nobody has to wait.
    Units: requests per minute; microseconds since 1970.
    """

    taken: Taken
    limit: int | None
    blocked_until: int
    is_posting: bool
    row: RateBudget


class SharedBudget:
    """The row of one API key at one address."""

    def __init__(self, *, base_url: str, key_digest: str) -> None:
        self._base_url = base_url
        self._key_digest = key_digest

    def __repr__(self) -> str:
        return f"SharedBudget({self._base_url!r})"

    def read(self, *, now: int) -> Standing:
        """Read how things stand.

        Effects: the row exists.
        """
        row = self._rows.first() or self._make_row()
        blocked_until = 0 if row.blocked_until is None else microseconds_of(row.blocked_until)
        asked_at = 0 if row.post_asked_at is None else microseconds_of(row.post_asked_at)
        return Standing(
            taken=Taken(row.minute, row.turns_taken, row.reads_taken),
            limit=row.limit,
            blocked_until=blocked_until if now < blocked_until < now + _LONGEST_BLOCK else 0,
            is_posting=abs(now - asked_at) < _POSTING_LASTS,
            row=row,
        )

    def take(self, standing: Standing, *, then: Taken) -> bool:
        """Take turns, if nothing has changed since the row was read.

        Errors: RuntimeError inside somebody's transaction: until that ended, everybody would wait.
        """
        was = standing.taken
        unchanged = RateBudget.objects.filter(
            pk=standing.row.pk,
            minute=was.minute,
            turns_taken=was.turns,
            reads_taken=was.reads,
            blocked_until=standing.row.blocked_until,
        )
        with transaction.atomic(durable=True):
            taken = unchanged.update(
                minute=then.minute, turns_taken=then.turns, reads_taken=then.reads
            )
        return taken == 1

    def ask_for_posting(self, standing: Standing, *, now: int) -> None:
        """Let the reads know that charges are being posted."""
        asked_at = standing.row.post_asked_at
        if asked_at is None or abs(now - microseconds_of(asked_at)) > _ASK_AGAIN:
            RateBudget.objects.filter(pk=standing.row.pk).update(post_asked_at=moment_of(now))

    def block(self, *, until: datetime) -> None:
        """Let everybody wait; a longer wait that was asked for before stays."""
        self._make_row()
        self._rows.filter(Q(blocked_until=None) | Q(blocked_until__lt=until)).update(
            blocked_until=until
        )

    def learn_limit(self, limit: int) -> None:
        """Keep the limit that an answer named."""
        self._make_row()
        self._rows.update(limit=limit)

    def count_used(self, *, minute: int, used: int) -> None:
        """Count the turns of a minute that are gone, whoever used them."""
        self._rows.filter(minute=minute, turns_taken__lt=used).update(turns_taken=used)

    @property
    def _rows(self) -> QuerySet[RateBudget]:
        return RateBudget.objects.filter(base_url=self._base_url, key_digest=self._key_digest)

    def _make_row(self) -> RateBudget:
        row, _created = RateBudget.objects.get_or_create(
            base_url=self._base_url, key_digest=self._key_digest
        )
        return row


def microseconds_of(moment: datetime) -> int:
    """Count the microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    """Turn microseconds since 1970 into a time."""
    return _EPOCH + timedelta(microseconds=microseconds)

"""Propexo's rate limit, kept by all workers and hosts together.

A caller looks at the shared row, finds the next turn by `integrations.pms.timetable`, waits for it
if it has to, and takes it unless somebody was faster. Nothing is reserved for later and no lock is
held while somebody waits: a caller that dies takes nothing with it, and a charge never queues
behind reads that were there before it.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta

from django.conf import settings

from integrations.pms.pacing import NotYet, Pacer, Purpose
from integrations.pms.records import RateLimit
from integrations.pms.timetable import (
    MINUTE,
    SECOND,
    Plan,
    Taken,
    Turns,
    most_at_once,
    next_turns,
    plan_for,
)
from integrations.shared_budget import SharedBudget, microseconds_of, moment_of

logger = logging.getLogger(__name__)

# What each contract documents; the first answer tells what holds for this key.
_DOCUMENTED_LIMITS = {"unified": 1000, "v1": 150}
_LOWEST_LIMIT = min(_DOCUMENTED_LIMITS.values())

# Turns that are given out together and not used by then are gone.
_HOLDING_LASTS = SECOND
_MOST_AT_ONCE = 4096
_CHECK_GAP = SECOND // 4

# Told only through the minutes' counts, another minute than ours could pass for ours.
_SURE_OF_THE_MINUTE = 10 * SECOND

# A sleep ends now and then to see whether things have changed, and to show signs of life.
_LONGEST_SLEEP = 15 * SECOND
_WORTH_A_NOTE = SECOND


def _keep_silent(_sentence: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class _Patience:
    longest: timedelta
    note: Callable[[str], None] = _keep_silent


# A charge is claimed while it waits, and its claim does not last much longer.
_POSTING_PATIENCE = _Patience(timedelta(seconds=10))
_READING_PATIENCE = _Patience(timedelta(seconds=20))
_patience: ContextVar[_Patience] = ContextVar("_patience", default=_READING_PATIENCE)


@contextmanager
def waiting(*, longest: timedelta, note: Callable[[str], None] = _keep_silent) -> Iterator[None]:
    """Let the reads inside the block wait this long for a turn, and say what they wait for.

    Shape: `note` is called with a sentence every few seconds of a wait that is worth telling, and
        with an empty one when it is over.
    """
    token = _patience.set(_Patience(longest, note))
    try:
        yield
    finally:
        _patience.reset(token)


def pacer_for(*, base_url: str, api_key: str, contract: str | None) -> Pacer:
    """Make a pacer for a transport with this API key; it asks the database only when it is used.

    Shape: `contract` is None while it is not known.
    """
    address = base_url.strip().rstrip("/").removesuffix("/v1").rstrip("/")
    digest = hashlib.sha256(api_key.encode()).hexdigest()
    return DatabasePacer(SharedBudget(base_url=address[:300], key_digest=digest), contract=contract)


def _microseconds() -> int:
    return time.time_ns() // 1000


@dataclass(slots=True)
class _Held:
    """Turns of one minute that are this pacer's own, not used yet."""

    purpose: Purpose
    minute: int
    first: int
    following: int
    end: int
    expires: int
    plan: Plan


class DatabasePacer:
    """Keeps to a shared budget; like a transport, for one thread.

    Shape: `clock` gives microseconds since 1970, `sleep` takes seconds.
    """

    def __init__(
        self,
        budget: SharedBudget,
        *,
        contract: str | None,
        clock: Callable[[], int] = _microseconds,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._budget = budget
        self._contract = contract
        self._clock = clock
        self._sleep = sleep
        self._held: _Held | None = None
        self._wanted = 1
        self._learned: int | None = None
        self._last = Taken(0)
        self._taken_at = 0
        self._left_at = 0
        self._counted_at = 0

    def __repr__(self) -> str:
        return f"DatabasePacer({self._budget!r})"

    def wait(self, *, purpose: Purpose) -> None:
        """Return when one request may leave.

        Errors: NotYet when that would take longer than the caller bears; RuntimeError inside a
            transaction, where waiting would hold locks.
        Effects: sleeps; one request is counted.
        """
        if not self._use_held(purpose):
            self._queue(purpose)
        self._left_at = self._clock()

    def is_free(self) -> bool:
        """Take a turn for a read if one is open at this moment; False when it is not.

        Errors: RuntimeError inside a transaction, where it would keep others waiting.
        Effects: one request is counted if it is True.
        """
        held = self._held
        if held is not None and self._opens(held) > self._clock():
            return False
        if not self._use_held("read") and self._try("read") is not None:
            return False
        self._left_at = self._clock()
        return True

    def saw(self, *, rate_limit: RateLimit | None, throttled_for: timedelta | None) -> None:
        """Learn from an answer: the limit that it names, and how long a 429 keeps everybody away.

        Effects: whoever shares the API key knows it as well.
        """
        if throttled_for is not None:
            until = moment_of(self._clock()) + throttled_for
            logger.warning("Propexo's rate limit was passed; everybody waits until %s", until)
            self._held = None
            self._budget.block(until=until)
        if rate_limit is not None:
            self._learn_limit(rate_limit.limit)
            self._learn_use(rate_limit)

    # --- Taking turns ----------------------------------------------------------------------------

    def _queue(self, purpose: Purpose) -> None:
        patience = _POSTING_PATIENCE if purpose == "post" else _patience.get()
        gives_up_at = self._clock() + patience.longest // timedelta(microseconds=1)
        told = False
        while (until := self._try(purpose)) is not None:
            wait = until - self._clock()
            if until > gives_up_at:
                raise self._not_yet(wait)
            if wait > _WORTH_A_NOTE:
                patience.note(self._sentence(until))
                told = True
            self._sleep(max(0, min(wait, _LONGEST_SLEEP)) / SECOND)
        if told:
            patience.note("")
        # A process that was frozen wakes up with a turn of long ago, and with a claim as old.
        if self._clock() > gives_up_at:
            raise self._not_yet(SECOND)

    def _try(self, purpose: Purpose) -> int | None:
        """Take a turn, or say when to try next."""
        now = self._clock()
        standing = self._budget.read(now=now)
        self._learned = standing.limit
        reading = purpose == "read"
        if not reading:
            self._budget.ask_for_posting(standing, now=now)
        if standing.blocked_until:
            return standing.blocked_until
        plan = self._plan()
        found = next_turns(
            standing.taken,
            now=now,
            plan=plan,
            reading=reading,
            yields=standing.is_posting,
            at_most=min(self._wanted, most_at_once(limit=self._limit)),
        )
        if not isinstance(found, Turns):
            return found.until
        if not self._budget.take(standing, then=found.taken):
            return now
        self._last = found.taken
        self._hold(found, plan, purpose, now)
        return None

    # --- Turns in hand ---------------------------------------------------------------------------

    def _hold(self, found: Turns, plan: Plan, purpose: Purpose, now: int) -> None:
        """Keep what was taken beyond the one turn that is used at once."""
        minute = found.taken.minute
        is_busy = now - self._taken_at < _HOLDING_LASTS
        self._taken_at = now
        if found.count == 1:
            self._wanted = self._wanted * 2 if is_busy else 1
            return
        self._held = _Held(
            purpose=purpose,
            minute=minute,
            first=found.first,
            following=found.first + 1,
            end=found.first + found.count,
            expires=min(now + _HOLDING_LASTS, plan.last_use(minute=minute)),
            plan=plan,
        )

    def _use_held(self, purpose: Purpose) -> bool:
        """Use a turn in hand, if there is one; take more at once as long as all get used."""
        held = self._held
        # A charge's turn is no read's, for the reads have to leave charges their part.
        if held is None or held.purpose != purpose:
            return False
        now = self._clock()
        if not held.minute * MINUTE <= now < held.expires:
            self._wanted = held.following - held.first
            self._held = None
            return False
        opens = self._opens(held)
        if opens > now:
            self._sleep((opens - now) / SECOND)
            # A process that was frozen meanwhile has slept too long.
            if self._clock() >= held.expires:
                return False
        held.following += 1
        if held.following == held.end:
            self._wanted = min(self._wanted * 2, _MOST_AT_ONCE)
            self._held = None
        return True

    def _opens(self, held: _Held) -> int:
        return held.minute * MINUTE + held.plan.everybody.opens(held.following)

    # --- What answers teach ----------------------------------------------------------------------

    def _learn_limit(self, limit: int) -> None:
        if limit == self._learned or limit < 1:
            return
        self._held = None
        self._budget.learn_limit(limit)
        self._learned = limit

    def _learn_use(self, rate_limit: RateLimit) -> None:
        """Count what others have used of the same limit, such as another installation."""
        used, now = rate_limit.limit - rate_limit.remaining, self._clock()
        if used <= self._last.turns or now - self._counted_at < _CHECK_GAP:
            return
        if self._minute_of(rate_limit) != self._last.minute:
            return
        self._counted_at = now
        self._budget.count_used(minute=self._last.minute, used=used)
        self._last = replace(self._last, turns=used)

    def _minute_of(self, rate_limit: RateLimit) -> int | None:
        """Tell which minute of the clock the server counts in; None when that is not sure."""
        minute, rest = divmod(microseconds_of(rate_limit.reset_at), MINUTE)
        if rest == 0:
            return minute - 1
        minute, moment = divmod(self._left_at, MINUTE)
        is_sure = minute == self._clock() // MINUTE and moment >= _SURE_OF_THE_MINUTE
        return minute if is_sure else None

    # --- The limit in words and numbers ----------------------------------------------------------

    @property
    def _limit(self) -> int:
        usual = _DOCUMENTED_LIMITS.get(self._contract or "", _LOWEST_LIMIT)
        most: int = settings.PROPEXO_RATE_LIMIT
        if not most:
            return self._learned or usual
        return most if self._learned is None else min(most, self._learned)

    def _plan(self) -> Plan:
        return plan_for(
            limit=self._limit,
            slows_down=self._contract == "v1",
            posting_percent=settings.PROPEXO_POSTING_SHARE,
        )

    def _not_yet(self, wait: int) -> NotYet:
        return NotYet(
            f"Propexo takes {self._limit:,} requests a minute, and MeterBase has to wait for its "
            "next turn.",
            retry_after=max(timedelta(seconds=1), timedelta(microseconds=wait)),
        )

    def _sentence(self, until: int) -> str:
        moment = moment_of(until)
        return f"Propexo's rate limit ({self._limit:,} a minute), until {moment:%H:%M:%S} UTC"

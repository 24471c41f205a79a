"""The turns of a minute: at which moments requests may leave so that a rate limit is never passed.

Propexo counts requests by the minute of the clock. Each minute therefore has numbered turns, each
with a moment from which it may be used. A turn that nobody used in time is gone, except for the
last few: so the requests stay evenly spread, and even a server whose minute begins elsewhere counts
no more of them than its limit allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

SECOND = 1_000_000
MINUTE = 60 * SECOND

# Neither the first nor the last moments of a minute are used: what leaves in them may be counted in
# the minute before or after. Where there are many turns, the spare ones are enough for that.
_HEAD = SECOND // 10
_TAIL = SECOND * 4 // 10
_MANY_TURNS = 10_000

# Where Propexo slows answers down once most of the allowance is used, a single caller can use the
# rest only if it has most of the minute for it; so the part that is not slowed down goes first.
_QUICK_SPAN = 12 * SECOND
_SLOWED_FROM_PERCENT = 80

_SPARE_PERCENT = 3
_SMALLEST_LIMIT_WITH_SPARE = 20

# How far ahead turns are given out together, where there are many of them.
_AHEAD = SECOND // 4

# A host's clock may run ahead of another's by seconds; further ahead than this it was set back.
_CLOCK_WAS_SET_BACK = 2


@dataclass(frozen=True, slots=True)
class Timetable:
    """The turns of one minute, numbered from 0.

    Shape: the first `quick` turns share the beginning of the minute, the others share the rest.
    Units: microseconds since the minute began.
    """

    turns: int
    quick: int = 0

    @property
    def begins(self) -> int:
        """Say from which moment on any turn may be used."""
        return _HEAD if self.turns < _MANY_TURNS else 0

    @property
    def closes(self) -> int:
        """Say from which moment on no turn may be used."""
        return MINUTE - _TAIL if self.turns < _MANY_TURNS else MINUTE

    def opens(self, turn: int) -> int:
        """Say from which moment a turn may be used."""
        if turn < self.quick:
            return self.begins + _ceiling(turn * _QUICK_SPAN, self.quick)
        span = self.closes - self._rest_begins
        return self._rest_begins + _ceiling((turn - self.quick) * span, self.turns - self.quick)

    def opened(self, moment: int) -> int:
        """Count the turns whose moment has come."""
        if moment < self.begins:
            return 0
        if moment < self._rest_begins or self.turns == self.quick:
            return min(self.quick, (moment - self.begins) * self.quick // _QUICK_SPAN + 1)
        rest = self.turns - self.quick
        span = self.closes - self._rest_begins
        return min(self.turns, self.quick + (moment - self._rest_begins) * rest // span + 1)

    @property
    def _rest_begins(self) -> int:
        return self.begins + (_QUICK_SPAN if self.quick else 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a limit is used: the turns of all requests, and of reads while charges are posted.

    Shape: `catch_up` is how many missed turns may still be used.
    """

    everybody: Timetable
    reads: Timetable
    catch_up: int

    def last_use(self, *, minute: int) -> int:
        """Say until when the turns of a minute may be used.

        Units: minutes, and microseconds since 1970.
        """
        return minute * MINUTE + self.everybody.closes

    def first_use(self, *, minute: int) -> int:
        """Say from when on the turns of a minute may be used.

        Units: minutes, and microseconds since 1970.
        """
        return minute * MINUTE + self.everybody.begins


@dataclass(frozen=True, slots=True)
class Taken:
    """What is gone of a minute.

    Units: minutes since 1970; turns.
    """

    minute: int
    turns: int = 0
    reads: int = 0


@dataclass(frozen=True, slots=True)
class Turns:
    """Turns that may be taken now: the numbers from `first` on, of the minute of `taken`.

    Shape: `taken` is how things stand once they are.
    """

    taken: Taken
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class TooEarly:
    """No turn is open.

    Units: microseconds since 1970.
    """

    until: int


@lru_cache(maxsize=64)
def plan_for(*, limit: int, slows_down: bool, posting_percent: int) -> Plan:
    """Plan how a limit is used.

    Shape: `slows_down` where Propexo delays answers once most of the allowance is used;
        `posting_percent` is what reads leave to charges while charges are posted.
    Units: requests per minute.
    """
    spare = max(int(limit >= _SMALLEST_LIMIT_WITH_SPARE), limit * _SPARE_PERCENT // 100)
    turns = max(1, limit - spare)
    quick = min(turns, limit * _SLOWED_FROM_PERCENT // 100) if slows_down else 0
    reads = max(1, turns * (100 - posting_percent) // 100)
    # One less than the spare ones, since the turn that is open just now comes on top.
    return Plan(Timetable(turns, quick), Timetable(reads), max(0, spare - 1))


def next_turns(
    taken: Taken, *, now: int, plan: Plan, reading: bool, yields: bool, at_most: int = 1
) -> Turns | TooEarly:
    """Find the turns that may be taken now.

    Shape: `yields` while charges are posted, so that reads have to leave them their part.
    Units: microseconds since 1970.
    """
    minute, moment = divmod(now, MINUTE)
    if minute < taken.minute <= minute + _CLOCK_WAS_SET_BACK:
        return TooEarly(plan.first_use(minute=taken.minute))
    if taken.minute != minute:
        taken = Taken(minute)
    first = _first(plan.everybody, taken.turns, moment, plan.catch_up)
    tables = [(plan.everybody, first)]
    reads = taken.reads
    if reading and yields:
        reads = _first(plan.reads, reads, moment, plan.catch_up)
        tables.append((plan.reads, reads))
    if now >= plan.last_use(minute=minute) or any(turn >= table.turns for table, turn in tables):
        return TooEarly(plan.first_use(minute=minute + 1))
    opens = max(table.opens(turn) for table, turn in tables)
    if opens > moment:
        return TooEarly(minute * MINUTE + opens)
    open_soon = min(table.opened(moment + _AHEAD) - turn for table, turn in tables)
    count = max(1, min(at_most, open_soon))
    now_taken = Taken(minute, first + count, reads + count if reading else reads)
    return Turns(now_taken, first, count)


def most_at_once(*, limit: int) -> int:
    """Say how many turns a caller may take together: one, unless the limit is high.

    Units: requests per minute.
    """
    return max(1, limit * _AHEAD // MINUTE)


def _first(table: Timetable, taken: int, moment: int, catch_up: int) -> int:
    return max(taken, table.opened(moment) - 1 - catch_up)


def _ceiling(number: int, divisor: int) -> int:
    return -(-number // divisor)

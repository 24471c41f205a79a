"""Faults on demand: what can go wrong on the way, made to happen to the next requests or events."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random

ANY_METHOD = "*"
WEBHOOK = "WEBHOOK"


class FaultKind(StrEnum):
    """What goes wrong; before and after mean before and after the sandbox has done its work.

    Where the name does not say it, the work is done and the answer is spoiled.
    """

    DELAY = "delay"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    STATUS_500_BEFORE = "status_500_before"
    STATUS_500_AFTER = "status_500_after"
    TOO_MANY_REQUESTS = "too_many_requests"
    HTML_BEFORE = "html_before"
    HTML_AFTER = "html_after"
    MALFORMED_JSON = "malformed_json"
    MISSING_ROWS = "missing_rows"
    CUT_BODY = "cut_body"
    ROWS_INSERTED = "rows_inserted"
    WEBHOOK_DUPLICATE = "webhook_duplicate"
    WEBHOOK_LATE = "webhook_late"
    WEBHOOK_LOST = "webhook_lost"
    WEBHOOK_WRONG_SIGNATURE = "webhook_wrong_signature"


WEBHOOK_KINDS = frozenset(kind for kind in FaultKind if kind.startswith("webhook_"))
REQUEST_KINDS = frozenset(FaultKind) - WEBHOOK_KINDS


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to happen to requests with this method and path.

    Shape: `path` may hold `*` for any text, slashes included; `method` may be `*`. For events the
        method is `WEBHOOK` and the path is the event's name. `skip` requests are left alone, then
        `count` are hit (None: until it is cleared), each with `probability` drawn from `seed`.
    Units: `seconds` to wait before the work, whatever the kind; `retry_after` in seconds, None for
        no such header; `rows` that are inserted after the answer was made.
    """

    method: str
    path: str
    kind: FaultKind
    count: int | None = 1
    seconds: float = 0
    skip: int = 0
    probability: Decimal | None = None
    seed: int = 0
    retry_after: int | None = None
    status: int = 502
    rows: int = 1

    def matches(self, *, method: str, path: str) -> bool:
        """Tell whether a request is one of those that are meant."""
        return self.method in {ANY_METHOD, method} and fnmatchcase(path, self.path)


class _Ordered:
    """A fault and what is left of it."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        # Repeatable trouble is the point, so the weak generator is the right one.
        self._random = Random(fault.seed)  # noqa: S311

    def strikes(self) -> bool:
        """Count a matching request and tell whether it is hit."""
        if self.fault.skip:
            self.fault = replace(self.fault, skip=self.fault.skip - 1)
            return False
        chance = self.fault.probability
        if chance is not None and Decimal(self._random.random()) >= chance:
            return False
        if self.fault.count is not None:
            self.fault = replace(self.fault, count=self.fault.count - 1)
        return True

    @property
    def spent(self) -> bool:
        """Tell whether it will never happen again."""
        return self.fault.count == 0


class FaultBook:
    """The faults that are still to happen, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ordered: list[_Ordered] = []

    def add(self, fault: Fault) -> None:
        """Order a fault."""
        with self._lock:
            self._ordered.append(_Ordered(fault))

    def take(
        self, *, method: str, path: str, kinds: Collection[FaultKind] = REQUEST_KINDS
    ) -> Fault | None:
        """Give the fault that is due for a request, and count it down."""
        with self._lock:
            for ordered in self._ordered:
                fault = ordered.fault
                if fault.kind not in kinds or not fault.matches(method=method, path=path):
                    continue
                if ordered.strikes():
                    self._ordered = [left for left in self._ordered if not left.spent]
                    return fault
        return None

    def take_for_event(self, event: str) -> Fault | None:
        """Give the fault that is due for an event that is about to be queued."""
        return self.take(method=WEBHOOK, path=event, kinds=WEBHOOK_KINDS)

    def pending(self) -> tuple[Fault, ...]:
        """List the faults that are still to happen."""
        with self._lock:
            return tuple(ordered.fault for ordered in self._ordered)

    def clear(self) -> int:
        """Forget all faults; return how many there were."""
        with self._lock:
            count = len(self._ordered)
            self._ordered.clear()
        return count

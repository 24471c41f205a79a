"""Faults on demand: what can go wrong on the way, made to happen to the next requests."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong; before and after mean before and after the sandbox has done its work."""

    DELAY = "delay"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    STATUS_500_BEFORE = "status_500_before"
    STATUS_500_AFTER = "status_500_after"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to happen to the next `count` requests with this method and path.

    Units: `seconds` to wait before the work, whatever the kind.
    """

    method: str
    path: str
    kind: FaultKind
    count: int = 1
    seconds: float = 0


class FaultBook:
    """The faults that are still to happen, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Order a fault."""
        with self._lock:
            self._faults.append(fault)

    def take(self, *, method: str, path: str) -> Fault | None:
        """Give the fault that is due for a request, and count it down."""
        with self._lock:
            for place, fault in enumerate(self._faults):
                if (fault.method, fault.path) == (method, path):
                    left = fault.count - 1
                    self._faults[place : place + 1] = [replace(fault, count=left)] if left else []
                    return fault
        return None

    def pending(self) -> tuple[Fault, ...]:
        """List the faults that are still to happen."""
        with self._lock:
            return tuple(self._faults)

    def clear(self) -> int:
        """Forget all faults; return how many there were."""
        with self._lock:
            count = len(self._faults)
            self._faults.clear()
        return count

"""The rate limit: so many requests per API key in each minute of the clock."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass

from integrations.sandbox.moments import Clock
from integrations.sandbox.problems import Problem

_WINDOW = 60
# From this share of the limit on, production takes its time over every answer.
_SLOW_FROM = 0.8
_SLOW_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left for a key after a request.

    Units: requests; `reset` in UTC epoch seconds, `retry_after` and `delay` in seconds.
    """

    limit: int
    used: int
    reset: int
    retry_after: int
    delay: float = 0.0

    def headers(self) -> dict[str, str]:
        """Write the headers that every answer carries."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "X-RateLimit-Reset": str(self.reset),
        }

    def check(self) -> None:
        """Refuse the request when the key has had its share."""
        if self.used > self.limit:
            raise Problem(
                429,
                "RATE_LIMITED",
                f"More than {self.limit} requests in a minute. Try again later.",
                headers={"Retry-After": str(self.retry_after)},
            )


class RateLimiter:
    """Counts requests by key; forgets everything when a new minute begins."""

    def __init__(self, *, limit: int, clock: Clock, slows_down: bool = False) -> None:
        self._limit = limit
        self._clock = clock
        self._slows_down = slows_down
        self._lock = threading.Lock()
        self._window = 0
        self._used: Counter[str] = Counter()

    def take(self, key: str) -> Allowance:
        """Count a request and tell what is left."""
        now = self._clock().timestamp()
        window = int(now) // _WINDOW
        with self._lock:
            if window != self._window:
                self._window = window
                self._used.clear()
            self._used[key] += 1
            used = self._used[key]
        reset = (window + 1) * _WINDOW
        slow = self._slows_down and _SLOW_FROM * self._limit <= used <= self._limit
        return Allowance(
            limit=self._limit,
            used=used,
            reset=reset,
            retry_after=max(1, reset - int(now)),
            delay=_SLOW_SECONDS if slow else 0.0,
        )

"""How reads are repeated: a few times, with growing random waits, inside the call's deadline."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

from urllib3 import BaseHTTPResponse
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import MaxRetryError, ResponseError
from urllib3.util import Retry

from integrations.pms.answer import stated_wait
from integrations.pms.deadline import seconds_left

_WORTH_ANOTHER_TRY = frozenset({429, 502, 503, 504})
_REPEATS = 3


class ReadRetry(Retry):
    """Repeat a GET as long as waiting is cheaper than coming back later.

    A wait that Propexo asks for is kept to the second; one longer than `retry_after_max`, or than
    what is left of the deadline, ends the repeats, and the caller gets the answer as it is.
    """

    before_repeat: Callable[[], None] | None = None

    # Any: the parameters are those of the parent, handed on unseen.
    def new(self, **kw: Any) -> Self:
        """Make the rule that holds after one more try."""
        following = super().new(**kw)
        following.before_repeat = self.before_repeat
        return following

    # The parameters are the parent's, in the parent's order: urllib3 calls this.
    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> ReadRetry:
        """Count one try, or end the repeats."""
        following = super().increment(method, url, response, error, _pool, _stacktrace)
        if following.wait_before(response) > min(self.retry_after_max, seconds_left()):
            reason = error or ResponseError("the wait would be too long")
            # urllib3 raises this error without a pool itself, where it has none.
            raise MaxRetryError(_pool, url, reason)  # type: ignore[arg-type]
        return following

    def wait_before(self, response: BaseHTTPResponse | None) -> float:
        """Say the shortest wait before the next try.

        Units: seconds; infinite when Propexo throttles without saying for how long.
        """
        if response is None:
            return 0.0
        stated = stated_wait(response.headers, now=datetime.now(UTC))
        if stated is not None:
            return max(stated.total_seconds(), 0.0)
        return float("inf") if response.status == HTTPStatus.TOO_MANY_REQUESTS else 0.0

    def get_backoff_time(self) -> float:
        """Draw a wait between nothing and twice the last range.

        Units: seconds.
        """
        longest = min(self.backoff_max, self.backoff_factor * 2 ** len(self.history))
        return random.uniform(0.0, longest)  # noqa: S311 - it spreads callers out, it hides nothing

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        """Wait before the next try, never past the deadline."""
        wait = self.wait_before(response) or self.get_backoff_time()
        time.sleep(max(0.0, min(wait, seconds_left())))
        if self.before_repeat is not None:
            self.before_repeat()


def read_retries(
    *,
    backoff: float,
    longest_wait: float,
    repeats_throttled: bool = True,
    before_repeat: Callable[[], None] | None = None,
) -> ReadRetry:
    """Make the rule by which reads are repeated.

    Shape: `before_repeat` is called when the wait is over and the next try is about to leave.
    Units: seconds.
    """
    throttled = frozenset() if repeats_throttled else frozenset({HTTPStatus.TOO_MANY_REQUESTS})
    rule = ReadRetry(
        total=_REPEATS,
        allowed_methods={"GET"},
        status_forcelist=_WORTH_ANOTHER_TRY - throttled,
        backoff_factor=backoff,
        backoff_max=longest_wait,
        # urllib3 hands any number on to min(), so parts of a second are fine.
        retry_after_max=longest_wait,  # type: ignore[arg-type]
        # Otherwise a 429 that names a wait would be repeated all the same.
        respect_retry_after_header=repeats_throttled,
        raise_on_status=False,
    )
    rule.before_repeat = before_repeat
    return rule


def no_retries() -> Retry:
    """Make the rule for writes: one attempt, whatever happens."""
    return Retry(total=0, read=False, allowed_methods={"GET"}, respect_retry_after_header=False)

"""Waiting one's turn before a request leaves: what the transport asks of a pacer."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Protocol

from integrations.pms.errors import Throttled
from integrations.pms.records import RateLimit

Purpose = Literal["read", "post"]


class NotYet(Throttled):
    """The next turn is further away than the caller bears to wait; nothing was sent."""

    def __init__(self, message: str, *, retry_after: timedelta) -> None:
        super().__init__(message, retry_after=retry_after)
        # Propexo was not even asked.
        self.http_status = None


class Pacer(Protocol):
    """Keeps everybody who shares an API key within its rate limit."""

    def wait(self, *, purpose: Purpose) -> None:
        """Return when one request may leave.

        Errors: NotYet when that would take longer than the caller bears.
        Effects: sleeps; one request is counted.
        """

    def is_free(self) -> bool:
        """Take a turn for a read if one is open at this moment; False when it is not.

        Effects: one request is counted if it is True.
        """

    def saw(self, *, rate_limit: RateLimit | None, throttled_for: timedelta | None) -> None:
        """Learn from an answer: the limit that it names, and how long a 429 keeps everybody away.

        Effects: whoever shares the API key knows it as well.
        """

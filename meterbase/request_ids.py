"""A number for each request: in its answer and in every line that is written down meanwhile."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
_current: ContextVar[str] = ContextVar("_current", default="-")


def request_id() -> str:
    """Tell the number of the request that is being answered; "-" outside of one."""
    return _current.get()


class RequestIdMiddleware:
    """Give each request a number, which its answer carries."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # It stays until the next request: Django writes its own line about an answer after this.
        _current.set(f"req_{secrets.token_hex(8)}")
        answer = self.get_response(request)
        answer[HEADER] = request_id()
        return answer


class RequestIdFilter(logging.Filter):
    """Put the number into each line; it lets every line pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the number.

        Effects: the record has a `request_id`.
        """
        record.request_id = request_id()
        return True

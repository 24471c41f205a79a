"""The gate of the JSON API: whose call it is, how many are left, and one shape for every answer."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from meterbase.api_answers import problem_answer
from meterbase.lib.json_api import ApiProblem
from meterbase.middleware import is_call
from portfolios.bearer import recognise
from portfolios.operations.call_limits import CallStanding

# Nothing is loaded for an answer, wherever it is shown.
_POLICY = "default-src 'none'; frame-ancestors 'none'"


class ApiGateMiddleware:
    """Count each call to the API, and say with each answer how many are left."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_call(request):
            return self.get_response(request)
        standing = recognise(request, now=timezone.now())
        answer = _too_many(standing) if standing.is_spent else self._answer(request)
        answer["X-RateLimit-Limit"] = str(standing.per_minute)
        answer["X-RateLimit-Remaining"] = str(standing.remaining)
        answer["X-RateLimit-Reset"] = str(standing.reset_at)
        answer["Cache-Control"] = "no-store"
        answer["Content-Security-Policy"] = _POLICY
        return answer

    def _answer(self, request: HttpRequest) -> HttpResponse:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        length = str(request.META.get("CONTENT_LENGTH", ""))
        # What is put is a file, whose call reads it bit by bit and knows how large it may be.
        if request.method != "PUT" and length.isdecimal() and int(length) > most:
            message = f"The body may have at most {most:,} bytes."
            return problem_answer(ApiProblem(400, "validation_error", message))
        answer = self.get_response(request)
        if answer.status_code == 405:
            return _wrong_method(request, allowed=answer["Allow"])
        return answer


def _too_many(standing: CallStanding) -> HttpResponse:
    message = (
        f"This is more than {standing.per_minute:,} requests a minute. "
        f"Wait {standing.retry_after} s, then go on."
    )
    answer = problem_answer(ApiProblem(429, "rate_limit_exceeded", message))
    answer["Retry-After"] = str(standing.retry_after)
    return answer


def _wrong_method(request: HttpRequest, *, allowed: str) -> HttpResponse:
    message = f"{request.path} takes {allowed}, not {request.method}."
    answer = problem_answer(ApiProblem(405, "method_not_allowed", message))
    answer["Allow"] = allowed
    return answer

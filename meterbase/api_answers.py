"""The answers that the API gives when something is in the way."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from meterbase.lib.json_api import ApiProblem, written_answer


def problem_answer(problem: ApiProblem) -> HttpResponse:
    """Write a problem as an answer."""
    return written_answer(problem.body(), status=problem.status)


def no_key() -> HttpResponse:
    """Answer a call without a living key."""
    answer = problem_answer(
        ApiProblem(
            401,
            "authentication_error",
            "Send a living API key: Authorization: Bearer mb_live_…. Keys are made under "
            "Settings > API access.",
        )
    )
    answer["WWW-Authenticate"] = "Bearer"
    return answer


@csrf_exempt
def no_such_call(request: HttpRequest) -> HttpResponse:
    """Answer an address under /api/ at which there is nothing."""
    message = f"There is no call at {request.path}. All calls are listed at /api/docs/."
    return problem_answer(ApiProblem(404, "resource_not_found", message))

"""Idempotency-Key: a POST that is repeated is done once and answered the same.

A call that stays inside MeterBase is one transaction with its kept answer, so neither exists
without the other. A call to the PMS cannot be inside a transaction: what it does must bear being
done twice, and while it is at work the same call is turned away.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from meterbase.api_answers import problem_answer
from meterbase.lib.json_api import ApiProblem, may_be_kept, uses_the_pms
from portfolios.models import ApiKey, KeptAnswer
from portfolios.operations.kept_answers import (
    OnceOnly,
    OtherCall,
    StillAtWork,
    claim_call,
    forget_call,
    keep_answer,
)

HEADER = "Idempotency-Key"
_FORM = re.compile(r"[\x21-\x7e]{1,255}")
_SUCCESS = range(200, 300)

Run = Callable[..., HttpResponse]


def answer_once(run: Run) -> Run:
    """Do a POST with an Idempotency-Key once; every other call passes."""
    operation: Any = getattr(run, "__self__", None)
    kept = may_be_kept(operation.view_func)
    do = _outside_a_transaction if uses_the_pms(operation.view_func) else _in_one_transaction

    @wraps(run)
    def answer(request: HttpRequest, **arguments: Any) -> HttpResponse:
        if request.method != "POST" or not kept:
            return run(request, **arguments)
        key: ApiKey | None = getattr(request, "api_key", None)
        given = request.headers.get(HEADER)
        if given is None or key is None:
            return run(request, **arguments)
        if not _FORM.fullmatch(given):
            sentence = "must be 1 to 255 visible ASCII characters"
            message = f"The header {HEADER} {sentence}."
            problem = ApiProblem(422, "validation_error", message, {HEADER: [sentence]})
            return problem_answer(problem)
        call = OnceOnly(api_key=key, idempotency_key=given, digest=_digest(request))
        try:
            return do(call, lambda: run(request, **arguments))
        except OtherCall as error:
            details = {HEADER: [str(error)]}
            return problem_answer(ApiProblem(422, "validation_error", str(error), details))
        except StillAtWork as error:
            answer = problem_answer(ApiProblem(409, "request_in_progress", str(error)))
            answer["Retry-After"] = "1"
            return answer

    return answer


def _digest(request: HttpRequest) -> str:
    parts = (str(request.method).encode(), request.get_full_path().encode(), request.body)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _in_one_transaction(call: OnceOnly, run: Callable[[], HttpResponse]) -> HttpResponse:
    with transaction.atomic():
        claimed = claim_call(call=call, now=timezone.now())
        if not claimed.is_new:
            return _again(claimed.row)
        answer = run()
        if answer.status_code in _SUCCESS:
            keep_answer(row=claimed.row, status=answer.status_code, body=answer.content.decode())
        else:
            transaction.set_rollback(True)
    return answer


def _outside_a_transaction(call: OnceOnly, run: Callable[[], HttpResponse]) -> HttpResponse:
    claimed = claim_call(call=call, now=timezone.now())
    if not claimed.is_new:
        return _again(claimed.row)
    answer = run()
    if answer.status_code in _SUCCESS:
        keep_answer(row=claimed.row, status=answer.status_code, body=answer.content.decode())
    else:
        forget_call(row=claimed.row)
    return answer


def _again(row: KeptAnswer) -> HttpResponse:
    answer = HttpResponse(row.body, status=row.status, content_type="application/json")
    answer["Idempotent-Replayed"] = "true"
    return answer

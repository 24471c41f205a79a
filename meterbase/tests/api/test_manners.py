"""What every answer has in common."""

from __future__ import annotations

import logging
import time

import pytest
from django.test import Client

from meterbase.tests.api.programs import Program, program_of
from portfolios.models import ApiKey, ApiPlan, Scope, UnknownCaller
from portfolios.operations.api_keys import revoke_api_key, set_plan

JOBS = "/api/rubs/jobs"
HEADERS = ("X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.fixture
def program(cast, now) -> Program:
    return program_of(cast.manager, now=now)


def _error(answer):
    found = answer.json()
    assert set(found) == {"success", "error"}
    assert found["success"] is False
    assert set(found["error"]) == {"code", "message", "details"}
    return found["error"]["code"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/api/rubs/jobs/job_none", None, 404, "resource_not_found"),
        ("GET", "/api/no/such/call", None, 404, "resource_not_found"),
        ("POST", "/api/no/such/call", {}, 404, "resource_not_found"),
        ("DELETE", JOBS, None, 405, "method_not_allowed"),
        ("POST", "/api/rubs/bills", b"{", 400, "validation_error"),
        ("POST", "/api/rubs/bills", b'{"utility": "\\u0000"}', 400, "validation_error"),
        ("POST", "/api/rubs/bills", b'{"utility": "\\ud800"}', 400, "validation_error"),
        ("POST", "/api/rubs/bills", {}, 422, "validation_error"),
        ("GET", f"{JOBS}?limit=101", None, 422, "validation_error"),
        ("GET", f"{JOBS}?limit=0", None, 422, "validation_error"),
        ("GET", f"{JOBS}?page=0", None, 422, "validation_error"),
        ("GET", f"{JOBS}?page=x", None, 422, "validation_error"),
        ("GET", "/api/rubs/bills/99999999999999999999", None, 404, "resource_not_found"),
        ("GET", "/api/rubs/bills/x", None, 422, "validation_error"),
        ("GET", "/api/rubs/jobs/a%00b", None, 404, "resource_not_found"),
    ],
)
def test_every_error_has_one_shape_and_every_header(program, method, path, body, status, code):
    answer = program.call(method, path, body)

    assert (answer.status_code, _error(answer)) == (status, code)
    assert [name for name in HEADERS if name not in answer] == []
    assert "X-Request-ID" in answer


def test_a_mistake_of_ours_is_told_without_its_insides(program, monkeypatch, caplog):
    def fail(**_arguments):
        raise RuntimeError("a secret thing")

    monkeypatch.setattr("billing.api.jobs.count_jobs", lambda *_rows: fail())
    answer = program.get(JOBS)

    assert (answer.status_code, _error(answer)) == (500, "server_error")
    assert b"secret" not in answer.content
    assert answer["X-Request-ID"] in answer.json()["error"]["message"]
    assert [name for name in HEADERS if name not in answer] == []
    assert any(record.exc_info for record in caplog.records)


def test_lines_that_are_written_meanwhile_carry_the_number_of_the_request(program, settings):
    from meterbase.request_ids import RequestIdFilter

    answer = program.get("/api/rubs/jobs/job_none")
    record = logging.LogRecord("x", logging.INFO, "x", 1, "Not Found", None, None)

    assert RequestIdFilter().filter(record)
    assert vars(record)["request_id"] == answer["X-Request-ID"]
    assert "{request_id}" in settings.LOGGING["formatters"]["line"]["format"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(program, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = program.post("/api/rubs/bills", {"utility": "water"})

    assert (answer.status_code, _error(answer)) == (400, "validation_error")


def test_a_session_does_not_open_the_api(cast):
    client = Client()
    client.force_login(cast.manager)

    assert client.get(JOBS).status_code == 401


def test_an_answer_loads_nothing_and_leaves_no_cookie(cast, program):
    visitor = Client()
    visitor.force_login(cast.manager)
    known = set(visitor.cookies)

    answer = visitor.get(JOBS, headers={"Authorization": f"Bearer {program.secret}"})

    assert answer.status_code == 200
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert (answer["X-Content-Type-Options"], answer["X-Frame-Options"]) == ("nosniff", "DENY")
    assert set(visitor.cookies) == known
    assert not answer.cookies


def test_the_documentation_is_a_page(cast, signed_in):
    page = signed_in(cast.viewer).get("/api/docs/")

    assert "script-src 'self'" in page["Content-Security-Policy"]


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer x{}", "bearer {}x"]
)
def test_only_a_bearer_of_a_living_key_gets_in(program, sent):
    answer = Client(headers={"Authorization": sent.format(program.secret)}).get(JOBS)

    assert (answer.status_code, _error(answer)) == (401, "authentication_error")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_the_scheme_may_be_written_in_any_case(program):
    answer = Client(headers={"Authorization": f"bearer {program.secret}"}).get(JOBS)
    assert answer.status_code == 200


def test_a_revoked_key_ends_at_once_while_another_lives_on(cast, now, program):
    other = program_of(cast.manager, now=now)
    revoke_api_key(key=ApiKey.objects.earliest("pk"), by=cast.manager, now=now)

    assert (program.get(JOBS).status_code, other.get(JOBS).status_code) == (401, 200)


def test_a_key_that_lacks_the_scope_is_told_which(cast, now):
    program = program_of(cast.manager, now=now, scopes=[Scope.BILLS_READ])
    answer = program.get(JOBS)

    assert answer.status_code == 403
    assert "charges:read" in answer.json()["error"]["message"]


# --- Limits --------------------------------------------------------------------------------------


def test_each_call_is_counted_down(program):
    found = [program.get(JOBS) for _ in range(3)]

    assert [answer["X-RateLimit-Limit"] for answer in found] == ["100"] * 3
    left = [int(answer["X-RateLimit-Remaining"]) for answer in found]
    assert left[0] == 149
    assert left == sorted(left, reverse=True)
    assert 0 < int(found[-1]["X-RateLimit-Reset"]) - time.time() <= 60


@pytest.mark.parametrize(
    ("plan", "limit", "burst"),
    [
        (ApiPlan.STANDARD, 100, 150),
        (ApiPlan.PROFESSIONAL, 300, 450),
        (ApiPlan.ENTERPRISE, 1000, 1500),
    ],
)
def test_a_burst_ends_with_429_and_waiting_helps(
    cast, now, program, plan, limit, burst, time_machine
):
    key = ApiKey.objects.get()
    set_plan(key=key, plan=plan, by=cast.manager, now=now)
    time_machine.move_to(now, tick=False)
    # All calls but one of the burst were made at this very moment.
    at = int(now.timestamp() * 1_000_000)
    step = 60_000_000 // limit
    ApiKey.objects.update(spent_until=at + (burst - 1) * step)

    last, refused = program.get(JOBS), program.get(JOBS)
    again = program.get(JOBS)
    time_machine.shift(int(refused["Retry-After"]))
    after = program.get(JOBS)

    assert (last.status_code, last["X-RateLimit-Remaining"]) == (200, "0")
    assert (refused.status_code, _error(refused)) == (429, "rate_limit_exceeded")
    assert (again.status_code, after.status_code) == (429, 200)
    assert refused["X-RateLimit-Limit"] == str(limit)
    assert [name for name in HEADERS if name not in refused] == []


def test_a_minute_of_quiet_opens_a_minutes_calls(program, now, time_machine):
    time_machine.move_to(now, tick=False)
    at = int(now.timestamp() * 1_000_000)
    ApiKey.objects.update(spent_until=at + 150 * 600_000)
    time_machine.shift(60)

    assert program.get(JOBS)["X-RateLimit-Remaining"] == "99"


def test_keys_do_not_use_up_each_others_calls(cast, now, program):
    ApiKey.objects.update(spent_until=(time.time_ns() // 1000) + 10**12)
    other = program_of(cast.manager, now=now)

    assert (program.get(JOBS).status_code, other.get(JOBS).status_code) == (429, 200)


def test_guessing_keys_is_slowed_down_and_fills_no_table(cast, program):
    assert Program("mb_live_guess").get(JOBS).status_code == 401
    UnknownCaller.objects.update(spent_until=(time.time_ns() // 1000) + 10**12)

    assert Program("mb_live_other").get(JOBS).status_code == 429
    assert program.get(JOBS).status_code == 200
    assert UnknownCaller.objects.count() == 1

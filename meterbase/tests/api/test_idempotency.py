"""A POST with an Idempotency-Key is done once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import UtilityBill
from billing.tasks import tick_files
from meterbase.tests.api.programs import program_of
from portfolios.models import ApiKey, KeptAnswer, Membership, Portfolio, Role
from portfolios.operations.api_keys import revoke_api_key

BILLS = "/api/rubs/bills"


@pytest.fixture
def body(small):
    return {
        "property_id": small.property_id,
        "utility": "gas",
        "period_start": "2026-02-01",
        "period_end": "2026-03-01",
        "amount": 120,
    }


def test_the_same_call_is_done_once_and_answered_the_same(programs, body):
    first = programs["manager"].post(BILLS, body, Idempotency_Key="one")
    second = programs["manager"].post(BILLS, body, Idempotency_Key="one")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert (first.get("Idempotent-Replayed"), second["Idempotent-Replayed"]) == (None, "true")
    assert UtilityBill.objects.filter(utility="gas").count() == 1


def test_another_body_with_the_same_key_is_refused(programs, body):
    programs["manager"].post(BILLS, body, Idempotency_Key="one")
    other = programs["manager"].post(BILLS, body | {"amount": 121}, Idempotency_Key="one")

    assert (other.status_code, other.json()["error"]["code"]) == (422, "validation_error")
    assert "Idempotency-Key" in other.json()["error"]["details"]
    assert UtilityBill.objects.filter(utility="gas").count() == 1


def test_another_call_with_the_same_key_is_refused(programs, body, small):
    programs["manager"].post(BILLS, body, Idempotency_Key="one")
    other = programs["manager"].post(
        "/api/rubs/calculate", {"bill_id": small.pk}, Idempotency_Key="one"
    )

    assert other.status_code == 422
    assert not small.calculations.exists()


def test_two_programs_do_not_meet_in_one_key(programs, body, cast, now):
    other = program_of(cast.manager, now=now)
    first = programs["manager"].post(BILLS, body, Idempotency_Key="one")
    second = other.post(BILLS, body | {"utility": "electric"}, Idempotency_Key="one")

    assert (first.status_code, second.status_code) == (201, 201)


def test_after_an_error_nothing_was_done_and_the_key_is_free(programs, body):
    wrong = programs["manager"].post(BILLS, body | {"amount": 0}, Idempotency_Key="one")
    right = programs["manager"].post(BILLS, body, Idempotency_Key="one")

    assert (wrong.status_code, right.status_code) == (422, 201)


def test_it_is_forgotten_after_a_day(programs, body):
    programs["manager"].post(BILLS, body, Idempotency_Key="one")
    KeptAnswer.objects.update(created_at=_a_day_before(KeptAnswer.objects.get()))
    again = programs["manager"].post(BILLS, body, Idempotency_Key="one")

    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_entered")


def test_answers_that_are_too_old_are_dropped(programs, body):
    programs["manager"].post(BILLS, body, Idempotency_Key="one")
    KeptAnswer.objects.update(created_at=_a_day_before(KeptAnswer.objects.get()))
    programs["manager"].post(BILLS, body | {"utility": "electric"}, Idempotency_Key="two")

    assert KeptAnswer.objects.get().idempotency_key == "two"


def test_an_answer_of_a_key_that_is_used_no_more_is_forgotten_too(programs, body):
    programs["manager"].post(BILLS, body, Idempotency_Key="one")
    tick_files()
    assert KeptAnswer.objects.exists()
    KeptAnswer.objects.update(created_at=_a_day_before(KeptAnswer.objects.get()))
    tick_files()
    assert not KeptAnswer.objects.exists()


def test_the_answers_of_a_revoked_key_are_forgotten(programs, body, cast, now):
    programs["manager"].post(BILLS, body, Idempotency_Key="one")
    key = ApiKey.objects.get(user=cast.manager)
    revoke_api_key(key=key, by=cast.manager, now=now)
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize("change", ["role lost", "lower role", "key confined", "scope taken"])
def test_no_answer_is_given_again_once_its_caller_may_do_less(
    programs, body, small, cast, now, change
):
    calculate = {"bill_id": small.pk}
    first = programs["manager"].post("/api/rubs/calculate", calculate, Idempotency_Key="one")
    roles, key = Membership.objects.filter(user=cast.manager), ApiKey.objects.get(user=cast.manager)
    match change:
        case "role lost":
            roles.delete()
        case "lower role":
            roles.update(role=Role.VIEWER)
        case "key confined":
            key.portfolios.set([Portfolio.objects.create(name="Another", created_at=now)])
            ApiKey.objects.filter(pk=key.pk).update(every_portfolio=False)
        case "scope taken":
            ApiKey.objects.filter(pk=key.pk).update(scopes=[])
    again = programs["manager"].post("/api/rubs/calculate", calculate, Idempotency_Key="one")

    assert first.status_code == 201
    assert (again.status_code, again.get("Idempotent-Replayed")) == (422, None)
    assert "other roles" in again.json()["error"]["message"]
    assert small.calculations.count() == 1


def _a_day_before(row):
    return row.created_at - timedelta(hours=24, seconds=1)


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256])
def test_a_key_that_is_no_key_is_refused(programs, body, key):
    answer = programs["manager"].post(BILLS, body, Idempotency_Key=key)

    assert answer.status_code == 422
    assert list(answer.json()["error"]["details"]) == ["Idempotency-Key"]
    assert not UtilityBill.objects.filter(utility="gas").exists()


def test_a_call_to_the_pms_that_is_at_work_is_not_begun_again(programs, rows, sandbox):
    body = {
        "connection_id": rows.connection.pk,
        "portfolio_id": rows.cast.portfolio.pk,
        "propexo_property_ids": ["prop_002"],
    }
    path = "/api/propexo/import-properties"
    done = programs["manager"].post(path, body, Idempotency_Key="one")
    KeptAnswer.objects.update(status=None, body="")
    at_work = programs["manager"].post(path, body, Idempotency_Key="one")
    an_hour_ago = _a_day_before(KeptAnswer.objects.get()) + timedelta(hours=23)
    KeptAnswer.objects.update(created_at=an_hour_ago)
    taken_over = programs["manager"].post(path, body, Idempotency_Key="one")

    assert done.json()["created"] == 1
    assert (at_work.status_code, at_work["Retry-After"]) == (409, "1")
    assert at_work.json()["error"]["code"] == "request_in_progress"
    assert (taken_over.status_code, taken_over.json()["unchanged"]) == (200, 1)


def test_what_went_wrong_at_the_pms_can_be_tried_again_with_its_key(programs, rows, settings):
    settings.PROPEXO_API_KEY = ""
    body = {
        "connection_id": rows.connection.pk,
        "portfolio_id": rows.cast.portfolio.pk,
        "propexo_property_ids": ["prop_002"],
    }
    answer = programs["manager"].post("/api/propexo/import-properties", body, Idempotency_Key="one")

    assert answer.status_code == 409
    assert not KeptAnswer.objects.exists()

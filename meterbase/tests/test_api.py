"""The API as programs use it: who gets in, what is refused how, and the main job in calls."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from django.test import Client
from django.urls import reverse

from billing.models import ChargeCode
from billing.posting.drain import drain
from integrations.models import SyncRun
from integrations.sync.run import run_sync
from meterbase.lib.exact_json import read_json, write_json
from portfolios.models import AuditEvent
from portfolios.operations.api_keys import create_api_key, revoke_api_key

pytestmark = pytest.mark.django_db


class Caller:
    """A program with a person's key."""

    def __init__(self, secret: str) -> None:
        self._client = Client(headers={"Authorization": f"Bearer {secret}"})

    def get(self, path: str):
        return self._client.get(path)

    def post(self, path: str, body: object, content_type: str = "application/json"):
        data = body if isinstance(body, bytes) else write_json(body)
        return self._client.post(path, data=data, content_type=content_type)


@pytest.fixture
def calls(cast, now):
    """Give each person of the cast a program."""
    return {
        name: Caller(create_api_key(user=user, name="test", by=user, now=now).secret)
        for name in ("manager", "accountant", "viewer", "stranger")
        for user in [getattr(cast, name)]
    }


def _post_body(bill, **changes):
    return {
        "property_id": bill.property_id,
        "bill_id": bill.pk,
        "charge_date": "2026-04-01",
        "charge_code": "UTIL",
        "description": "March 2026 Utility Charge (RUBS)",
        "post_to_pms": True,
    } | changes


def test_it_refuses_a_call_without_a_key(db):
    answer = Client().get("/api/rubs/jobs/job_1")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "authentication_error"


def test_it_refuses_a_revoked_key(cast, now):
    new = create_api_key(user=cast.manager, name="old", by=cast.manager, now=now)
    revoke_api_key(key=new.key, by=cast.manager, now=now + timedelta(days=1))

    assert Caller(new.secret).get("/api/rubs/jobs/job_1").status_code == 401


def test_it_lists_what_the_pms_offers_and_what_is_imported(calls, connection, place):
    answer = calls["viewer"].get(f"/api/propexo/connections/{connection.pk}/properties")

    offered = {row["propexo_property_id"]: row for row in answer.json()["properties"]}
    assert offered["prop_001"]["imported"] is True
    assert offered["prop_001"]["property_id"] == place.pk
    assert offered["prop_002"]["imported"] is False


def test_a_stranger_finds_nothing(calls, connection, place, bill):
    stranger = calls["stranger"]
    answers = [
        stranger.get(f"/api/propexo/connections/{connection.pk}/properties"),
        stranger.post("/api/propexo/sync-units", {"property_id": place.pk}),
        stranger.post("/api/rubs/post-charges", _post_body(bill)),
        stranger.post(
            "/api/propexo/import-properties",
            {
                "connection_id": connection.pk,
                "portfolio_id": connection.portfolio_id,
                "propexo_property_ids": ["prop_002"],
            },
        ),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert {answer.json()["error"]["code"] for answer in answers} == {"resource_not_found"}


def test_a_wrong_role_is_refused(calls, place, bill):
    refused = calls["viewer"].post("/api/propexo/sync-units", {"property_id": place.pk})
    assert refused.status_code == 403
    answer = calls["manager"].post("/api/rubs/post-charges", _post_body(bill))
    assert answer.status_code == 403
    assert "accountant" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("property_id", "1", "must be a whole number"),
        ("property_id", True, "must be a whole number"),
        ("bill_id", None, "must be a whole number"),
        ("charge_date", "01/04/2026", "must be a date written as YYYY-MM-DD"),
        ("charge_date", 0, "must be a date written as YYYY-MM-DD"),
        ("charge_code", "", "at least 1 character"),
        ("description", "x" * 200, "at most 120 characters"),
        ("post_to_pms", "yes", "must be true or false"),
        ("post_month", "2026-13", "must be a month written as YYYY-MM, such as 2026-04"),
        ("post_month", "2026-04-01", "must be a month written as YYYY-MM"),
        ("post_month", 202604, "must be a month written as YYYY-MM"),
        ("surprise", 1, "is not a field of this call"),
    ],
)
def test_it_names_the_field_that_is_wrong(calls, bill, field, value, words):
    answer = calls["accountant"].post("/api/rubs/post-charges", _post_body(bill, **{field: value}))

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "validation_error")
    assert words in " ".join(error["details"][field])
    assert field in error["message"]


def test_it_names_every_missing_field(calls):
    answer = calls["accountant"].post("/api/rubs/post-charges", {})

    assert set(answer.json()["error"]["details"]) == set(_post_body_fields())


def _post_body_fields():
    return ["property_id", "bill_id", "charge_date", "charge_code", "description", "post_to_pms"]


def test_it_refuses_what_is_not_json(calls):
    accountant = calls["accountant"]

    assert accountant.post("/api/rubs/post-charges", b"{").status_code == 400
    assert accountant.post("/api/rubs/post-charges", b"a=1", "text/plain").status_code == 400


def test_importing_reports_created_updated_and_skipped(calls, connection, cast):
    body = {
        "connection_id": connection.pk,
        "portfolio_id": cast.portfolio.pk,
        "propexo_property_ids": ["prop_001", "prop_002", "prop_nowhere"],
    }

    first = calls["manager"].post("/api/propexo/import-properties", body).json()
    second = calls["manager"].post("/api/propexo/import-properties", body).json()

    assert (first["created"], second["created"], second["unchanged"]) == (2, 0, 2)
    assert [row["propexo_property_id"] for row in first["skipped"]] == ["prop_nowhere"]


def test_syncing_is_queued_and_can_be_followed(calls, place, gateway, now):
    SyncRun.objects.all().delete()
    started = calls["manager"].post("/api/propexo/sync-units", {"property_id": place.pk})
    assert started.status_code == 202
    run_sync(run_id=started.json()["sync_id"], gateway=gateway, clock=lambda: now)

    sync = calls["viewer"].get(started.json()["url"]).json()

    assert (sync["status"], sync["created"], sync["changed"]) == ("completed", 0, 0)
    assert sync["unchanged"] > 48


def test_it_says_what_propexo_could_not_do(calls, connection, settings):
    path = f"/api/propexo/connections/{connection.pk}/properties"
    settings.PROPEXO_API_KEY = "px_live_unknown"
    refused = calls["viewer"].get(path)
    settings.PROPEXO_API_KEY = ""
    unset = calls["viewer"].get(path)

    assert (refused.status_code, refused.json()["error"]["code"]) == (502, "upstream_error")
    assert refused.json()["error"]["details"] == {"propexo_error_code": "API_KEY_REFUSED"}
    assert (unset.status_code, unset.json()["error"]["code"]) == (409, "not_configured")


def test_posting_needs_an_approved_calculation(calls, bill, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True

    answer = calls["accountant"].post("/api/rubs/post-charges", _post_body(bill))

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_approved")


def test_posting_is_refused_while_it_is_switched_off(calls, approved):
    answer = calls["accountant"].post("/api/rubs/post-charges", _post_body(approved.bill))

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "posting_disabled")
    assert not approved.jobs.exists()


def test_a_dry_run_sends_nothing(calls, approved, sandbox):
    body = _post_body(approved.bill, post_to_pms=False)
    started = calls["accountant"].post("/api/rubs/post-charges", body)

    job = calls["viewer"].get(started.json()["url"]).json()

    assert (job["status"], job["skipped"], job["total_charges"]) == ("completed", 45, 45)
    assert sandbox.ledger() == ()


def test_a_bill_of_another_property_is_not_found(calls, approved):
    body = _post_body(approved.bill, bill_id=approved.bill_id + 1)

    assert calls["accountant"].post("/api/rubs/post-charges", body).status_code == 404


def test_a_job_ends_as_the_product_promises(calls, approved, gateway, sandbox, settings, clock):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    lease = approved.charges.get(unit_label="304").propexo_lease_id
    requests.post(f"{sandbox.base_url}/_sandbox/leases/{lease}/end", timeout=5)
    started = calls["accountant"].post("/api/rubs/post-charges", _post_body(approved.bill))
    assert started.status_code == 202
    connection_id = approved.jobs.get().connection_id
    # The job waits from the moment of the call on; the clock of the workers is past it.
    clock.advance(days=365)
    drain(connection_id=connection_id, gateway=gateway, clock=clock)

    job = read_json(calls["viewer"].get(started.json()["url"]).content)

    amount = Decimal(approved.charges.get(unit_label="304").amount_cents).scaleb(-2)
    assert job == {
        "job_id": started.json()["job_id"],
        "status": "completed",
        "total_charges": 45,
        "posted": 44,
        "failed": 1,
        "pending": 0,
        "unknown": 0,
        "skipped": 0,
        "failures": [
            {
                "unit": "304",
                "amount": amount,
                "error": "No active lease found for unit 304. The resident may have moved out.",
                "propexo_error_code": "LEASE_NOT_FOUND",
            }
        ],
    }
    assert started.json()["job_id"].startswith("job_")


def test_posting_twice_is_refused_with_the_earlier_job(calls, approved, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    first = calls["accountant"].post("/api/rubs/post-charges", _post_body(approved.bill))

    second = calls["accountant"].post("/api/rubs/post-charges", _post_body(approved.bill))

    assert second.status_code == 409
    assert second.json()["error"]["details"] == {"job_id": first.json()["job_id"]}
    assert approved.jobs.count() == 1


def test_charging_the_same_days_under_another_code_has_to_be_confirmed_with_a_reason(
    calls, approved, settings
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    accountant = calls["accountant"]
    first = accountant.post("/api/rubs/post-charges", _post_body(approved.bill)).json()

    again = _post_body(approved.bill, charge_code="RUBS")
    refused = accountant.post("/api/rubs/post-charges", again)
    error: Any = read_json(refused.content)
    error = error["error"]
    said = {"reason": "The first was the pool.", "findings": error["details"]["findings"]}
    stale = said | {"findings": "of something else"}
    outdated = accountant.post("/api/rubs/post-charges", again | {"confirm_duplicates": stale})
    meant = accountant.post("/api/rubs/post-charges", again | {"confirm_duplicates": said})

    assert (refused.status_code, error["code"]) == (409, "duplicates_found")
    assert len(error["details"]["duplicates"]) == 45
    found = next(row for row in error["details"]["duplicates"] if row["unit"] == "304")
    amount = Decimal(approved.charges.get(unit_label="304").amount_cents).scaleb(-2)
    assert found["message"].startswith("Unit 304: $")
    assert {
        key: found[key] for key in ("kind", "job_id", "amount", "found_amount", "probable")
    } == {
        "kind": "same_bill",
        "job_id": first["job_id"],
        "amount": amount,
        "found_amount": amount,
        "probable": True,
    }
    assert error["details"]["ledger"]["problem"] == ""
    assert outdated.status_code == 409
    assert "has changed since it was confirmed" in outdated.json()["error"]["message"]
    assert meant.status_code == 202
    event = AuditEvent.objects.filter(verb="job.created").latest("pk")
    assert (len(event.after["despite"]), event.note) == (45, "The first was the pool.")


def test_what_was_reversed_goes_out_again_only_with_a_reason(calls, approved, settings, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    accountant, body = calls["accountant"], _post_body(approved.bill)
    assert accountant.post("/api/rubs/post-charges", body).status_code == 202
    approved.jobs.get().postings.update(
        state="posted", remote_job_id="job_1", reversed_at=approved.prepared_at
    )

    refused = accountant.post("/api/rubs/post-charges", body)
    told: Any = read_json(refused.content)
    details = told["error"]["details"]
    said = {"reason": "Reversed by mistake.", "findings": details["findings"]}
    meant = accountant.post("/api/rubs/post-charges", body | {"confirm_duplicates": said})

    assert (refused.status_code, meant.status_code) == (409, 202)
    assert {row["kind"] for row in details["duplicates"]} == {"reversed"}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"findings": "abc"}, "confirm_duplicates.reason is required"),
        ({"findings": "abc", "reason": " "}, "must say why residents are to be charged"),
        ({"reason": "The pool."}, "confirm_duplicates.findings is required"),
        (True, "must be a JSON object"),
    ],
)
def test_a_confirmation_without_a_reason_is_none(calls, bill, said, words):
    body = _post_body(bill, confirm_duplicates=said)
    answer = calls["accountant"].post("/api/rubs/post-charges", body)

    assert answer.status_code == 422
    assert words in answer.json()["error"]["message"]


def test_a_post_month_is_refused_for_a_pms_that_takes_none(calls, approved):
    body = _post_body(approved.bill, post_month="2026-04", post_to_pms=False)
    answer = calls["accountant"].post("/api/rubs/post-charges", body)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "validation_error")
    assert "takes no post month through Propexo" in error["details"]["post_month"][0]
    assert not approved.jobs.exists()


def test_a_post_month_goes_with_the_job(calls, approved, monkeypatch):
    monkeypatch.setattr("billing.operations.posting_jobs.takes_post_month", lambda _: True)
    body = _post_body(approved.bill, post_month="2026-05", post_to_pms=False)

    assert calls["accountant"].post("/api/rubs/post-charges", body).status_code == 202
    assert approved.jobs.get().post_month == date(2026, 5, 1)


@pytest.mark.parametrize("code", ["NOPE", "POOL"])
@pytest.mark.parametrize("post_to_pms", [True, False])
def test_a_code_that_is_not_mapped_is_refused_before_anything_is_sent(
    calls, approved, settings, sandbox, code, post_to_pms
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    ChargeCode.objects.create(portfolio=approved.bill.property.portfolio, code="POOL", name="Pool")
    body = _post_body(approved.bill, charge_code=code, post_to_pms=post_to_pms)
    answer = calls["accountant"].post("/api/rubs/post-charges", body)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "INVALID_CHARGE_CODE")
    assert code in error["details"]["charge_code"][0]
    assert not approved.jobs.exists()
    assert sandbox.ledger() == ()


def test_amounts_are_written_with_two_decimals():
    assert write_json({"amount": Decimal("142.50")}) == b'{"amount":142.50}'


def test_the_api_describes_itself(calls):
    paths = calls["viewer"].get(reverse("api:openapi-json")).json()["paths"]

    assert "/api/rubs/post-charges" in paths

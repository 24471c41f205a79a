from __future__ import annotations

import pytest

from integrations.sandbox.pms_behaviour import BEHAVIOURS
from integrations.sandbox.server import running_sandbox
from integrations.sandbox.tests.client import CHARGE, Client
from integrations.sandbox.tests.test_v1_writing import charge_for

CONTROL = "/_sandbox/closed-periods"
V1_CHARGE = {
    "integration_id": "conn_001",
    "property_id": "prop_001",
    "unit_id": "unit_001_0028",
    "resident_id": "res_001_0064",
    "charge_code_id": "cc_001_01",
    "financial_account_id": "fa_001_01",
    "amount_in_cents": 14250,
    "transaction_date": "2026-04-01T00:00:00.000Z",
    "description": "Utilities March [MB-7F3K2Q9AXT4CV]",
}


def close(client, month, property_id="prop_001"):
    return client.post(CONTROL, {"property_id": property_id, "through": month})


def end_of(client, body, path="/v1/resident-charges/"):
    """Post over contract v1 and wait for the job's end."""
    return end_of_job(client, client.post(path, body).body["job_id"])


def end_of_job(client, job_id):
    while True:
        job = client.get(f"/v1/admin/write-status/{job_id}").body
        if job["write_status"] != "PENDING":
            return job


def test_unified_refuses_a_closed_month_in_the_words_of_the_pms(sandbox, client):
    assert close(client, "2026-04").body == {"property_id": "prop_001", "through": "2026-04"}
    refused = client.post("/v1/charges", CHARGE)
    assert (refused.status, refused.code) == (422, "VALIDATION_FAILED")
    said = '{"Messages":[{"type":"Error","text":"Post month 04/2026 is closed"}]}'
    assert refused.details == {"effective_date": [said]}
    assert refused.body["error"]["message"] == said
    assert sandbox.ledger() == ()


def test_the_month_after_a_closed_one_is_open(client):
    close(client, "2026-03")
    assert client.post("/v1/charges", CHARGE).status == 201


def test_a_write_job_fails_in_the_words_of_the_pms_until_the_month_is_opened(sandbox, client):
    close(client, "2026-04")
    job_id = client.post("/v1/resident-charges/", V1_CHARGE).body["job_id"]
    failed = end_of_job(client, job_id)
    assert (failed["write_status"], failed["created_record_id"]) == ("FAILURE", None)
    assert "Post month 04/2026 is closed" in failed["errors"][0]
    assert sandbox.ledger() == ()

    client.call("DELETE", f"{CONTROL}?property_id=prop_001")
    again = client.post(f"/v1/admin/retry-write/{job_id}", {}).body["job_id"]
    assert end_of_job(client, again)["write_status"] == "SUCCESS"
    assert len(sandbox.ledger()) == 1


def test_the_post_month_counts_before_the_day(client):
    close(client, "2026-04")
    assert end_of(client, {**V1_CHARGE, "post_month": "2026-05-01"})["write_status"] == "SUCCESS"
    of_may = {**V1_CHARGE, "transaction_date": "2026-05-01T00:00:00.000Z"}
    assert end_of(client, of_may)["write_status"] == "SUCCESS"
    early = {**of_may, "post_month": "2026-04-01"}
    assert end_of(client, early)["write_status"] == "FAILURE"


def test_other_properties_stay_open(tmp_path):
    with running_sandbox(data_dir=tmp_path, properties=2) as running:
        client = Client(running.base_url)
        close(client, "2099-12", property_id="prop_002")
        assert client.post("/v1/charges", CHARGE).status == 201
        closed = [{"property_id": "prop_002", "through": "2099-12"}]
        assert client.get(CONTROL).body == {"closed": closed}


@pytest.mark.parametrize("month", ["2026-13", "2026-04-01", "April"])
def test_what_is_no_month_is_refused(client, month):
    assert close(client, month).details == {"through": ["must be a month like 2026-03"]}


def test_an_unknown_property_has_no_months(client):
    assert close(client, "2026-04", property_id="prop_999").status == 404
    assert client.call("DELETE", f"{CONTROL}?property_id=prop_999").status == 404


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory):
    """A sandbox whose properties all closed April when it started."""
    slugs = tuple(one.slug for one in BEHAVIOURS if one.posts_charges)
    data_dir = tmp_path_factory.mktemp("closed")
    with running_sandbox(data_dir=data_dir, pms=slugs, closed_through="2026-04") as running:
        yield Client(running.base_url)


@pytest.mark.parametrize("slug", [one.slug for one in BEHAVIOURS if one.posts_charges])
def test_every_pms_refuses_a_month_that_was_closed_at_the_start(everywhere, slug):
    body = charge_for(everywhere, slug, f"conn_{slug}", f"prop_{slug}")
    job = end_of(everywhere, body)
    assert job["write_status"] == "FAILURE"
    assert any(word in job["errors"][0] for word in ("closed", "locked"))
    assert any(month in job["errors"][0] for month in ("2026-04", "04/2026", "Apr"))

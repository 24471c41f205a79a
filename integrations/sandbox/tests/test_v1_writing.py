from __future__ import annotations

import pytest

from integrations.sandbox.pms_behaviour import BEHAVIOURS, BY_SLUG
from integrations.sandbox.server import running_sandbox
from integrations.sandbox.tests.client import Client

POSTING = tuple(one.slug for one in BEHAVIOURS if one.posts_charges)
WORDS = {
    "amount_in_cents": 14250,
    "transaction_date": "2026-04-01T00:00:00.000Z",
    "description": "March utilities [MB-7F3K2Q9AXT4CV]",
    "reference_number": "MB-7F3K2Q9AXT4CV",
    "notes": "March utilities",
    "batch_id": "b1",
    "transaction_batch_id": "b1",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A sandbox with a connection for every PMS; each test uses one of them."""
    data_dir = tmp_path_factory.mktemp("pms")
    with running_sandbox(data_dir=data_dir, properties=1, units=48, pms=tuple(BY_SLUG)) as running:
        yield running


@pytest.fixture(scope="module")
def pms(world):
    return Client(world.base_url)


@pytest.fixture
def control(sandbox):
    return Client(sandbox.base_url, key="")


def charge_for(client, slug, integration_id, property_id):
    """Fill in what a PMS needs for the first lease in force."""
    path = f"/v1/leases/?property_id={property_id}&status_normalized=ACTIVE"
    lease = next(
        lease
        for lease in client.get(f"{path}&order-by=id").body["results"]
        if lease.get("residents_meta_data") and lease["unit_id"]
    )
    place = f"?property_id={property_id}&order-by=id"
    codes = client.get(f"/v1/charge-codes/{place}").body["results"]
    accounts = client.get(f"/v1/financial-accounts/{place}").body["results"]
    known = {
        **WORDS,
        "lease_id": lease["id"],
        "resident_id": lease["residents_meta_data"][0]["resident_id"],
        "unit_id": lease["unit_id"],
        "property_id": property_id,
        "charge_code_id": codes[1]["id"] if codes else "",
        "financial_account_id": accounts[1]["id"] if accounts else "",
    }
    needed = {name: known[name] for name in BY_SLUG[slug].required}
    return {"integration_id": integration_id, **needed}


def yardi_charge(client):
    body = charge_for(client, "yardi", "conn_001", "prop_001")
    return {**body, "description": WORDS["description"]}


def status(client, job_id):
    return client.get(f"/v1/admin/write-status/{job_id}").body


def end_of(client, job_id):
    """Look until the job has come to its end; return that and how many looks said pending."""
    for looks in range(10):
        found = status(client, job_id)
        if found["write_status"] != "PENDING":
            return found, looks
    raise AssertionError("the job never came to an end")


def post(client, body):
    return client.post("/v1/resident-charges/", body)


@pytest.mark.parametrize("slug", POSTING)
def test_every_pms_takes_the_fields_that_it_needs(world, pms, slug):
    body = charge_for(pms, slug, f"conn_{slug}", f"prop_{slug}")
    answer = pms.post(f"/v1/resident-charges/{slug}/", body)
    assert (answer.status, answer.body["result"]) == (200, body)
    found, looks = end_of(pms, answer.body["meta"]["job_id"])
    assert (found["write_status"], found["errors"]) == ("SUCCESS", [])
    assert looks == BY_SLUG[slug].pending_looks
    assert (found["created_record_id"] is not None) is BY_SLUG[slug].returns_id
    booked = [entry for entry in world.ledger() if entry.property_id == f"prop_{slug}"]
    assert [(str(entry.amount), entry.charge_code) for entry in booked] == [("142.50", "UTIL")]


@pytest.mark.parametrize("slug", POSTING)
def test_every_pms_misses_what_it_needs_and_refuses_what_it_does_not_know(pms, slug):
    behaviour = BY_SLUG[slug]
    path = f"/v1/resident-charges/{slug}/"
    empty = pms.post(path, {"integration_id": f"conn_{slug}", "mood": "good"})
    assert (empty.status, empty.code, empty.details["name"]) == (400, "invalid_request", "ZodError")
    unknown, *missing = empty.details["issues"]
    assert (unknown["code"], unknown["keys"]) == ("unrecognized_keys", ["mood"])
    assert {issue["path"][0] for issue in missing} == set(behaviour.required)


@pytest.mark.parametrize("slug", ["mri", "realpage"])
def test_a_pms_without_charges_says_so(world, pms, slug):
    before = world.ledger()
    generic = post(pms, {"integration_id": f"conn_{slug}", "amount_in_cents": 1})
    own = pms.post(f"/v1/resident-charges/{slug}/", {})
    assert {(answer.status, answer.code) for answer in (generic, own)} == {(405, "not_supported")}
    assert world.ledger() == before


def test_the_generic_path_has_the_job_at_the_top(client):
    answer = post(client, yardi_charge(client))
    assert list(answer.body) == ["job_id", "data"]
    assert end_of(client, answer.body["job_id"])[0]["write_status"] == "SUCCESS"


def test_a_vendors_path_is_for_its_own_integrations(pms):
    body = charge_for(pms, "entrata", "conn_appfolio", "prop_appfolio")
    answer = pms.post("/v1/resident-charges/entrata/", body)
    assert (answer.status, answer.details["issues"][0]["path"]) == (400, ["integration_id"])


def test_unknown_fields_can_be_passed_over(client, sandbox):
    body = {**yardi_charge(client), "mood": "good"}
    assert post(client, body).status == 400
    answer = client.post("/v1/resident-charges/?ignore_unknown_fields=true", body)
    assert answer.status == 200
    assert len(sandbox.ledger()) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount_in_cents": 142.5}, "amount_in_cents"),
        ({"amount_in_cents": "14250"}, "amount_in_cents"),
        ({"amount_in_cents": True}, "amount_in_cents"),
        ({"transaction_date": "2026-04-01"}, "transaction_date"),
        ({"transaction_date": "2026-13-01T00:00:00Z"}, "transaction_date"),
        ({"transaction_date": "tomorrow"}, "transaction_date"),
        ({"post_month": "2026-4"}, "post_month"),
        ({"description": None}, "description"),
        ({"unit_id": "unit_404"}, "unit_id"),
        ({"charge_code_id": "UTIL"}, "charge_code_id"),
        ({"resident_id": "res_999_0001"}, "resident_id"),
    ],
)
def test_wrong_values_are_refused_and_nothing_is_booked(client, sandbox, changes, field):
    answer = post(client, {**yardi_charge(client), **changes})
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert [issue["path"] for issue in answer.details["issues"]] == [[field]]
    assert sandbox.ledger() == ()
    assert client.get("/v1/admin/logs/writes/").body["results"]["logs"] == []


@pytest.mark.parametrize("body", [[], "text", 7, {"integration_id": 7}, {}])
def test_a_body_that_is_no_charge_is_refused(client, body):
    assert post(client, body).status == 400


def test_an_unknown_integration_is_not_found(client):
    assert post(client, {"integration_id": "nobody"}).status == 404


def test_some_take_a_plain_date_and_a_month(pms, world):
    body = charge_for(pms, "entrata", "conn_entrata", "prop_entrata")
    changes = {"transaction_date": "2026-05-01", "post_month": "2026-06-15"}
    post(pms, {**body, **changes})
    entry = world.ledger()[-1]
    assert entry.effective_date == "2026-05-01"


def test_amounts_below_zero_are_for_those_who_take_them(pms):
    refused = charge_for(pms, "rentmanager", "conn_rentmanager", "prop_rentmanager")
    answer = post(pms, {**refused, "amount_in_cents": -100})
    assert (answer.status, answer.details["issues"][0]["code"]) == (400, "too_small")
    taken = charge_for(pms, "appfolio", "conn_appfolio", "prop_appfolio")
    assert post(pms, {**taken, "amount_in_cents": -100}).status == 200


def test_a_credit_is_a_charge_below_zero(pms, world):
    charge = charge_for(pms, "rentmanager", "conn_rentmanager", "prop_rentmanager")
    fields = ("integration_id", "resident_id", "charge_code_id", "transaction_date")
    body = {name: charge[name] for name in fields}
    answer = pms.post("/v1/resident-credits/", {**body, "amount_in_cents": 500})
    assert end_of(pms, answer.body["job_id"])[0]["write_status"] == "SUCCESS"
    assert str(world.ledger()[-1].amount) == "-5.00"
    assert pms.post("/v1/resident-credits/", {**body, "amount_in_cents": 0}).status == 400
    other = {"integration_id": "conn_yardi", "amount_in_cents": 5}
    assert pms.post("/v1/resident-credits/", other).status == 405


def test_a_lease_that_has_ended_fails_in_the_words_of_the_pms(client, control, sandbox):
    body = yardi_charge(client)
    lease_id = client.get(f"/v1/residents/{body['resident_id']}?limit=1").body["results"][
        "leases_meta_data"
    ][0]["lease_id"]
    control.post(f"/_sandbox/leases/{lease_id}/end", {"end_date": "2026-03-15"})
    found, _looks = end_of(client, post(client, body).body["job_id"])
    assert (found["write_status"], found["created_record_id"]) == ("FAILURE", None)
    assert found["errors"] == [BY_SLUG["yardi"].no_lease.format("101")]
    assert sandbox.ledger() == ()


def test_a_code_of_another_property_fails_in_the_words_of_the_pms(full):
    body = {**yardi_charge(full), "charge_code_id": "cc_002_02"}
    found, _looks = end_of(full, post(full, body).body["job_id"])
    assert found["errors"] == [BY_SLUG["yardi"].bad_code.format("cc_002_02")]


def test_an_expired_login_is_found_out_by_the_job(client):
    body = charge_for(client, "realpage_rpx", "conn_auth_failed", "prop_locked")
    answer = post(client, body)
    assert answer.status == 200
    found, _looks = end_of(client, answer.body["job_id"])
    assert found["write_status"] == "FAILURE"
    assert "403" in found["errors"][0]


def test_most_take_the_same_charge_twice(client, sandbox):
    body = yardi_charge(client)
    jobs = [post(client, body).body["job_id"] for _ in range(2)]
    assert len(set(jobs)) == 2
    assert len(sandbox.ledger()) == 2


@pytest.mark.parametrize("slug", ["resman", "realpage_rpx"])
def test_some_refuse_a_repeated_reference(pms, slug):
    body = charge_for(pms, slug, f"conn_{slug}", f"prop_{slug}")
    body["reference_number"] = "MB-ONCE"
    first, second = (end_of(pms, post(pms, body).body["job_id"])[0] for _ in range(2))
    assert (first["write_status"], second["write_status"]) == ("SUCCESS", "FAILURE")
    assert second["errors"] == [BY_SLUG[slug].duplicate.format("MB-ONCE")]


def test_an_id_of_ours_is_taken_once(pms):
    body = charge_for(pms, "entrata", "conn_entrata", "prop_entrata")
    body["third_party_charge_id"] = "MB-ONCE"
    ends = [end_of(pms, post(pms, body).body["job_id"])[0]["write_status"] for _ in range(2)]
    assert ends == ["SUCCESS", "FAILURE"]


def test_all_refuse_the_same_charge_when_told_to(tmp_path):
    with running_sandbox(data_dir=tmp_path, properties=1, refuse_duplicates=True) as running:
        client = Client(running.base_url)
        body = yardi_charge(client)
        ends = [end_of(client, post(client, body).body["job_id"])[0] for _ in range(2)]
        assert [found["write_status"] for found in ends] == ["SUCCESS", "FAILURE"]
        assert len(running.ledger()) == 1


def test_a_job_is_pending_for_as_long_as_it_is_told(tmp_path):
    with running_sandbox(data_dir=tmp_path, properties=1, job_seconds=3600) as running:
        client = Client(running.base_url)
        job_id = post(client, yardi_charge(client)).body["job_id"]
        assert {status(client, job_id)["write_status"] for _ in range(5)} == {"PENDING"}
        assert client.get("/v1/admin/logs/writes/").body["results"]["logs"] == []


def test_an_unknown_job_is_not_found(client):
    assert client.get("/v1/admin/write-status/nobody").status == 404
    assert client.post("/v1/admin/retry-write/nobody", {}).status == 404


def test_a_charge_is_read_back_by_its_id_where_there_is_one(pms):
    body = charge_for(pms, "buildium", "conn_buildium", "prop_buildium")
    body["reference_number"] = "MB-READ-BACK"
    found, _looks = end_of(pms, post(pms, body).body["job_id"])
    path = f"/v1/resident-charges/{found['created_record_id']}"
    charge = pms.get(path).body["results"]
    assert (charge["lease_id"], charge["amount_in_cents"], charge["reference_number"]) == (
        body["lease_id"],
        14250,
        "MB-READ-BACK",
    )
    assert charge["financial_account_id"] == body["financial_account_id"]


def test_a_sync_reads_back_what_has_no_id(client, control):
    body = yardi_charge(client)
    post(client, body)
    control.post("/_sandbox/syncs", {"connection_id": "conn_001"})
    path = f"/v1/resident-charges/?property_id=prop_001&resident_id={body['resident_id']}"
    for _ in range(2000):
        charges = client.get(path).body["results"]
        if charges:
            break
    assert [charge["description"] for charge in charges] == [WORDS["description"]]


def test_a_charge_waits_until_a_person_has_approved_it(tmp_path):
    with running_sandbox(data_dir=tmp_path, properties=1, units=1, pms=("resman",)) as running:
        client, control = Client(running.base_url), Client(running.base_url, key="")
        body = charge_for(client, "resman", "conn_resman", "prop_resman")
        assert end_of(client, post(client, body).body["job_id"])[0]["write_status"] == "SUCCESS"
        charge_id = running.ledger()[0].id
        path = "/v1/resident-charges/?integration_id=conn_resman"
        waiting = "/_sandbox/approvals?connection_id=conn_resman"
        assert client.get(path).body["results"] == []
        assert client.get(f"/v1/resident-charges/{charge_id}").status == 404
        assert control.get(waiting).body == {"waiting": [charge_id]}
        approved = control.post("/_sandbox/approvals", {"connection_id": "conn_resman"})
        assert approved.body == {"approved": [charge_id]}
        assert [row["id"] for row in client.get(path).body["results"]] == [charge_id]
        assert control.get(waiting).body == {"waiting": []}


def test_a_failed_write_can_be_tried_again(client, control, sandbox):
    order = {"connection_id": "conn_001", "outcome": "fail", "error": "PMS is down"}
    assert control.post("/_sandbox/writes", order).status == 201
    failed = post(client, yardi_charge(client)).body["job_id"]
    path = f"/v1/admin/retry-write/{failed}"
    assert client.post(path, {}).status == 400
    assert end_of(client, failed)[0]["errors"] == ["PMS is down"]
    assert sandbox.ledger() == ()
    retried = client.post(path, {}).body
    assert retried["success"] is True
    assert end_of(client, retried["job_id"])[0]["write_status"] == "SUCCESS"
    assert len(sandbox.ledger()) == 1
    assert client.post(f"/v1/admin/retry-write/{retried['job_id']}", {}).status == 400


@pytest.mark.parametrize(
    ("outcome", "shown"), [("hang", "PENDING"), ("partial", "PARTIAL_SUCCESS")]
)
def test_a_write_can_be_booked_and_not_end_well(client, control, sandbox, outcome, shown):
    order = {"connection_id": "conn_001", "outcome": outcome, "count": 1}
    control.post("/_sandbox/writes", order)
    first, second = (post(client, yardi_charge(client)).body["job_id"] for _ in range(2))
    looks = [status(client, first)["write_status"] for _ in range(5)]
    assert looks[-1] == shown
    assert end_of(client, second)[0]["write_status"] == "SUCCESS"
    assert len(sandbox.ledger()) == 2


@pytest.mark.parametrize(
    "order",
    [
        {"connection_id": "conn_001", "outcome": "vanish"},
        {"connection_id": "conn_404", "outcome": "fail"},
        {"outcome": "fail"},
        {"connection_id": "conn_001", "outcome": "fail", "count": 0},
    ],
)
def test_a_wrong_order_is_refused(control, order):
    assert control.post("/_sandbox/writes", order).status in {404, 422}


def test_the_log_finds_a_job_whose_answer_was_lost(client, control):
    fault = {"path": "/v1/resident-charges/", "method": "POST", "kind": "status_500_after"}
    control.post("/_sandbox/faults", fault)
    assert post(client, yardi_charge(client)).status == 500
    path = "/v1/admin/logs/writes/?integration_id=conn_001&write_category=resident_charges"
    (logged,) = client.get(f"{path}&status=SUCCESS&time_range=hour").body["results"]["logs"]
    assert (logged["status"], logged["error"]) == ("SUCCESS", None)
    assert logged["parameters"]["description"] == WORDS["description"]
    assert end_of(client, logged["job_id"])[0]["write_status"] == "SUCCESS"
    assert client.get(f"{path}&status=FAILURE").body["results"]["logs"] == []
    assert client.get(f"{path}&offset=1").body["results"]["logs"] == []


@pytest.mark.parametrize("query", ["limit=101", "status=LOST", "time_range=year"])
def test_the_log_refuses_a_wrong_query(client, query):
    assert client.get(f"/v1/admin/logs/writes/?{query}").status == 400

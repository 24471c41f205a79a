from __future__ import annotations

from decimal import Decimal

import pytest

from integrations.sandbox.faults import Fault, FaultBook, FaultKind
from integrations.sandbox.tests.client import CHARGE, Client

BROKEN = FaultKind.STATUS_500_BEFORE


def strikes(fault, times, *, method="GET", path="/v1/units"):
    book = FaultBook()
    book.add(fault)
    return [book.take(method=method, path=path) is not None for _ in range(times)]


def order(client, **fields):
    answer = client.post("/_sandbox/faults", fields)
    assert answer.status == 201, answer.body
    return answer.body


@pytest.mark.parametrize(
    ("method", "pattern", "hit"),
    [
        ("GET", "/v1/units", True),
        ("GET", "/v1/units/", False),
        ("GET", "/v1/*", True),
        ("GET", "/v1/u*s", True),
        ("*", "/v1/*", True),
        ("POST", "/v1/*", False),
        ("GET", "/v1/admin/*", False),
    ],
)
def test_a_path_may_be_exact_or_a_pattern(method, pattern, hit):
    assert strikes(Fault(method, pattern, BROKEN), 1) == [hit]


def test_a_pattern_reaches_below_its_slashes():
    fault = Fault("*", "/v1/admin/*", BROKEN)
    assert strikes(fault, 1, path="/v1/admin/integrations/conn_001/") == [True]


def test_requests_can_be_skipped_before_the_fault():
    fault = Fault("GET", "/v1/units", BROKEN, skip=2, count=1)
    assert strikes(fault, 5) == [False, False, True, False, False]


def test_chance_is_the_same_for_the_same_seed():
    fault = Fault("GET", "/v1/units", BROKEN, count=None, probability=Decimal("0.3"), seed=7)
    first = strikes(fault, 200)
    assert first == strikes(fault, 200)
    assert 30 < sum(first) < 90
    other = Fault("GET", "/v1/units", BROKEN, count=None, probability=Decimal("0.3"), seed=8)
    assert first != strikes(other, 200)


def test_chance_can_be_limited_to_a_count():
    fault = Fault("GET", "/v1/units", BROKEN, count=2, probability=Decimal("0.5"))
    assert sum(strikes(fault, 100)) == 2


def test_a_fault_that_leaves_a_request_alone_lets_the_next_one_have_it():
    book = FaultBook()
    book.add(Fault("GET", "/v1/units", FaultKind.DELAY, skip=1))
    book.add(Fault("GET", "/v1/units", BROKEN))
    taken = [book.take(method="GET", path="/v1/units") for _ in range(3)]
    assert [fault and fault.kind for fault in taken] == [BROKEN, FaultKind.DELAY, None]


def test_what_happens_by_chance_goes_on_until_it_is_cleared(client):
    ordered = order(
        client, method="GET", path="/v1/units", kind="status_500_before", probability=1, seed=3
    )
    assert ordered["count"] is None
    assert [client.get("/v1/units").status for _ in range(4)] == [500] * 4
    assert len(client.get("/_sandbox/faults").body["faults"]) == 1
    client.call("DELETE", "/_sandbox/faults")
    assert client.get("/v1/units").status == 200


def test_a_pattern_scopes_a_fault_over_http(client):
    order(client, method="*", path="/v1/l*", kind="status_500_before", count=2)
    assert client.get("/v1/units").status == 200
    assert client.get("/v1/leases").status == 500
    assert client.get("/v1/leases/lease_001_0001").status == 500
    assert client.get("/v1/leases").status == 200


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"probability": 0}, "probability"),
        ({"probability": Decimal("1.1")}, "probability"),
        ({"probability": True}, "probability"),
        ({"skip": -1}, "skip"),
        ({"retry_after": "soon"}, "retry_after"),
        ({"status": 99}, "status"),
        ({"rows": 0}, "rows"),
    ],
)
def test_settings_that_make_no_sense_are_refused(client, fields, named):
    fault = {"path": "/v1/units", "method": "GET", "kind": "html_before", **fields}
    answer = client.post("/_sandbox/faults", fault)
    assert (answer.status, list(answer.details)) == (422, [named])


def test_expired_credentials_last_until_faults_are_cleared(sandbox, client):
    order(client, kind="expired_credentials", connection_id="conn_001")
    listed = client.get("/_sandbox/faults").body["faults"]
    assert listed == [{"kind": "expired_credentials", "connection_id": "conn_001"}]
    assert client.get("/v1/connections/conn_001").body["status"] == "auth_failed"
    for answer in (
        client.get("/v1/properties?connection_id=conn_001"),
        client.get("/v1/units/unit_001_0028"),
        client.post("/v1/charges", CHARGE),
    ):
        assert (answer.status, answer.code) == (403, "AUTHORIZATION_FAILED")
    assert sandbox.ledger() == ()
    assert client.call("DELETE", "/_sandbox/faults").body == {"cleared": 1}
    assert client.get("/v1/connections/conn_001").body["status"] == "active"
    assert client.post("/v1/charges", CHARGE).status == 201


def test_expired_credentials_are_seen_in_contract_v1(client):
    order(client, kind="expired_credentials", connection_id="conn_001")
    integration = client.get("/v1/admin/integrations/conn_001/").body["results"]
    assert integration["can_authenticate"] is False
    client.call("DELETE", "/_sandbox/faults")
    integration = client.get("/v1/admin/integrations/conn_001/").body["results"]
    assert integration["can_authenticate"] is True


def test_a_login_that_had_expired_before_is_not_renewed(client):
    order(client, kind="expired_credentials", connection_id="conn_auth_failed")
    assert client.call("DELETE", "/_sandbox/faults").body == {"cleared": 0}
    assert client.get("/v1/connections/conn_auth_failed").body["status"] == "auth_failed"


def test_credentials_of_nobody_cannot_expire(client):
    fault = {"kind": "expired_credentials", "connection_id": "conn_404"}
    assert client.post("/_sandbox/faults", fault).status == 404


def test_faults_leave_the_control_endpoints_alone(sandbox, client):
    order(client, method="*", path="/v1/*", kind="drop_before", probability=1)
    assert Client(sandbox.base_url, key="").get("/_sandbox/health").status == 200

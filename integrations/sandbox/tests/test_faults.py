from __future__ import annotations

import time
from decimal import Decimal
from http.client import RemoteDisconnected

import pytest

from integrations.sandbox.faults import Fault, FaultBook, FaultKind
from integrations.sandbox.tests.client import CHARGE


def order(client, kind, **fields):
    fault = {"path": "/v1/charges", "method": "POST", "kind": kind, **fields}
    answer = client.post("/_sandbox/faults", fault)
    assert answer.status == 201


@pytest.mark.parametrize(("kind", "charges"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_call_has_no_answer(sandbox, client, kind, charges):
    order(client, kind)
    with pytest.raises(RemoteDisconnected):
        client.post("/v1/charges", CHARGE)
    assert len(sandbox.ledger()) == charges


@pytest.mark.parametrize(("kind", "charges"), [("status_500_before", 0), ("status_500_after", 1)])
def test_a_broken_call_is_answered_with_500(sandbox, client, kind, charges):
    order(client, kind)
    answer = client.post("/v1/charges", CHARGE)
    assert (answer.status, answer.code) == (500, "INTERNAL_ERROR")
    assert answer.headers["X-RateLimit-Limit"]
    assert len(sandbox.ledger()) == charges


def test_a_delayed_call_is_answered_late(sandbox, client):
    order(client, "delay", seconds=Decimal("0.2"))
    began = time.monotonic()
    assert client.post("/v1/charges", CHARGE).status == 201
    assert time.monotonic() - began >= 0.2


def test_a_fault_hides_a_refusal_as_well(client):
    order(client, "status_500_after")
    assert client.post("/v1/charges", {}).status == 500


def test_a_fault_happens_as_often_as_ordered(sandbox, client):
    order(client, "status_500_before", count=2)
    assert [client.post("/v1/charges", CHARGE).status for _ in range(3)] == [500, 500, 201]


def test_other_methods_and_paths_are_left_alone(client):
    order(client, "status_500_before")
    assert client.get("/v1/charges").status == 200
    assert client.get("/v1/units").status == 200
    assert client.post("/v1/charges", CHARGE).status == 500


def test_faults_can_be_taken_back(client):
    order(client, "drop_before", count=5)
    assert client.call("DELETE", "/_sandbox/faults").body == {"cleared": 1}
    assert client.post("/v1/charges", CHARGE).status == 201


def test_faults_happen_in_the_order_in_which_they_were_ordered():
    book = FaultBook()
    book.add(Fault(method="POST", path="/v1/charges", kind=FaultKind.DROP_AFTER))
    book.add(Fault(method="POST", path="/v1/charges", kind=FaultKind.DELAY, count=2))
    kinds = [book.take(method="POST", path="/v1/charges") for _ in range(4)]
    assert [fault and fault.kind for fault in kinds] == ["drop_after", "delay", "delay", None]

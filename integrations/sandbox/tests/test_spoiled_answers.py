from __future__ import annotations

import json
from http.client import IncompleteRead

import pytest

from integrations.sandbox.tests.client import CHARGE

UNITS = {"unified": "/v1/units?property_id=prop_001", "v1": "/v1/units/?property_id=prop_001"}
ROWS = {"unified": "data", "v1": "results"}
POSTS = "/v1/charges"


def order(client, kind, *, method="GET", path="/v1/units*", **fields):
    fault = {"path": path, "method": method, "kind": kind, **fields}
    answer = client.post("/_sandbox/faults", fault)
    assert answer.status == 201, answer.body


@pytest.fixture(params=["unified", "v1"])
def contract(request):
    return request.param


@pytest.mark.parametrize("retry_after", [None, 0, 7])
def test_a_storm_of_429_says_when_to_come_back_only_if_ordered(client, contract, retry_after):
    order(client, "too_many_requests", count=2, retry_after=retry_after)
    for _ in range(2):
        answer = client.get(UNITS[contract])
        assert answer.status == 429
        assert answer.body["error"]["message"]
        assert answer.headers["X-RateLimit-Remaining"] == "0"
        told = answer.headers["Retry-After"]
        assert told == (None if retry_after is None else str(retry_after))
    assert client.get(UNITS[contract]).status == 200


def test_a_storm_of_429_does_no_work(sandbox, client):
    order(client, "too_many_requests", method="POST", path=POSTS)
    assert client.post("/v1/charges", CHARGE).code == "RATE_LIMITED"
    assert sandbox.ledger() == ()


def test_malformed_json_is_half_an_answer_that_claims_to_be_whole(client, contract):
    order(client, "malformed_json")
    with pytest.raises(json.JSONDecodeError):
        client.get(UNITS[contract])
    assert client.get(UNITS[contract]).status == 200


def test_a_cut_body_is_shorter_than_it_was_announced(client, contract):
    order(client, "cut_body")
    with pytest.raises(IncompleteRead) as cut:
        client.get(UNITS[contract])
    assert cut.value.expected
    assert cut.value.partial


@pytest.mark.parametrize("kind", ["malformed_json", "cut_body", "html_after"])
def test_an_answer_is_spoiled_after_the_work_is_done(sandbox, client, kind):
    order(client, kind, method="POST", path=POSTS)
    try:
        answer = client.post("/v1/charges", CHARGE)
        assert answer.body is None
    except (json.JSONDecodeError, IncompleteRead):
        pass
    assert len(sandbox.ledger()) == 1


@pytest.mark.parametrize(("kind", "charges"), [("html_before", 0), ("html_after", 1)])
def test_a_gateway_answers_in_html(sandbox, client, kind, charges):
    order(client, kind, method="POST", path=POSTS, status=504)
    answer = client.post("/v1/charges", CHARGE)
    assert answer.status == 504
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.raw.startswith(b"<!DOCTYPE html>")
    assert len(sandbox.ledger()) == charges


def test_html_may_come_with_a_good_status(client, contract):
    order(client, "html_before", status=200)
    answer = client.get(UNITS[contract])
    assert (answer.status, answer.body) == (200, None)


def test_rows_are_missing_and_the_counts_do_not_say_so(client, contract):
    whole = client.get(UNITS[contract]).body
    order(client, "missing_rows")
    short = client.get(UNITS[contract]).body
    rows = ROWS[contract]
    assert len(short[rows]) == len(whole[rows]) // 2
    assert {**short, rows: []} == {**whole, rows: []}


def test_a_record_has_no_rows_to_miss(client):
    order(client, "missing_rows")
    assert client.get("/v1/units/unit_001_0028").body["id"] == "unit_001_0028"


def test_rows_come_in_between_two_pages(client):
    order(client, "rows_inserted", rows=3)
    first = client.get(f"{UNITS['unified']}&per_page=20").body["pagination"]
    second = client.get(f"{UNITS['unified']}&per_page=20&page=2").body["pagination"]
    assert (first["total"], second["total"]) == (48, 51)


def test_rows_that_come_in_shift_the_pages_of_contract_v1(client):
    page = "/v1/units/?property_id=prop_001&limit=10&order-by=created_at:desc"
    order(client, "rows_inserted", rows=2)
    first = [unit["id"] for unit in client.get(page).body["results"]]
    second = [unit["id"] for unit in client.get(f"{page}&offset=10").body["results"]]
    assert set(first) & set(second) == set(first[-2:])


def test_rows_that_come_in_never_shift_a_cursor(client):
    order(client, "rows_inserted", rows=2, count=3)
    ids = client.all_ids("/v1/units?property_id=prop_001", per_page=20)
    assert len(ids) == len(set(ids)) >= 48


def test_a_newcomer_has_a_lease_and_is_charged_like_everybody(client):
    order(client, "rows_inserted")
    client.get(UNITS["unified"])
    unit = client.get(f"{UNITS['unified']}&per_page=200").body["data"][-1]
    assert unit["status"] == "occupied"
    assert unit["current_lease"]["occupant_count"] == 1
    assert client.post("/v1/charges", {**CHARGE, "unit_id": unit["id"]}).status == 404
    today = unit["current_lease"]["start_date"]
    charge = {**CHARGE, "unit_id": unit["id"], "effective_date": today}
    assert client.post("/v1/charges", charge).status == 201

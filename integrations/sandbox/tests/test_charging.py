from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from integrations.sandbox.server import running_sandbox
from integrations.sandbox.tests.client import CHARGE, Client, written


def changed(**fields):
    return {**CHARGE, **fields}


def test_a_charge_is_made_and_can_be_read_again(client):
    posted = client.post("/v1/charges", CHARGE)
    assert posted.status == 201
    assert posted.body["id"].startswith("chg_")
    assert b'"amount":142.50' in posted.raw
    assert {name: posted.body[name] for name in CHARGE} == CHARGE
    assert client.get(f"/v1/charges/{posted.body['id']}").body == posted.body


def test_a_charge_goes_to_the_units_lease(client):
    unit = client.get("/v1/units/unit_001_0028").body
    posted = client.post("/v1/charges", CHARGE).body
    assert posted["lease_id"] == unit["current_lease"]["id"]


def test_charges_are_found_by_unit_and_day(client):
    wanted = client.post("/v1/charges", CHARGE).body["id"]
    client.post("/v1/charges", changed(effective_date="2026-05-01"))
    client.post("/v1/charges", changed(unit_id="unit_001_0001"))
    found = client.get(
        "/v1/charges?property_id=prop_001&unit_id=unit_001_0028&effective_date=2026-04-01"
    )
    assert found.ids == [wanted]


def test_the_same_charge_twice_is_two_charges(sandbox, client):
    for _ in range(2):
        answer = client.call("POST", "/v1/charges", written(CHARGE), Idempotency_Key="one")
        assert answer.status == 201
    assert len(sandbox.ledger()) == 2


def test_a_reversal_is_a_negative_charge(sandbox, client):
    client.post("/v1/charges", CHARGE)
    assert client.post("/v1/charges", changed(amount=Decimal("-142.50"))).status == 201
    assert sum(entry.amount for entry in sandbox.ledger()) == Decimal("0.00")


def test_duplicates_are_refused_when_the_sandbox_is_told_so(tmp_path):
    with running_sandbox(data_dir=tmp_path, properties=1, refuse_duplicates=True) as running:
        client = Client(running.base_url)
        first = client.post("/v1/charges", CHARGE).body["id"]
        second = client.post("/v1/charges", changed(amount=1))
        assert (second.status, second.code) == (409, "DUPLICATE_CHARGE")
        assert second.details == {"charge_id": first}
        assert client.post("/v1/charges", changed(charge_code="RUBS")).status == 201
        assert len(running.ledger()) == 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"unit_id": "unit_404"}, "There is no unit unit_404, so it has no lease."),
        (
            {"unit_id": "unit_001_0007"},
            "Resident lease expired. No active lease found for unit 107.",
        ),
        ({"unit_id": "unit_001_0039"}, "No active lease found for unit 403."),
        ({"effective_date": "2022-01-01"}, "No active lease found for unit 304."),
        (
            {"effective_date": "2031-01-01"},
            "Resident lease expired. No active lease found for unit 304.",
        ),
    ],
)
def test_a_unit_without_an_active_lease_is_not_charged(sandbox, client, fields, message):
    answer = client.post("/v1/charges", changed(**fields))
    assert (answer.status, answer.code) == (404, "LEASE_NOT_FOUND")
    assert answer.body["error"]["message"] == message
    assert sandbox.ledger() == ()


def test_a_month_to_month_lease_is_charged_after_its_end_date(client):
    unit = client.get("/v1/units/unit_001_0018").body
    assert unit["current_lease"]["end_date"] < CHARGE["effective_date"]
    assert client.post("/v1/charges", changed(unit_id=unit["id"])).status == 201


def test_an_unknown_charge_code_is_refused(sandbox, client):
    answer = client.post("/v1/charges", changed(charge_code="HEAT"))
    assert (answer.status, answer.code) == (422, "INVALID_CHARGE_CODE")
    assert answer.details == {"charge_code": "HEAT", "property_id": "prop_001"}
    assert sandbox.ledger() == ()


def test_nothing_is_charged_behind_an_expired_login(sandbox, client):
    answer = client.post("/v1/charges", changed(unit_id="unit_999_0001"))
    assert (answer.status, answer.code) == (403, "AUTHORIZATION_FAILED")
    assert sandbox.ledger() == ()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("unit_id", None),
        ("unit_id", 7),
        ("unit_id", " "),
        ("amount", None),
        ("amount", "142.50"),
        ("amount", True),
        ("amount", 0),
        ("amount", Decimal("142.505")),
        ("amount", Decimal("0.10000000000000000000000000000000000001")),
        ("amount", Decimal("1E+999999")),
        ("amount", 10_000_000),
        ("effective_date", "04/01/2026"),
        ("effective_date", "20260401"),
        ("effective_date", "2026-02-30"),
        ("effective_date", "2026-W01-1"),
        ("charge_code", ""),
        ("description", "x" * 501),
        ("description", "\ud800"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_charged(sandbox, client, field, value):
    answer = client.post("/v1/charges", changed(**{field: value}))
    assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")
    assert list(answer.details) == [field]
    assert sandbox.ledger() == ()


def test_all_wrong_fields_are_named_at_once(client):
    assert client.post("/v1/charges", {}).details.keys() == CHARGE.keys()


@pytest.mark.parametrize("body", [[], "text", None, 5])
def test_a_body_that_is_no_object_is_refused(client, body):
    assert client.post("/v1/charges", body).details.keys() == {"body"}


def test_unknown_fields_are_ignored(client):
    assert client.post("/v1/charges", changed(colour="blue")).status == 201


@pytest.mark.parametrize("amount", ["142.5", "142.50", "142", "0.01", "-0.05", "1.425E+2"])
def test_amounts_are_exact_in_every_spelling(sandbox, client, amount):
    answer = client.post("/v1/charges", changed(amount=Decimal(amount)))
    assert answer.status == 201
    assert answer.body["amount"].as_tuple().exponent == -2
    assert sandbox.ledger()[0].amount == Decimal(amount)


def test_many_at_once_are_all_kept(sandbox, client):
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/charges", CHARGE), range(64)))
    ids = {answer.body["id"] for answer in answers}
    assert len(ids) == 64
    assert {entry.id for entry in sandbox.ledger()} == ids

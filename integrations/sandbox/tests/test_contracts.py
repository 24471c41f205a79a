from __future__ import annotations

import pytest

from integrations.sandbox.server import running_sandbox
from integrations.sandbox.tests.client import Client

UNIT = "/v1/units/unit_001_0028"


def is_v1(answer):
    return "results" in answer.body


@pytest.mark.parametrize("name", ["properties", "units", "leases", "residents", "charge-codes"])
def test_the_slash_at_the_end_tells_the_contracts_apart(full, name):
    assert "pagination" in full.get(f"/v1/{name}").body
    assert is_v1(full.get(f"/v1/{name}/"))


@pytest.mark.parametrize(
    ("key", "path", "expected"),
    [
        ("px_test_sandbox", UNIT, False),
        ("px_test_sandbox", f"{UNIT}?limit=1", True),
        ("px_test_sandbox", f"{UNIT}?order-by=created_at:asc", True),
        ("px_test_v1_mine", UNIT, True),
        ("px_test_unified_mine", f"{UNIT}?limit=1", False),
    ],
)
def test_a_single_record_is_told_by_key_and_query(full, key, path, expected):
    assert is_v1(Client(full.base_url, key=key).get(path)) is expected


@pytest.mark.parametrize("served", ["unified", "v1"])
def test_a_sandbox_of_one_contract_speaks_no_other(tmp_path, served):
    with running_sandbox(data_dir=tmp_path, properties=1, units=2, contract=served) as running:
        client = Client(running.base_url)
        paths = {"unified": "/v1/units", "v1": "/v1/units/"}
        answers = {name: client.get(path).status for name, path in paths.items()}
        assert is_v1(client.get("/v1/units/unit_001_0001")) is (served == "v1")
    assert answers == {name: 200 if name == served else 404 for name in paths}


def test_each_contract_has_its_own_rate_headers(full):
    unified = full.get("/v1/units").headers
    v1 = full.get("/v1/units/").headers
    assert {"x-ratelimit-limit", "x-ratelimit-remaining"} <= {name.lower() for name in v1}
    assert "x-ratelimit-reset" in unified
    assert "x-ratelimit-reset" not in v1


def test_a_refusal_is_written_by_the_contract_that_was_asked(full):
    refused = full.get("/v1/units/?limit=251")
    assert refused.status == 400
    assert refused.body["error"]["code"] == "invalid_request"
    assert full.get("/v1/units?per_page=251").code == "VALIDATION_FAILED"
    unknown_key = Client(full.base_url, key="nonsense").get("/v1/units/")
    assert (unknown_key.status, unknown_key.body["error"]["code"]) == (401, "unauthorized")


def test_a_limit_that_is_used_up_is_refused_without_a_word_on_when_to_come_back(tmp_path):
    with running_sandbox(data_dir=tmp_path, properties=1, units=1, rate_limit=1) as running:
        client = Client(running.base_url)
        answers = [client.get("/v1/units/") for _ in range(4)]
    refused = [answer for answer in answers if answer.status == 429]
    assert refused
    assert all("retry-after" not in answer.headers for answer in refused)
    assert refused[0].body["error"]["code"] == "rate_limited"

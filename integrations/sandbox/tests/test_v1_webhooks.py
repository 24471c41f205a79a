from __future__ import annotations

import pytest

from integrations.sandbox.tests.client import written

HOOK = {"url": "https://meterbase.example/hooks", "triggers": ["DATA_NEW"], "model": "leases"}


def test_a_webhook_is_made_asleep_and_with_a_secret(client):
    made = client.post("/v1/webhooks/", HOOK).body["result"]
    assert made["active"] is False
    assert len(made["secret"]) >= 10
    assert [(t["trigger"], t["model"]) for t in made["triggers"]] == [("DATA_NEW", "leases")]
    assert client.get("/v1/webhooks/").body["results"] == []
    assert client.get("/v1/webhooks/?active=false").body["results"] == [made]
    assert client.get(f"/v1/webhooks/{made['id']}").body["results"] == made


def test_a_webhook_is_changed_and_removed(client):
    made = client.post("/v1/webhooks/", HOOK).body["result"]
    path = f"/v1/webhooks/{made['id']}"
    headers = [{"header": "x-extra", "value": "1"}]
    changes = {"active": True, "secret": "a-longer-secret", "headers": headers}
    changed = client.call("PUT", path, written(changes)).body["result"]
    assert {name: changed[name] for name in changes} == changes
    assert changed["url"] == HOOK["url"]
    assert client.call("DELETE", path, b"{}").body == {"result": {"id": made["id"]}}
    for answer in (client.get(path), client.call("PUT", path, b"{}"), client.call("DELETE", path)):
        assert answer.status == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "http://example.com/hooks"}, "url"),
        ({"url": 7}, "url"),
        ({"triggers": []}, "triggers"),
        ({"triggers": ["data.new"]}, "triggers"),
        ({"triggers": ["JOB_SUCCESS"]}, "triggers"),
        ({"secret": "short"}, "secret"),
        ({"headers": ["x"]}, "headers"),
        ({"active": "yes"}, "active"),
    ],
)
def test_a_wrong_registration_is_refused(client, changes, field):
    answer = client.post("/v1/webhooks/", {**HOOK, **changes})
    assert answer.status == 400
    assert answer.details["issues"][0]["path"] == [field]


def test_a_registration_of_the_other_contract_is_not_shown(client):
    body = {"url": HOOK["url"], "events": ["data.new"], "secret": "whsec_0123456789"}
    made = client.post("/v1/webhooks", body).body
    assert client.get("/v1/webhooks/").body["results"] == []
    assert client.get(f"/v1/webhooks/{made['id']}").status == 404

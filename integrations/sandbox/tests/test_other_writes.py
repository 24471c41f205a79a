from __future__ import annotations

import pytest


def test_a_connection_is_created_and_its_credentials_are_never_shown(client):
    posted = client.post(
        "/v1/connections",
        {
            "provider": "entrata",
            "credentials": {"api_key": "ent_secret", "domain": "acme.entrata.com"},
            "sync_config": {"models": ["residents", "leases"], "frequency": "realtime"},
        },
    )
    assert posted.status == 201
    assert posted.body["status"] == "syncing"
    assert posted.body["sync_config"] == {
        "models": ["residents", "leases"],
        "frequency": "realtime",
    }
    assert b"ent_secret" not in posted.raw
    assert client.get(f"/v1/connections/{posted.body['id']}").body == posted.body


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"provider", "credentials"}),
        ({"provider": "excel", "credentials": {"a": "b"}}, {"provider"}),
        ({"provider": "yardi", "credentials": {}}, {"credentials"}),
        ({"provider": "yardi", "credentials": {"a": "b"}, "sync_config": []}, {"sync_config"}),
        (
            {"provider": "yardi", "credentials": {"a": "b"}, "sync_config": {"models": []}},
            {"models"},
        ),
        (
            {"provider": "yardi", "credentials": {"a": "b"}, "sync_config": {"models": [1]}},
            {"models"},
        ),
    ],
)
def test_an_incomplete_connection_is_refused(client, body, fields):
    answer = client.post("/v1/connections", body)
    assert answer.status == 422
    assert answer.details.keys() == fields


@pytest.mark.parametrize("url", ["https://meterbase.example/hooks", "http://127.0.0.1:8000/hooks"])
def test_a_webhook_is_registered_and_its_secret_is_never_shown(client, url):
    body = {"url": url, "events": ["data.update", "lease.updated"], "secret": "whsec_0123456789"}
    posted = client.post("/v1/webhooks", body)
    assert posted.status == 201
    assert (posted.body["url"], posted.body["events"]) == (url, body["events"])
    assert b"whsec" not in posted.raw


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"url": "http://meterbase.example/hooks"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "http://["}, "url"),
        ({"events": []}, "events"),
        ({"events": "data.new"}, "events"),
        ({"events": ["data.new", "tea.ready"]}, "events"),
        ({"secret": "short"}, "secret"),
    ],
)
def test_a_wrong_registration_is_refused(client, fields, named):
    body = {"url": "https://a.example", "events": ["data.new"], "secret": "whsec_0123456789"}
    answer = client.post("/v1/webhooks", {**body, **fields})
    assert answer.status == 422
    assert list(answer.details) == [named]

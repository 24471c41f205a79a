from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from integrations.models import Connection
from integrations.operations import webhook_registrations
from integrations.pms import errors
from integrations.pms.webhook_registrations import WANTED
from integrations.sandbox.faults import Fault, FaultKind
from integrations.sandbox.tests.client import Client
from integrations.webhooks.events import EventName, RecordKind, read_event
from integrations.webhooks.handlers import _READ_BY_SYNC
from integrations.webhooks.tests.deliveries import SECRET, encode, unified, wrapped

SITE = "https://meterbase.example.com"
ADDRESS = f"{SITE}/api/webhooks/propexo"

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["unified", "v1"])
def contract(request, settings, connection):
    """Connect over one contract, with a secret to sign with."""
    settings.PROPEXO_CONTRACT = request.param
    settings.PROPEXO_WEBHOOK_SECRET = f"{SECRET},whsec_of_before"
    return request.param


@pytest.fixture
def control(sandbox):
    return Client(sandbox.base_url)


def register(*options: str, url: str = SITE) -> str:
    out = StringIO()
    call_command("register_webhooks", "--url", url, *options, stdout=out)
    return out.getvalue()


def registered(control: Client) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = control.get("/_sandbox/webhooks").body["webhooks"]
    return rows


def test_the_address_is_registered_for_everything_that_is_handled(contract, control):
    said = register()
    rows = registered(control)
    assert {row["url"] for row in rows} == {ADDRESS}
    assert {row["contract"] for row in rows} == {contract}
    events = {event for row in rows for event in row["events"]}
    assert events == {event for one in WANTED[contract] for event in one.events}
    assert said.count("new  ") == len(rows) == len(WANTED[contract])


def test_a_second_time_nothing_is_missing(contract, control):
    register()
    before = registered(control)
    said = register(url=ADDRESS)
    assert registered(control) == before
    assert said.count("there already") == len(before)
    assert "Nothing is missing." in said


def test_a_dry_run_registers_nothing(contract, control):
    said = register("--dry-run")
    assert said.count("would register") == len(WANTED[contract])
    assert registered(control) == []


def test_only_what_is_missing_is_registered(contract, control):
    if contract == "unified":
        body = {"url": ADDRESS, "events": ["data.new", "sync.complete"], "secret": SECRET}
        control.post("/v1/webhooks", body)
    else:
        body = {"url": ADDRESS, "triggers": ["DATA_NEW"], "model": "units", "secret": SECRET}
        control.post("/v1/webhooks/", {**body, "active": True})
    said = register()
    if contract == "unified":
        assert "new            data.update, resident.created, lease.updated\n" in said
    else:
        assert "new            DATA_UPDATE of units\n" in said
        assert "new            DATA_NEW, DATA_UPDATE of leases\n" in said
    assert "there already" in said


def test_another_address_is_not_ours(contract, control):
    register(url="https://other.example.com/api/webhooks/propexo")
    register()
    assert len(registered(control)) == 2 * len(WANTED[contract])


@pytest.mark.parametrize("contract", ["v1"], indirect=True)
def test_a_registration_that_signs_with_another_secret_is_complained_about(contract, control):
    control.post(
        "/v1/webhooks/",
        {"url": ADDRESS, "triggers": ["SYNC_COMPLETE"], "secret": "whsec_unknown", "active": True},
    )
    with pytest.raises(CommandError, match="sign with a secret that is not in"):
        register()
    assert len(registered(control)) == 1 + len(WANTED["v1"])


@pytest.mark.parametrize("contract", ["v1"], indirect=True)
def test_a_registration_that_is_switched_off_does_not_count(contract, control):
    body = {"url": ADDRESS, "triggers": ["SYNC_COMPLETE"], "secret": SECRET}
    control.post("/v1/webhooks/", body)
    said = register()
    assert "switched off   SYNC_COMPLETE (" in said
    assert "new            SYNC_COMPLETE, FIRST_SYNC_COMPLETE" in said


@pytest.mark.parametrize("contract", ["unified"], indirect=True)
def test_where_propexo_does_not_tell_what_is_there_a_person_decides(contract, control, monkeypatch):
    def hidden(*_which: object) -> None:
        raise errors.NotSupported("No such call.")

    monkeypatch.setattr(webhook_registrations, "read_registrations", hidden)
    with pytest.raises(CommandError, match="--again"):
        register()
    assert registered(control) == []
    register("--again")
    assert len(registered(control)) == 1


def test_a_lost_answer_says_to_run_it_again_and_the_next_run_ends_it(contract, control, sandbox):
    sandbox.sandbox.faults.add(Fault("POST", "/v1/webhooks*", FaultKind.DROP_AFTER, count=1))
    with pytest.raises(CommandError, match="Run the command again: it looks first"):
        register()
    register()
    assert len(registered(control)) == len(WANTED[contract])


def test_a_connections_contract_alone_can_be_chosen(contract, control, settings):
    settings.PROPEXO_CONTRACT = "auto"
    Connection.objects.update(contract="v1")
    said = register("--connection", "conn_001")
    assert "Contract v1, " in said
    with pytest.raises(CommandError, match="There is no connection conn_999"):
        register("--connection", "conn_999")


@pytest.mark.parametrize("url", ["http://meterbase.example.com", "meterbase", "ftp://x"])
def test_an_address_that_propexo_would_refuse_is_refused(contract, url):
    with pytest.raises(CommandError, match="https://"):
        register(url=url)


def test_without_a_secret_nothing_is_registered(contract, control, settings):
    settings.PROPEXO_WEBHOOK_SECRET = ""
    with pytest.raises(CommandError, match="PROPEXO_WEBHOOK_SECRET"):
        register()
    assert registered(control) == []


def test_without_a_connection_nobody_knows_the_contract(db, settings):
    settings.PROPEXO_WEBHOOK_SECRET = SECRET
    with pytest.raises(CommandError, match="connect a PMS first"):
        register()


def test_each_wanted_event_is_one_that_the_handlers_know():
    kinds = set()
    for one in WANTED["v1"]:
        for event in one.events:
            read = read_event(encode(wrapped(event, object=one.model, record_id="r")))
            assert read.name in set(EventName)
            kinds |= {read.record_kind} if one.model else set()
    assert kinds == {*_READ_BY_SYNC, RecordKind.CHARGE}
    for event in WANTED["unified"][0].events:
        assert read_event(encode(unified(event, object="unit", id="r"))).name in set(EventName)

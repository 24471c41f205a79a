from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.models import Connection, ConnectionStatus, WireContract
from integrations.operations.connections import (
    CHECK_ID,
    CHECK_KEY,
    CHECK_LOGIN,
    CHECK_NETWORK,
    CannotConnect,
    add_connection,
    reach_connection,
    renew_connection,
)
from integrations.pms import errors
from integrations.pms.propexo_unified import UnifiedGateway
from integrations.pms.records import ConnectionHealth
from integrations.pms.transport import Transport
from integrations.tests.fake_gateway import FakeGateway, make_connection
from portfolios.models import AuditEvent


def connect(cast, gateway, now, **changes) -> Connection:
    values = {"propexo_connection_id": "conn_001", "pms": "yardi_voyager", "integration_id": ""}
    return add_connection(
        portfolio=cast.portfolio, gateway=gateway, by=cast.manager, now=now, **(values | changes)
    )


def test_a_confirmed_connection_is_stored(cast, gateway, now):
    made = connect(cast, gateway, now, integration_id="int_7")
    stored = Connection.objects.get()
    assert stored == made
    assert (stored.name, stored.pms) == ("Northbank Residential", "yardi_voyager")
    assert (stored.status, stored.validated_at) == (ConnectionStatus.ACTIVE, now)
    assert (stored.integration_id, stored.created_by) == ("int_7", cast.manager)
    event = AuditEvent.objects.get()
    assert (event.verb, event.actor, event.portfolio) == (
        "connection.added",
        cast.manager,
        cast.portfolio,
    )


def test_a_connection_that_still_syncs_is_taken(cast, gateway, now):
    connect(cast, gateway, now, propexo_connection_id="conn_syncing", pms="entrata")
    assert Connection.objects.get().status == ConnectionStatus.ACTIVE


@pytest.mark.parametrize(
    ("remote_id", "pms", "field", "check", "words"),
    [
        ("conn_none", "yardi_voyager", "propexo_connection_id", CHECK_ID, "no connection"),
        ("conn_auth_failed", "realpage", "", CHECK_LOGIN, "no longer log in"),
        ("conn_inactive", "appfolio", "propexo_connection_id", CHECK_ID, "not active"),
        ("conn_001", "entrata", "pms", "Choose the PMS type", "not to Entrata"),
    ],
)
def test_a_connection_that_propexo_does_not_confirm_is_refused(
    cast, gateway, now, remote_id, pms, field, check, words
):
    with pytest.raises(CannotConnect, match=words) as caught:
        connect(cast, gateway, now, propexo_connection_id=remote_id, pms=pms)
    assert caught.value.field == field
    assert caught.value.check.startswith(check)
    assert not Connection.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_wrong_api_key_is_refused(cast, sandbox, now):
    wrong = UnifiedGateway(transport=Transport(sandbox.base_url, "px_live_wrong"))
    with pytest.raises(CannotConnect) as caught:
        connect(cast, wrong, now)
    assert (caught.value.check, caught.value.field) == (CHECK_KEY, "")
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("error", "check"),
    [
        (errors.PmsLoginExpired("Expired."), CHECK_LOGIN),
        (errors.Unavailable("No answer."), CHECK_NETWORK),
        (errors.NeverSent("No line."), CHECK_NETWORK),
        (errors.Throttled("Too fast.", retry_after=timedelta(seconds=1)), CHECK_NETWORK),
        (errors.UnreadableAnswer("Odd."), CHECK_NETWORK),
    ],
)
def test_a_propexo_that_cannot_answer_is_no_confirmation(cast, now, error, check):
    with pytest.raises(CannotConnect) as caught:
        connect(cast, FakeGateway(error=error), now)
    assert (caught.value.message, caught.value.check) == (error.message, check)
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    "health", [ConnectionHealth.INACTIVE, ConnectionHealth.UNKNOWN, ConnectionHealth.AUTH_FAILED]
)
def test_only_a_connection_that_is_well_is_taken(cast, now, health):
    remote = make_connection(health=health, raw_status=str(health))
    with pytest.raises(CannotConnect):
        connect(cast, FakeGateway(connection=remote), now)
    assert not Connection.objects.exists()


def test_what_propexo_said_of_a_connection_is_kept(cast, now):
    remote = make_connection(provider="yardi_rest", contract="v1", posts_charges=False)
    connect(cast, FakeGateway(connection=remote), now, transaction_batch_id="rp_7")
    stored = Connection.objects.get()
    assert (stored.contract, stored.provider) == (WireContract.V1, "yardi_rest")
    assert (stored.can_post_charges, stored.checked_at) == (False, now)
    assert stored.transaction_batch_id == "rp_7"


@pytest.mark.parametrize("provider", ["yardi", "Yardi", "yardi_rest"])
def test_both_interfaces_of_a_platform_are_known(cast, now, provider):
    connect(cast, FakeGateway(connection=make_connection(provider=provider)), now)
    assert Connection.objects.exists()


def test_the_same_connection_is_registered_once(cast, connection, gateway, now):
    with pytest.raises(CannotConnect, match="already registered") as caught:
        connect(cast, gateway, now)
    assert caught.value.field == "propexo_connection_id"
    assert Connection.objects.get() == connection


def test_a_renewed_login_takes_the_connection_up_again(cast, connection, gateway, now):
    later = now + timedelta(hours=1)
    Connection.objects.update(
        status=ConnectionStatus.LOGIN_EXPIRED, status_note="Expired.", paused_until=later
    )
    connection.refresh_from_db()
    renew_connection(connection=connection, gateway=gateway, by=cast.manager, now=later)
    connection.refresh_from_db()
    assert (connection.status, connection.status_note) == (ConnectionStatus.ACTIVE, "")
    assert (connection.validated_at, connection.paused_until) == (later, None)
    event = AuditEvent.objects.get(verb="connection.renewed")
    assert (event.before, event.after) == ({"status": "login_expired"}, {"status": "active"})


def test_a_renewal_finds_out_anew_how_the_connection_is(cast, connection, now):
    later = now + timedelta(hours=1)
    remote = make_connection(provider="yardi_rest", contract="v1", posts_charges=True)
    gateway = FakeGateway(connection=remote)
    renew_connection(connection=connection, gateway=gateway, by=cast.manager, now=later)
    connection.refresh_from_db()
    assert (connection.contract, connection.provider) == (WireContract.V1, "yardi_rest")
    assert (connection.can_post_charges, connection.checked_at) == (True, later)


@pytest.mark.parametrize(
    ("error", "check"),
    [
        (errors.ApiKeyRefused("Wrong key."), CHECK_KEY),
        (errors.NotFound("Nothing."), CHECK_ID),
        (errors.PmsLoginExpired("Expired."), CHECK_LOGIN),
        (errors.Unavailable("No answer."), CHECK_NETWORK),
    ],
)
def test_a_connection_that_cannot_be_reached_says_what_to_check(monkeypatch, error, check):
    def fail(**_which: object) -> None:
        raise error

    monkeypatch.setattr("integrations.operations.connections.find_gateway", fail)
    with pytest.raises(CannotConnect) as caught:
        reach_connection(propexo_connection_id="conn_001")
    assert caught.value.check == check


def test_a_login_that_is_still_expired_changes_nothing(cast, connection, now):
    Connection.objects.update(status=ConnectionStatus.LOGIN_EXPIRED, status_note="Expired.")
    remote = make_connection(health=ConnectionHealth.AUTH_FAILED)
    with pytest.raises(CannotConnect):
        renew_connection(
            connection=connection, gateway=FakeGateway(connection=remote), by=cast.manager, now=now
        )
    connection.refresh_from_db()
    assert connection.status == ConnectionStatus.LOGIN_EXPIRED
    assert connection.status_note == "Expired."

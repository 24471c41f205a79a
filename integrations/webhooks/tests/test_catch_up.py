from __future__ import annotations

from collections.abc import Callable

import pytest
from django_q.models import OrmQ

from integrations.models import Connection, ConnectionStatus
from integrations.operations import syncs
from integrations.pms.errors import Unavailable
from integrations.webhooks.catch_up import DOWNTIME, catch_up
from integrations.webhooks.sweep import CATCH_UP_TASK, sweep_events


@pytest.fixture
def asked(monkeypatch) -> list[Connection]:
    found: list[Connection] = []
    monkeypatch.setattr(
        syncs, "request_connection_sync", lambda *, connection, **_rest: found.append(connection)
    )
    return found


@pytest.fixture
def be_down(clock) -> Callable[[], None]:
    """Give a function that lets the time of a downtime pass."""
    return lambda: clock.advance(seconds=DOWNTIME.total_seconds() + 1)


def test_after_a_downtime_each_connection_is_synced_once(wire, asked, clock, be_down):
    assert catch_up(now=clock()) == []
    be_down()
    assert catch_up(now=clock()) == asked == [wire]
    clock.advance(minutes=1)
    assert catch_up(now=clock()) == []


def test_as_long_as_somebody_listens_nothing_is_synced(wire, asked, clock):
    for _ in range(120):
        assert catch_up(now=clock()) == []
        clock.advance(minutes=1)
    assert asked == []


def test_regular_syncs_may_be_off(wire, asked, clock, be_down, settings):
    settings.PROPEXO_SYNC_INTERVAL = 0
    catch_up(now=clock())
    be_down()
    assert catch_up(now=clock()) == [wire]


def test_an_installation_without_webhooks_misses_none(wire, asked, clock, be_down, settings):
    settings.PROPEXO_WEBHOOK_SECRET = ""
    catch_up(now=clock())
    be_down()
    assert catch_up(now=clock()) == asked == []


def test_a_connection_that_needs_a_login_catches_up_when_it_has_it(wire, asked, clock, be_down):
    catch_up(now=clock())
    Connection.objects.update(status=ConnectionStatus.LOGIN_EXPIRED)
    be_down()
    assert catch_up(now=clock()) == []
    Connection.objects.update(status=ConnectionStatus.ACTIVE)
    assert catch_up(now=clock()) == [wire]


def test_a_connection_that_cannot_be_reached_comes_up_again(
    wire, asked, clock, be_down, monkeypatch, caplog
):
    def refuse(**_values):
        raise Unavailable("Propexo did not answer.")

    catch_up(now=clock())
    be_down()
    with monkeypatch.context() as patched:
        patched.setattr(syncs, "request_connection_sync", refuse)
        assert catch_up(now=clock()) == []
    assert "Propexo did not answer." in caplog.text
    clock.advance(minutes=1)
    assert catch_up(now=clock()) == asked == [wire]


def test_the_sweeper_has_it_looked_at_once_a_minute(db, clock):
    for _ in range(24):  # two minutes of a sweeper that comes round every five seconds
        sweep_events(now=clock())
        clock.advance(seconds=5)
    assert [row.func() for row in OrmQ.objects.all()] == [CATCH_UP_TASK] * 2

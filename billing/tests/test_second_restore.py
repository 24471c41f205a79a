"""A backup made while charges are held is restored: what was read before it proves nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from billing.models import LedgerCheck, Posting, PostingState
from billing.operations.calculations import WrongState
from billing.operations.restores import let_charges_go, resume_after_restore, unread_places
from billing.tests.small_place import small_job
from integrations.models import Connection
from portfolios.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(settings, cast, clock) -> Connection:
    """Have a database restored, held, and its ledger read to the end."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    small_job(cast, clock())
    restore(clock() - timedelta(hours=1), clock)
    clock.advance(minutes=30)
    for check in LedgerCheck.objects.filter(finished_at=None):
        LedgerCheck.objects.filter(pk=check.pk).update(finished_at=clock(), shown_until=clock())
    connection = Connection.objects.get()
    assert not unread_places(connection).exists()
    return connection


def restore(backup_time: datetime, clock) -> Connection:
    clock.advance(minutes=1)
    resume_after_restore(backup_time=backup_time, by=None, now=clock())
    return Connection.objects.get()


def test_the_ledgers_are_read_anew(held, cast, clock):
    backup = clock()
    clock.advance(hours=5)

    renewed = restore(backup, clock)

    assert renewed.charges_held_at == clock()
    assert f"{backup:%Y-%m-%d %H:%M}" in renewed.charges_held_because
    assert unread_places(renewed).count() == 1
    assert LedgerCheck.objects.filter(finished_at=None).count() == 1
    with pytest.raises(WrongState, match="not read to its end"):
        let_charges_go(connection=renewed, despite="", by=cast.accountant, now=clock())
    assert AuditEvent.objects.filter(verb="connection.charges_held").count() == 2


def test_done_twice_for_one_backup_it_changes_nothing_more(held, clock):
    backup = clock()
    clock.advance(hours=5)
    first = restore(backup, clock)

    second = restore(backup, clock)

    assert second.charges_held_at == first.charges_held_at
    assert LedgerCheck.objects.filter(finished_at=None).count() == 1
    assert AuditEvent.objects.filter(verb="connection.charges_held").count() == 2


def test_a_hold_for_another_reason_waits_for_the_ledgers_from_now_on(held, clock):
    Connection.objects.update(reads_ledgers_first=False, charges_held_because="Audit.")

    renewed = restore(clock() - timedelta(days=2), clock)

    assert (renewed.reads_ledgers_first, renewed.charges_held_at) == (True, clock())


def test_looks_from_before_the_backup_do_not_count(held, clock, settings):
    Posting.objects.update(negative_looks=1)
    assert set(Posting.objects.values_list("state", flat=True)) == {PostingState.UNKNOWN}
    backup = clock()
    clock.advance(hours=5)

    restore(backup, clock)

    settles = clock() + timedelta(seconds=settings.POSTING_SETTLE_SECONDS)
    assert set(Posting.objects.values_list("negative_looks", "settle_at")) == {(0, settles)}

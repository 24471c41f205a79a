"""A database that comes back from a backup has forgotten what it sent, and sends nothing twice."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing.models import (
    Calculation,
    DifferenceKind,
    LedgerDifference,
    Posting,
    PostingJob,
    PostingState,
)
from billing.operations import ledger_schedule
from billing.operations.calculations import WrongState
from billing.operations.failures import retry_posting
from billing.operations.ledger_schedule import work_on_ledger_checks
from billing.operations.posting_jobs import create_posting_job
from billing.operations.restores import let_charges_go, unread_places
from billing.posting.drain import drain
from billing.posting.liveness import hold
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import Fate
from billing.tests.paged_ledger import PagedLedger
from billing.tests.small_place import ORDER, gateway_to_nowhere, small_calculation
from integrations.models import Connection, ReviewItem, ReviewKind
from portfolios.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pms(clock) -> PagedLedger:
    return PagedLedger(clock)


@pytest.fixture
def back_up(own_database, tmp_path) -> Callable[[], Callable[[], None]]:
    """Give a function that copies the database's file, and gives one that puts the copy back."""
    if connection.vendor != "sqlite":
        pytest.skip("the backup is a copy of SQLite's file")

    def make() -> Callable[[], None]:
        path, copy = Path(connection.settings_dict["NAME"]), tmp_path / "backup.sqlite3"
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)

        def put_back() -> None:
            connection.close()
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            shutil.copy(copy, path)

        return put_back

    return make


class Story:
    """What people and workers do, in a few words each."""

    def __init__(self, cast, pms, clock) -> None:
        self.cast, self.pms, self.clock = cast, pms, clock

    def approve(self) -> Calculation:
        """Have three charges approved."""
        return small_calculation(self.cast, self.clock())

    def post(self) -> PostingJob:
        """Confirm that they are posted."""
        return create_posting_job(
            calculation=Calculation.objects.get(),
            order=ORDER,
            gateway=gateway_to_nowhere(),
            by=self.cast.accountant,
            now=self.clock(),
        )

    def work(self) -> None:
        """Do all that the workers do within ten minutes."""
        for _ in range(20):
            sweep(gateway_for=lambda _connection: self.pms, clock=self.clock)
            for held in Connection.objects.all():
                drain(connection_id=held.pk, gateway=self.pms, clock=self.clock)
            work_on_ledger_checks(clock=self.clock)
            self.clock.advance(seconds=30)

    def restored(self) -> None:
        """Tell the restored database what happened."""
        self.clock.advance(minutes=1)
        backup = (self.clock() - timedelta(hours=1)).isoformat()
        call_command("resume_after_restore", "--backup-time", backup)

    def let_go(self, despite: str = "") -> None:
        """Let the charges go again."""
        let_charges_go(
            connection=Connection.objects.get(),
            despite=despite,
            by=self.cast.accountant,
            now=self.clock(),
        )

    def times_charged(self) -> list[int]:
        """Count how often the PMS has each charge."""
        return [len(amounts) for amounts in self.pms.amounts().values()]


@pytest.fixture
def story(settings, own_database, cast, pms, clock, monkeypatch) -> Story:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    monkeypatch.setattr(ledger_schedule, "open_gateway", lambda _connection: pms)
    monkeypatch.setattr(
        "billing.management.commands.resume_after_restore.timezone.now", lambda: clock()
    )
    told = Story(cast, pms, clock)
    told.approve()
    return told


def states() -> set[str]:
    return set(Posting.objects.values_list("state", flat=True))


def test_a_job_that_was_posted_after_the_backup_is_found_and_not_sent_again(story, back_up, pms):
    story.post()
    restore = back_up()
    story.work()
    assert states() == {PostingState.POSTED}

    restore()
    assert states() == {PostingState.PENDING}
    story.restored()
    assert states() == {PostingState.UNKNOWN}
    story.work()

    assert states() == {PostingState.POSTED}
    story.let_go()
    story.work()
    assert story.times_charged() == [1, 1, 1]
    assert len(pms.sent) == 3


def test_a_forgotten_job_shows_as_extra_and_is_found_when_it_is_posted_anew(story, back_up, pms):
    restore = back_up()
    story.post()
    story.work()

    restore()
    assert not Posting.objects.exists()
    story.restored()
    story.work()
    assert LedgerDifference.objects.filter(kind=DifferenceKind.EXTRA, posting=None).count() == 3
    assert ReviewItem.objects.filter(kind=ReviewKind.LEDGER, resolved_at=None).count() == 3
    story.let_go()
    story.post()
    story.work()

    assert states() == {PostingState.POSTED}
    assert story.times_charged() == [1, 1, 1]
    assert len(pms.sent) == 3


def test_a_forgotten_second_posting_is_found_under_its_own_reference(story, back_up, pms):
    restore = back_up()
    pms.script.extend([Fate.REFUSED] * 3)
    story.post()
    story.work()
    story.post()
    story.work()
    assert story.times_charged() == [1, 1, 1]

    restore()
    story.restored()
    story.work()
    story.let_go()
    story.post()
    story.work()

    assert states() == {PostingState.POSTED}
    assert story.times_charged() == [1, 1, 1]


def test_a_refusal_that_was_sent_again_after_the_backup_is_not_sent_a_third_time(
    story, back_up, pms, cast, clock
):
    pms.script.append(Fate.REFUSED)
    story.post()
    story.work()
    restore = back_up()
    refused = Posting.objects.get(state=PostingState.REJECTED)
    Posting.objects.filter(pk=refused.pk).update(error_code="PMS_REJECTED")
    refused.refresh_from_db()
    retry_posting(posting=refused, by=cast.accountant, now=clock())
    story.work()

    restore()
    Posting.objects.filter(pk=refused.pk).update(error_code="PMS_REJECTED")
    story.restored()
    story.work()
    story.let_go()
    refused.refresh_from_db()
    retry_posting(posting=refused, by=cast.accountant, now=clock())
    story.work()

    assert states() == {PostingState.POSTED}
    assert story.times_charged() == [1, 1, 1]


def test_what_no_ledger_has_is_sent_once_the_charges_are_let_go(story, back_up, pms):
    story.post()
    restore = back_up()

    restore()
    story.restored()
    story.work()
    assert (states(), pms.sent) == ({PostingState.PENDING}, [])

    story.let_go()
    story.work()
    assert (states(), story.times_charged()) == ({PostingState.POSTED}, [1, 1, 1])


def test_a_ledger_that_lags_leaves_it_to_a_person(story, back_up, pms, clock):
    pms.shows_charges_at_once = False
    story.post()
    restore = back_up()

    restore()
    story.restored()
    for _ in range(200):
        clock.advance(minutes=10)
        sweep(gateway_for=lambda _connection: pms, clock=clock)

    assert (states(), pms.sent) == ({PostingState.REVIEW}, [])


def test_another_bill_under_a_reused_number_is_a_persons_decision(story, back_up, pms):
    restore = back_up()
    story.post()
    story.work()
    restore()
    story.restored()
    story.work()
    story.let_go()
    job = story.post()
    PostingJob.objects.filter(pk=job.pk).update(charge_date=ORDER.charge_date + timedelta(days=30))

    story.work()

    assert states() == {PostingState.REVIEW}
    assert "dated 2026-04-01 and not 2026-05-01" in Posting.objects.earliest("pk").error
    assert len(pms.sent) == 3


def test_nothing_goes_before_every_ledger_was_read_unless_somebody_says_why(story, cast):
    story.post()
    story.restored()

    with pytest.raises(WrongState, match="Maplewood Court"):
        story.let_go()
    story.let_go("Compared by hand, down to the last page.")

    assert Connection.objects.get().charges_held_at is None
    event = AuditEvent.objects.get(verb="connection.charges_released")
    assert (event.actor, event.note[:16]) == (cast.accountant, "Compared by hand")


def test_done_twice_it_changes_nothing_more(story, capsys):
    story.post()
    story.restored()
    before = list(Posting.objects.values_list("state", "token", "tries"))
    held_at = Connection.objects.get().charges_held_at
    story.restored()

    assert list(Posting.objects.values_list("state", "token", "tries")) == before
    assert Connection.objects.get().charges_held_at == held_at
    assert AuditEvent.objects.filter(verb="connection.charges_held").count() == 1
    assert "0 that were under way" in capsys.readouterr().out


def test_it_refuses_while_a_worker_has_a_charge_in_hand(story):
    story.post()
    with (
        hold(Posting.objects.earliest("pk").pk),
        pytest.raises(CommandError, match="Stop all workers"),
    ):
        story.restored()


def test_it_says_what_was_posted_before_it_was_told(story, capsys):
    story.post()
    story.work()
    story.restored()

    assert "3 charges were posted after the backup" in capsys.readouterr().out
    assert unread_places(Connection.objects.get()).count() == 1


@pytest.mark.parametrize(
    ("moment", "sentence"), [("yesterday", "no moment"), ("2999-01-01", "has not come yet")]
)
def test_it_wants_a_moment_of_the_past(story, moment, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("resume_after_restore", "--backup-time", moment)

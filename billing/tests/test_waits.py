"""Every reason for which a charge waits is said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from billing.models import Posting, PostingState
from billing.operations.job_control import pause_job
from billing.posting.drain import drain
from billing.posting.tests.fake_pms import Fate, fake_pms
from billing.tests.small_place import small_job
from billing.views.waits import reasons_to_wait
from integrations.models import Connection, ConnectionStatus
from portfolios.tests.pages import check_page, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(settings, cast, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return small_job(cast, now)


@pytest.fixture
def waits(job, clock):
    """Give a function that says what the first charge waits for."""

    def said() -> str:
        posting = Posting.objects.select_related("job", "connection").earliest("pk")
        return " ".join(reasons_to_wait(posting, now=clock()))

    return said


def send(job, clock, fate):
    pms = fake_pms(clock)
    pms.script.append(fate)
    drain(connection_id=job.connection_id, gateway=pms, clock=clock)


def test_a_charge_that_is_due_waits_for_a_worker(waits):
    assert waits() == "For a worker, which takes it up next."


def test_a_throttled_one_waits_as_told(job, waits, clock):
    send(job, clock, Fate.THROTTLED)

    assert "Until 2 Apr 2026, 09:00:20 UTC" in waits()
    assert "Tried 1 of 6 times. The PMS asked to slow down." in waits()


def test_an_expired_login_is_said(job, waits, clock):
    send(job, clock, Fate.LOGIN_EXPIRED)

    assert "a new login to the PMS" in waits()


def test_a_paused_job_a_held_connection_and_a_switch_are_said(job, waits, cast, now, settings):
    pause_job(job=job, by=cast.accountant, now=now)
    Connection.objects.update(charges_held_at=now, charges_held_because="Moving day.")
    settings.PROPEXO_CHARGE_POSTING_ENABLED = False

    assert "it is paused" in waits()
    assert "Moving day." in waits()
    assert "switched on" in waits()


@pytest.mark.parametrize(
    ("fate", "words"),
    [(Fate.JOB_NEVER_ENDS, "asked for its job"), (Fate.LOST, "ledger is looked at")],
)
def test_one_that_is_looked_after_says_when(job, waits, clock, fate, words):
    send(job, clock, fate)

    assert words in waits()
    Connection.objects.update(status=ConnectionStatus.LOGIN_EXPIRED)
    assert "a new login" in waits()


def test_one_that_is_being_sent_says_so(job, waits, now):
    Posting.objects.update(
        state=PostingState.SENDING, token="t", lease_until=now + timedelta(minutes=1)
    )
    assert "a worker is sending it" in waits()


def test_the_page_says_it_and_one_that_is_over_waits_for_nothing(
    job, waits, cast, clock, signed_in
):
    posting = job.postings.first()
    page = signed_in(cast.viewer).get(reverse("billing:posting-detail", args=[posting.pk]))
    assert "For a worker" in text_of(check_page(page))

    drain(connection_id=job.connection_id, gateway=fake_pms(clock), clock=clock)
    assert waits() == ""

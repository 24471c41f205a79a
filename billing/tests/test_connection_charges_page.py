"""Holding all charges of a connection up, and letting them go again."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from billing.operations.restores import resume_after_restore
from billing.posting.drain import drain
from billing.posting.sweep import wake_workers
from billing.posting.tests.fake_pms import fake_pms
from billing.tests.small_place import small_job
from conftest import NOW
from integrations.models import Connection
from integrations.operations.charge_holds import NotHeld, release_charges
from portfolios.models import AuditEvent
from portfolios.tests.pages import check_page, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(settings, cast, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    settings.PROPEXO_API_KEY = "px_test_nobody"
    return small_job(cast, now)


def url(job) -> str:
    return reverse("billing:connection-charges", args=[job.connection_id])


def test_an_accountant_holds_them_and_lets_them_go(cast, job, signed_in, clock):
    client = signed_in(cast.accountant)
    held = client.post(url(job), {"reason": "The PMS is moved tonight."}, follow=True)
    assert "The PMS is moved tonight." in text_of(check_page(held))
    pms = fake_pms(clock)
    assert drain(connection_id=job.connection_id, gateway=pms, clock=clock) == 0
    page = check_page(client.get(reverse("billing:job-detail", args=[job.public_id])))
    assert "The PMS is moved tonight." in text_of(page)
    detail = client.get(reverse("integrations:connection-detail", args=[job.connection_id]))
    assert "No charge is sent over this connection" in text_of(check_page(detail))

    client.post(url(job), {})

    assert drain(connection_id=job.connection_id, gateway=pms, clock=clock) == 3
    verbs = AuditEvent.objects.filter(verb__startswith="connection.charges")
    assert set(verbs.values_list("verb", "actor__username")) == {
        ("connection.charges_held", "accountant"),
        ("connection.charges_released", "accountant"),
    }


def test_held_charges_wake_nobody(cast, job, signed_in, clock):
    from django_q.models import OrmQ

    signed_in(cast.accountant).post(url(job), {"reason": "Not now."})
    OrmQ.objects.all().delete()

    wake_workers(now=clock())

    assert not OrmQ.objects.exists()


def test_without_a_reason_nothing_is_held(cast, job, signed_in):
    page = check_page(signed_in(cast.accountant).post(url(job), {"reason": " "}))

    assert "Reason must be given" in text_of(page)
    assert Connection.objects.get().charges_held_at is None


def test_after_a_restore_the_unread_ledgers_are_named_and_a_reason_is_wanted(
    cast, job, signed_in, now
):
    resume_after_restore(backup_time=now, by=None, now=now)
    client = signed_in(cast.accountant)

    page = check_page(client.get(url(job)))
    assert "Maplewood Court Apartments" in text_of(page)
    assert "whoever runs MeterBase" in text_of(page)
    refused = check_page(client.post(url(job), {}))
    assert "must be given" in text_of(refused)
    assert Connection.objects.get().charges_held_at is not None

    client.post(url(job), {"despite": "Compared by hand."})
    assert Connection.objects.get().charges_held_at is None


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("manager", 403), ("stranger", 404)])
def test_nobody_else_does(cast, job, signed_in, who, status):
    answer = signed_in(getattr(cast, who)).post(url(job), {"reason": "Not now."})

    assert answer.status_code == status
    assert Connection.objects.get().charges_held_at is None


@pytest.mark.parametrize("half", [{"charges_held_because": "Why?"}, {"charges_held_at": NOW}])
def test_a_hold_has_a_time_and_a_reason_or_neither(job, half):
    with (
        pytest.raises(IntegrityError, match="connection_charges_held_at_and_why"),
        transaction.atomic(),
    ):
        Connection.objects.update(**half)


def test_others_may_look(cast, job, signed_in):
    page = check_page(signed_in(cast.viewer).get(url(job)))

    assert "Only an accountant" in text_of(page)


def test_what_is_not_held_cannot_be_let_go(cast, job, now):
    with pytest.raises(NotHeld):
        release_charges(connection=job.connection, by=cast.accountant, now=now)

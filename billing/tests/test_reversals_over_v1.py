"""Charges are taken back over contract v1: by credits, by negative charges, or by hand."""

# ruff: noqa: F811 - fixtures of the main job are asked for by their names

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing.models import Posting, PostingState, SentAs
from billing.operations.reversals import CannotReverse, approve_reversal, request_reversal
from billing.posting.drain import drain
from billing.posting.send import send
from billing.posting.sweep import sweep
from billing.queries import count_job
from billing.reversals import preview_reversal
from billing.tests.reversing import ORDER, second_accountant
from billing.tests.test_main_job_over_v1 import approved, place, post, v1, work  # noqa: F401  fixtures
from integrations.gateways import open_gateway
from meterbase.lib.money import cents_from_dollars
from portfolios.models import Lease, LeaseStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(approved, cast, now, clock):
    made = post(approved, cast, now)
    work(made, clock)
    return made


def posted(job) -> list[Posting]:
    return list(job.postings.filter(state=PostingState.POSTED))


def ask(job, cast, clock, order=ORDER):
    return request_reversal(
        job=job,
        postings={posting.pk for posting in posted(job)},
        order=order,
        gateway=open_gateway(job.connection),
        by=cast.accountant,
        now=clock(),
    )


def approve(reversal, cast, clock):
    return approve_reversal(
        reversal=reversal,
        gateway=open_gateway(reversal.job.connection),
        by=second_accountant(cast),
        now=clock(),
    ).reversing_job


@pytest.mark.parametrize(
    ("place", "sent_as"),
    [
        ("rentmanager", SentAs.CREDIT),
        ("propertyware_rest", SentAs.CREDIT),
        ("entrata", SentAs.CHARGE),
    ],
    indirect=["place"],
)
def test_a_job_is_taken_back_to_the_cent(place, job, sent_as, cast, clock, v1):
    before = len(v1.ledger())
    reversing = approve(ask(job, cast, clock), cast, clock)
    work(reversing, clock)

    counts = count_job(reversing)
    assert (counts.posted, counts.failed) == (count_job(job).posted, 0)
    assert counts.posted_cents == -count_job(job).posted_cents
    assert count_job(job).net_cents == 0
    assert {back.sent_as for back in reversing.postings.all()} == {sent_as}
    mine = v1.ledger()[before:]
    assert len(mine) == counts.posted
    assert sum(cents_from_dollars(entry.amount) for entry in mine) == counts.posted_cents


@pytest.mark.parametrize("place", ["yardi"], indirect=True)
def test_where_the_pms_takes_nothing_back_only_people_do(place, job, cast, clock, v1):
    found = preview_reversal(
        job=job, gateway=open_gateway(job.connection), charge_date=ORDER.charge_date
    )
    assert "Yardi Voyager takes no credits through Propexo" in found.refusal
    assert (found.free, len(found.free_by_hand)) == ((), len(posted(job)))
    with pytest.raises(CannotReverse, match="takes no credits"):
        ask(job, cast, clock)

    before = len(v1.ledger())
    by_hand = replace(ORDER, pms_reference="Batch 12")
    assert approve(ask(job, cast, clock, by_hand), cast, clock) is None

    assert count_job(job).net_cents == 0
    assert len(v1.ledger()) == before


@pytest.mark.parametrize("place", ["rentmanager"], indirect=True)
def test_who_moved_out_still_gets_the_money_back_where_the_pms_allows(
    place,
    job,
    cast,
    clock,
):
    reversal = ask(job, cast, clock)
    Lease.objects.filter(unit__property=place).update(status=LeaseStatus.PAST)

    reversing = approve(reversal, cast, clock)
    work(reversing, clock)

    assert count_job(job).net_cents == 0


@pytest.mark.parametrize("place", ["rentmanager"], indirect=True)
def test_a_credit_whose_answer_was_lost_is_never_sent_again_by_itself(
    place,
    job,
    cast,
    clock,
    v1,
    monkeypatch,
):
    reversing = approve(ask(job, cast, clock), cast, clock)
    before = len(v1.ledger())

    class Died(BaseException):
        """The worker is gone after its bytes were taken."""

    def send_and_die(claim, *, gateway):
        send(claim, gateway=gateway)
        raise Died

    gateway = open_gateway(job.connection)
    monkeypatch.setattr("billing.posting.drain.send", send_and_die)
    with pytest.raises(Died):
        drain(connection_id=job.connection_id, gateway=gateway, clock=clock)
    monkeypatch.undo()

    for _ in range(400):
        clock.time += timedelta(minutes=20)
        drain(connection_id=job.connection_id, gateway=gateway, clock=clock)
        sweep(gateway_for=lambda _: gateway, clock=clock)

    counts = count_job(reversing)
    mine = v1.ledger()[before:]
    assert len({entry.description for entry in mine}) == len(mine) == counts.total
    assert counts.posted + counts.failed == counts.total
    assert set(reversing.postings.values_list("tries", flat=True)) == {1}

"""What differs from the ledger waits for a person: once, and as long as it lasts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing.models import PostingJob
from billing.operations import ledger_check_ends
from billing.operations.ledger_checks import check_ledger
from billing.posting.drain import drain
from billing.tests.paged_ledger import PagedLedger
from billing.tests.small_place import small_job
from integrations.models import ReviewItem, ReviewKind
from integrations.operations.review_items import resolve_review_item

pytestmark = pytest.mark.django_db


@pytest.fixture
def pms(clock) -> PagedLedger:
    return PagedLedger(clock)


@pytest.fixture
def check(settings, cast, now, pms, clock):
    """Post three charges, and give a function that reads the ledger back."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = small_job(cast, now)
    drain(connection_id=job.connection_id, gateway=pms, clock=clock)
    place = job.calculation.bill.property

    def once_more(**only):
        clock.advance(hours=24)
        return check_ledger(place=place, gateway=pms, by=None, clock=clock, **only)

    return once_more


def items() -> list[ReviewItem]:
    return list(ReviewItem.objects.filter(kind=ReviewKind.LEDGER, resolved_at=None))


def test_the_same_difference_stays_one_item(check, pms):
    gone = pms.rows().pop(0)
    check()
    check()

    (item,) = items()
    assert item.message.startswith("Missing in the PMS: MeterBase posted")
    assert "Unit 10" in item.label
    assert item.remote_id in gone.description
    assert item.last_found_at > item.found_at


def test_a_difference_that_is_gone_closes_its_item(check, pms):
    gone = pms.rows().pop(0)
    check()
    pms.rows().append(gone)
    check()

    assert items() == []
    assert "no longer finds it" in ReviewItem.objects.get().note


def test_what_a_person_decided_stays_decided_until_it_changes(check, pms, cast, clock):
    pms.rows()[0] = replace(pms.rows()[0], charge_id="chg_other")
    check()
    (item,) = items()
    resolve_review_item(item=item, note="Merged in the PMS.", by=cast.manager, now=clock())

    check()
    assert items() == []

    pms.rows()[0] = replace(pms.rows()[0], charge_id="chg_third")
    check()
    (again,) = items()
    assert "chg_third" in again.message


def test_what_differs_twice_about_a_charge_is_one_item(check, pms):
    pms.rows()[0] = replace(pms.rows()[0], lease_id="lease_other")
    pms.rows().append(replace(pms.rows()[0], charge_id="chg_again"))

    check()

    (item,) = items()
    assert "lease_other" in item.message
    assert "chg_again" in item.message


def test_a_lost_ledger_is_one_item_and_not_thousands(check, pms, monkeypatch):
    monkeypatch.setattr(ledger_check_ends, "MOST_ITEMS_OF_A_KIND", 2)
    pms.rows().clear()

    check()

    (item,) = items()
    assert "3 charges" in item.label


def test_other_charges_of_the_same_number_are_another_decision(
    check, pms, cast, clock, monkeypatch
):
    monkeypatch.setattr(ledger_check_ends, "MOST_ITEMS_OF_A_KIND", 1)
    first, _, third = pms.rows()
    pms.rows()[:] = [third]
    check()
    (item,) = items()
    resolve_review_item(item=item, note="Deleted there.", by=cast.manager, now=clock())
    check()
    assert items() == []

    pms.rows()[:] = [first]
    check()

    (again,) = items()
    assert "2 charges" in again.label


def test_a_check_of_one_job_leaves_the_items_alone(check, pms):
    pms.rows().pop(0)

    assert check(job=PostingJob.objects.get()).missing == 1
    assert items() == []

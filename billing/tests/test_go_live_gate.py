"""Nothing is sent to residents before the go-live checklist is ticked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_q.models import OrmQ

from billing.models import Calculation, GoLiveItem, GoLiveTick, PostingJob, PostingState
from billing.operations.calculations import WrongState
from billing.operations.failures import retry_posting
from billing.operations.go_live import tick_item, withdraw_tick
from billing.operations.posting_jobs import NotLiveYet, create_posting_job
from billing.operations.resends import ask_to_send_again, send_again
from billing.posting.drain import drain
from billing.posting.sweep import wake_workers
from billing.posting.tests.fake_pms import FakePms, fake_pms
from billing.tests.reversing import ORDER as REVERSAL_ORDER
from billing.tests.reversing import Story, second_accountant
from billing.tests.small_place import ORDER, gateway_to_nowhere, small_calculation
from portfolios.tests.pages import check_page, text_of, the


@pytest.fixture
def ready(settings, cast, now) -> Calculation:
    """Have charges to post with a live key, everything ticked."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    settings.PROPEXO_API_KEY = "px_live_somebody"
    calculation: Calculation = small_calculation(cast, now)
    return calculation


@pytest.fixture
def held(cast, now, ready: Calculation) -> Calculation:
    """Have one tick taken back."""
    tick = GoLiveTick.objects.get(item=GoLiveItem.CODES_VERIFIED)
    withdraw_tick(tick=tick, because="The chart was changed.", by=cast.accountant, now=now)
    return ready


def order(calculation: Calculation, cast, now, **changes) -> PostingJob:
    return create_posting_job(
        calculation=calculation,
        order=replace(ORDER, **changes),
        gateway=gateway_to_nowhere(),
        by=cast.accountant,
        now=now,
    )


def test_what_is_ticked_goes_out(cast, now, ready):
    assert order(ready, cast, now).postings.count() == 3


def test_an_open_item_keeps_charges_back_until_it_is_ticked(cast, now, held):
    with pytest.raises(NotLiveYet, match="The charge codes were checked") as refusal:
        order(held, cast, now)
    assert GoLiveItem.RESULTS_CHECKED.label not in str(refusal.value)
    assert not PostingJob.objects.exists()

    tick_item(
        connection=held.bill.property.link.connection,
        item=GoLiveItem.CODES_VERIFIED,
        note="Looked again.",
        by=cast.accountant,
        now=now,
    )
    assert order(held, cast, now).postings.count() == 3


def test_a_dry_run_needs_no_tick(cast, now, held):
    assert not order(held, cast, now, post_to_pms=False).post_to_pms


def test_a_test_key_needs_no_tick(cast, now, held, settings):
    settings.PROPEXO_API_KEY = "px_test_sandbox"
    assert order(held, cast, now).post_to_pms


def test_the_pages_name_each_open_item_with_its_link(cast, held, signed_in):
    client = signed_in(cast.accountant)
    checklist = reverse("billing:go-live", args=[held.bill.property.link.connection.pk])
    for page in ("billing:posting-create", "billing:calculation-detail"):
        notice = the(check_page(client.get(reverse(page, args=[held.pk]))), "#go-live")
        assert [link["href"] for link in notice.select("a")] == [f"{checklist}#item-codes_verified"]
        assert "Nothing is sent before these are ticked" in text_of(notice)
    assert the(check_page(client.get(checklist)), "#item-codes_verified")


def test_the_posting_page_offers_a_dry_run_and_refuses_more(cast, held, signed_in):
    client = signed_in(cast.accountant)
    url = reverse("billing:posting-create", args=[held.pk])
    page = check_page(client.get(url))
    assert "checked" in the(page, "input[name=dry_run]").attrs
    assert "Continue to the dry run" in text_of(page)

    sent = {"charge_date": "2026-04-01", "charge_code": "UTIL", "description": "Water"}
    for more in ({}, {"confirmed": "on"}):
        page = check_page(client.post(url, sent | more))
        assert "is not ticked off, so nothing is sent yet" in text_of(page)
    assert not PostingJob.objects.exists()


def test_a_test_side_says_that_the_list_does_not_hold_it_up(cast, held, signed_in, settings):
    settings.PROPEXO_API_KEY = "px_test_sandbox"
    page = check_page(
        signed_in(cast.accountant).get(reverse("billing:posting-create", args=[held.pk]))
    )
    assert "reaches no resident" in text_of(the(page, "#go-live"))
    assert "checked" not in the(page, "input[name=dry_run]").attrs


# --- What was ordered before a tick was taken back, or with another key ---------------------------


@pytest.fixture
def waiting(cast, now, ready) -> PostingJob:
    """Have charges ordered, and a tick taken back before a worker came to them."""
    job = order(ready, cast, now)
    take_back(cast, now)
    return job


def take_back(cast, now) -> None:
    tick = GoLiveTick.objects.get(item=GoLiveItem.CODES_VERIFIED)
    withdraw_tick(tick=tick, because="The chart was changed.", by=cast.accountant, now=now)


def send(job: PostingJob, clock) -> FakePms:
    pms: FakePms = fake_pms(clock)
    gateway: Any = pms
    drain(connection_id=job.connection_id, gateway=gateway, clock=clock)
    return pms


def test_workers_send_nothing_until_the_item_is_ticked_again(waiting, cast, clock):
    OrmQ.objects.all().delete()

    assert send(waiting, clock).sent == []
    wake_workers(now=clock())
    assert not OrmQ.objects.exists()

    tick_item(
        connection=waiting.connection,
        item=GoLiveItem.CODES_VERIFIED,
        note="Looked again.",
        by=cast.accountant,
        now=clock(),
    )
    wake_workers(now=clock())
    assert OrmQ.objects.exists()
    assert len(send(waiting, clock).sent) == 3


def test_the_ticks_are_asked_for_once_a_drain_and_never_on_a_test_side(
    waiting, clock, settings, django_assert_num_queries
):
    with django_assert_num_queries(1):
        send(waiting, clock)
    waiting.postings.update(state=PostingState.CANCELLED)
    settings.PROPEXO_API_KEY = "px_test_sandbox"
    with CaptureQueriesContext(connection) as asked:
        send(waiting, clock)
    assert not [each for each in asked if GoLiveTick._meta.db_table in each["sql"]]


@pytest.mark.parametrize("state", [PostingState.REJECTED, PostingState.REVIEW])
def test_what_failed_is_not_sent_again_before_the_item_is_ticked(waiting, cast, now, state):
    waiting.postings.update(state=state, error_code="PMS_REJECTED", error="No.")
    posting = waiting.postings.earliest("pk")
    if state == PostingState.REVIEW:
        ask_to_send_again(posting=posting, reason="Not there.", by=cast.manager, now=now)
    again = retry_posting if state == PostingState.REJECTED else send_again

    with pytest.raises(WrongState, match="The charge codes were checked"):
        again(posting=posting, by=cast.accountant, now=now)

    posting.refresh_from_db()
    assert posting.state == state


def test_a_reversal_waits_for_the_item_but_not_one_that_was_made_by_hand(ready, cast, clock):
    job = order(ready, cast, clock())
    story = Story(job, send(job, clock), cast, second_accountant(cast), clock)
    first, *others = story.charges()
    by_machine = story.ask([first])
    by_hand = story.ask(others, replace(REVERSAL_ORDER, pms_reference="Credit memo 4711"))
    take_back(cast, clock())

    with pytest.raises(NotLiveYet, match="The charge codes were checked"):
        story.approve(by_machine)
    story.approve(by_hand)

    assert not PostingJob.objects.filter(reverses=job).exists()
    assert job.postings.exclude(reversed_at=None).count() == len(others)


def test_what_waits_for_the_item_says_so_with_its_link(waiting, cast, signed_in):
    client = signed_in(cast.viewer)
    checklist = reverse("billing:go-live", args=[waiting.connection_id])
    posting = waiting.postings.earliest("pk")

    job_page = check_page(client.get(reverse("billing:job-detail", args=[waiting.public_id])))
    charge_page = check_page(client.get(reverse("billing:posting-detail", args=[posting.pk])))

    assert GoLiveItem.CODES_VERIFIED.label in text_of(job_page)
    assert job_page.find("a", href=checklist)
    assert "to be ticked off. Open: The charge codes were checked" in text_of(charge_page)
    assert charge_page.find("a", href=f"{checklist}#item-codes_verified")

"""People who retry, resolve and post the same charges at once: nobody is charged twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q

from billing.models import Posting, PostingJob, PostingState, ResolvedAs
from billing.operations import duplicate_guard, failures, posting_jobs
from billing.operations.calculations import WrongState
from billing.operations.failures import resolve_posting, retry_posting
from billing.operations.posting_jobs import DuplicatesFound, create_posting_job
from billing.operations.postings import cancel_refused
from billing.posting.tests.together import SECONDS, at_once, slowly
from billing.queries import MAY_BE_CHARGED
from billing.tests.small_place import ORDER, gateway_to_nowhere

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_database"),
]


@pytest.fixture
def refused(short_job) -> Posting:
    """Have every charge of a job refused, and give the first."""
    short_job.postings.update(state=PostingState.REJECTED, error_code="PMS_REJECTED", error="No.")
    return Posting.objects.earliest("pk")


@pytest.fixture
def post(short_job, cast, now) -> Callable[[], str]:
    """Give a function that posts the same charges under another code."""

    def confirm() -> str:
        try:
            create_posting_job(
                calculation=short_job.calculation,
                order=replace(ORDER, charge_code="RUBS"),
                gateway=gateway_to_nowhere(),
                by=cast.accountant,
                now=now,
            )
        except DuplicatesFound:
            return "asked"
        return "posted"

    return confirm


@pytest.fixture
def ledger_is_read(monkeypatch) -> Event:
    """Tell when a job's ledger was read: what follows is its transaction."""
    is_read, look = Event(), duplicate_guard.look_in_ledger

    def look_and_tell(**what: Any) -> Any:
        try:
            return look(**what)
        finally:
            is_read.set()

    monkeypatch.setattr(posting_jobs, "look_in_ledger", look_and_tell)
    return is_read


def after(event: Event, act: Callable[[], object]) -> Callable[[], str]:
    def wait_and_act() -> str:
        event.wait(timeout=SECONDS)
        try:
            act()
        except WrongState:
            return "refused"
        return "done"

    return wait_and_act


def most_live_of_a_charge() -> int:
    live = list(Posting.objects.filter(MAY_BE_CHARGED).values_list("charge", flat=True))
    return max(live.count(charge) for charge in live)


def test_a_retry_waits_for_a_job_that_posts_the_same_under_another_code(
    refused, post, cast, now, monkeypatch
):
    job_is_written = slowly(monkeypatch, posting_jobs, "record_event")

    def retry() -> None:
        retry_posting(posting=refused, by=cast.accountant, now=now)

    assert at_once(post, after(job_is_written, retry)) == ["posted", "refused"]
    assert most_live_of_a_charge() == 1


def test_a_job_waits_for_a_retry_of_the_same_charge(
    refused, post, cast, now, monkeypatch, ledger_is_read
):
    ledger_is_read.clear()
    retry_is_written = slowly(monkeypatch, failures, "record_event", until=ledger_is_read)

    def retry() -> str:
        retry_posting(posting=refused, by=cast.accountant, now=now)
        return "retried"

    results = at_once(retry, after(retry_is_written, post))

    assert (results, most_live_of_a_charge()) == (["retried", "done"], 1)
    assert PostingJob.objects.latest("pk").postings.count() == 2


def test_a_job_waits_for_a_charge_that_is_just_said_to_be_charged_by_hand(
    refused, post, cast, now, monkeypatch, ledger_is_read
):
    ledger_is_read.clear()
    end_is_written = slowly(monkeypatch, failures, "record_event", until=ledger_is_read)

    def resolve() -> str:
        resolve_posting(
            posting=refused,
            note="Typed in.",
            by=cast.accountant,
            now=now,
            resolved_as=ResolvedAs.BY_HAND,
            pms_reference="8812",
        )
        return "resolved"

    results = at_once(resolve, after(end_is_written, post))

    assert (results, most_live_of_a_charge()) == (["resolved", "done"], 1)
    assert PostingJob.objects.latest("pk").postings.count() == 2


def test_what_is_just_resolved_is_not_cancelled(refused, cast, now, monkeypatch):
    end_is_written = slowly(monkeypatch, failures, "record_event")

    def resolve() -> str:
        resolve_posting(posting=refused, note="Typed in.", by=cast.accountant, now=now)
        return "resolved"

    def cancel() -> None:
        with transaction.atomic():
            cancel_refused(Q(), by=cast.accountant, now=now, note="Replaced.")

    assert at_once(resolve, after(end_is_written, cancel)) == ["resolved", "done"]

    refused.refresh_from_db()
    assert (refused.state, refused.resolution) == (PostingState.REJECTED, "Typed in.")
    states = Posting.objects.exclude(pk=refused.pk).values_list("state", flat=True)
    assert set(states) == {PostingState.CANCELLED}

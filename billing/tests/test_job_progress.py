"""What a job says while nothing moves: who is missing, and what to do about it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.models import PostingState
from billing.queries import count_job
from billing.tests.small_place import small_job
from billing.views.progress import waiting_for
from integrations.beats import SWEEPER, monitor_of, worker_of
from integrations.clusters import POSTING
from integrations.models import Tick


@pytest.fixture
def job(settings, cast, now):
    settings.PROPEXO_API_KEY = "a key"
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return small_job(cast, now)


@pytest.fixture
def later(now):
    """Tell a time when even the most patient reader wonders."""
    return now + timedelta(minutes=5)


def said(job, now) -> str:
    found = waiting_for(job, count_job(job), now=now)
    return f"{found.title}. {found.body}" if found else ""


def seen(now, *names: str) -> None:
    for name in names:
        Tick.objects.update_or_create(name=name, defaults={"ticked_at": now})


def test_nobody_works(job, later):
    assert "No worker for charges is running" in said(job, later)


def test_the_cluster_is_deaf(job, later):
    seen(later, worker_of(POSTING))

    assert "No worker has picked this up" in said(job, later)
    assert "restart them" in said(job, later)


def test_everybody_is_busy(job, later):
    seen(later, worker_of(POSTING), monitor_of(POSTING))

    assert "waits for its turn" in said(job, later)


def test_the_workers_are_frozen_since_a_moment_before_it_was_due(job, now):
    seen(now - timedelta(seconds=5), worker_of(POSTING), monitor_of(POSTING))

    assert said(job, now + timedelta(seconds=60)) == ""
    said_then = said(job, now + timedelta(seconds=61))
    assert "No worker has picked this up" in said_then
    assert "have taken nothing up since" in said_then


def test_a_job_that_moves_says_nothing(job, now):
    assert said(job, now + timedelta(seconds=30)) == ""


def test_without_a_key_nothing_is_sent(job, later, settings):
    settings.PROPEXO_API_KEY = ""
    seen(later, worker_of(POSTING), monitor_of(POSTING))

    assert "PROPEXO_API_KEY" in said(job, later)


@pytest.mark.parametrize("state", [PostingState.ACCEPTED, PostingState.UNKNOWN])
def test_what_is_out_is_looked_up_at_a_time(job, later, state):
    job.postings.update(state=state, settle_at=later + timedelta(minutes=1), remote_job_id="j")

    assert "asks the PMS at 09:06:00" in said(job, later)


@pytest.mark.parametrize("name", [[], [SWEEPER], [worker_of(POSTING), monitor_of(POSTING)]])
def test_it_says_when_nobody_looks(job, now, later, name: list[str]):
    job.postings.update(state=PostingState.UNKNOWN, settle_at=now)
    seen(later, *name)

    assert bool(said(job, later)) == (not name)

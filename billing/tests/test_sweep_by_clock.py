"""The schedule sweeps when no loop does, and never for long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from billing import tasks
from billing.models import PostingState
from billing.posting.sweep import sweep
from billing.posting.tests.fake_pms import FakePms
from billing.tests.small_place import small_job
from integrations.beats import SWEEPER
from integrations.models import Tick

pytestmark = pytest.mark.django_db


@pytest.fixture
def swept(monkeypatch) -> list[str]:
    """Collect the sweeps instead of doing them."""
    done: list[str] = []
    monkeypatch.setattr(tasks, "sweep", lambda **_how: done.append("swept"))
    return done


def test_the_schedule_sweeps_when_no_loop_does(swept):
    Tick.objects.create(name=SWEEPER, ticked_at=timezone.now() - timedelta(minutes=5))

    tasks.sweep_by_clock()

    assert swept == ["swept"]


def test_the_schedule_leaves_it_to_the_loop(swept):
    Tick.objects.create(name=SWEEPER, ticked_at=timezone.now())

    tasks.sweep_by_clock()

    assert swept == []


def test_a_sweep_that_is_out_of_time_has_woken_the_workers_and_leaves_the_rest(
    settings, cast, clock
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = small_job(cast, clock())
    doubtful = list(job.postings.values_list("pk", flat=True))[1:]
    job.postings.filter(pk__in=doubtful).update(
        state=PostingState.UNKNOWN, settle_at=clock() - timedelta(seconds=1)
    )
    OrmQ.objects.all().delete()
    pms: Any = FakePms(clock)  # Any: it has what a sweep calls

    sweep(gateway_for=lambda _connection: pms, clock=clock, out_of_time=lambda: True)

    assert OrmQ.objects.exists()
    assert pms.looks == 0
    assert job.postings.filter(state=PostingState.UNKNOWN).count() == 2

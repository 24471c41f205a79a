"""Schedules are there once, with the values of this version."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_q.models import Schedule

from integrations.operations.schedules import Timed, declare_schedule

pytestmark = pytest.mark.django_db

TIMED = Timed("Something", "a.task", "posting", every=5, longest=90)


def test_a_schedule_is_declared_once_however_often(now):
    for _ in range(3):
        declare_schedule(TIMED, now=now)

    schedule = Schedule.objects.get()
    assert (schedule.func, schedule.cluster, schedule.minutes) == ("a.task", "posting", 5)
    assert schedule.kwargs == "q_options={'timeout': 90}"


def test_declaring_mends_a_schedule_and_keeps_its_time(now):
    declare_schedule(TIMED, now=now)
    Schedule.objects.update(minutes=30, func="somewhere.else", cluster=None)
    Schedule.objects.create(name=TIMED.name, func="a.second", next_run=now)

    declare_schedule(TIMED, now=now + timedelta(hours=1))

    schedule = Schedule.objects.get()
    assert (schedule.func, schedule.cluster, schedule.minutes, schedule.next_run) == (
        "a.task",
        "posting",
        5,
        now,
    )

"""Notices that get stuck are seen, and do not make the installation count as failing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from meterbase.health.findings import Level
from meterbase.health.mail import look_at_notices
from portfolios.models import Notice, NoticeKind, NoticeState


@pytest.mark.parametrize(
    ("changes", "ago", "level"),
    [
        ({}, 0, Level.OK),
        ({}, 9, Level.OK),
        ({}, 11, Level.WARNING),
        ({"state": NoticeState.FAILED, "outcome": "451 busy"}, -5, Level.WARNING),
        ({"state": NoticeState.GIVEN_UP, "outcome": "550"}, 60, Level.WARNING),
        ({"state": NoticeState.GIVEN_UP, "outcome": "550"}, 60 * 25, Level.OK),
        ({"state": NoticeState.NOT_WANTED, "outcome": "Chosen: never."}, 60, Level.OK),
    ],
)
def test_stuck_notices_are_seen(cast, now, changes, ago, level):
    moment = now - timedelta(minutes=ago)
    is_open = changes.get("state", NoticeState.QUEUED) in (NoticeState.QUEUED, NoticeState.FAILED)
    Notice.objects.create(
        kind=NoticeKind.SENT_BACK,
        subject="1",
        person=cast.manager,
        portfolio=cast.portfolio,
        about="Water",
        path="/",
        next_at=moment,
        created_at=now,
        finished_at=None if is_open else moment,
        **changes,
    )

    assert look_at_notices(now=now).level == level

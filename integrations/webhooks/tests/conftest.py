from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine
from django_q.models import OrmQ

from integrations.models import Connection, ConnectionStatus
from integrations.nudging import Nudge
from integrations.webhooks import nudge, receive
from integrations.webhooks.rejections import RejectionCounter
from integrations.webhooks.tests.deliveries import SECRET


@pytest.fixture(autouse=True)
def _own_door(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a secret, and let no test wait for what another has just counted."""
    settings.PROPEXO_WEBHOOK_SECRET = SECRET
    settings.PMS_EVENT_LISTENERS = ()
    monkeypatch.setattr(receive, "nudge", Nudge(nudge.queue_work))
    monkeypatch.setattr(receive, "rejections", RejectionCounter())


@pytest.fixture
def at_nine(now: datetime) -> Iterator[None]:
    """Stop the clock."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def wire(cast, now: datetime) -> Connection:
    """Connect the portfolio, without a PMS behind it."""
    return Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_001",
        pms="yardi_voyager",
        name="Northbank",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )


@pytest.fixture
def nudges(db: None) -> list[str]:
    """Give a list-like look at what was queued for the workers."""
    return _Queued()


class _Queued(list[str]):
    """The names of the queued tasks, read when they are looked at."""

    def __len__(self) -> int:
        return sum(row.func() == nudge.TASK for row in OrmQ.objects.all())

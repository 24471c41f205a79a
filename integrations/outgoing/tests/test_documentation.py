"""What docs/webhooks.md promises."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from django.conf import settings

from integrations.models import OutgoingKind
from integrations.operations.webhook_endpoints import OVERLAP, rotate_secret
from integrations.outgoing import queue_event
from integrations.outgoing.work import send_due_deliveries

TEXT = (Path(settings.BASE_DIR) / "docs" / "webhooks.md").read_text()


@pytest.fixture
def is_from_meterbase() -> Callable[..., bool]:
    """Take the sample from the page, and make it a function."""
    (sample,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    names: dict[str, Callable[..., bool]] = {}
    exec(compile(sample, "docs/webhooks.md", "exec"), names)  # noqa: S102 - our own page
    return names["is_from_meterbase"]


def test_the_sample_knows_what_is_from_meterbase(
    is_from_meterbase, cast, registered, receiver, clock
):
    new = rotate_secret(endpoint=registered.endpoint, by=cast.manager, now=clock())
    queue_event(
        kind=OutgoingKind.SYNC_COMPLETED, portfolio_id=cast.portfolio.pk, data={}, now=clock()
    )
    send_due_deliveries(clock=clock)
    (got,) = receiver.got
    header = got.headers["x-meterbase-signature"]

    with time_machine.travel(clock(), tick=False):
        assert is_from_meterbase(got.body, header, registered.secret)
        assert is_from_meterbase(got.body, header, new.secret)
        assert not is_from_meterbase(got.body + b" ", header, new.secret)
        assert not is_from_meterbase(got.body, header, "whsec_" + "A" * 44)
        for forged in ("", "t=,v1=", header.replace("t=", "t=1"), header.partition(",")[0]):
            assert not is_from_meterbase(got.body, forged, new.secret)
    with time_machine.travel(clock() + OVERLAP, tick=False):
        assert not is_from_meterbase(got.body, header, new.secret), "it is too old"


def test_every_event_is_described():
    table = TEXT.split("\n## Events\n")[1].split("```")[0]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([a-z_.]+)`", row.split("|")[1])}
    assert named == set(OutgoingKind.values)


def test_the_example_is_json_in_the_form_that_is_sent():
    (example,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert set(json.loads(example)) == {"id", "event", "created_at", "data"}

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from billing import pms_events
from billing.models import Posting, PostingState
from billing.pms_events import nudge_posting
from billing.tests.small_place import small_job
from integrations.webhooks.listeners import PmsEvent


@pytest.fixture
def nudged(monkeypatch) -> list[int]:
    found: list[int] = []
    monkeypatch.setattr(
        pms_events, "nudge_workers", lambda *, connection_id: found.append(connection_id)
    )
    return found


def test_billing_is_in_the_table_of_listeners():
    assert nudge_posting in [import_string(path) for path in settings.PMS_EVENT_LISTENERS]


@pytest.mark.parametrize(
    ("name", "record_kind"),
    [("WRITE_OPERATION_FAILURE", ""), ("JOB_FAILURE", ""), ("DATA_NEW", "charge")],
)
def test_an_event_of_a_charge_or_a_job_wakes_the_posting_engine(nudged, now, name, record_kind):
    nudge_posting(PmsEvent(name, 7, now, record_kind=record_kind))
    assert nudged == [7]


def test_an_event_of_a_charge_code_wakes_nobody(nudged, now):
    nudge_posting(PmsEvent("DATA_UPDATE", 7, now, record_kind="charge_code"))
    assert nudged == []


def test_the_failure_of_a_write_has_its_charge_looked_at_next(settings, cast, now, nudged):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    posting = small_job(cast, now).postings.order_by("pk")[0]
    later = now + timedelta(minutes=10)
    Posting.objects.filter(pk=posting.pk).update(
        state=PostingState.ACCEPTED, remote_job_id="job_77", settle_at=later
    )

    nudge_posting(
        PmsEvent("WRITE_OPERATION_FAILURE", posting.connection_id, now, root_job_id="job_77")
    )

    posting.refresh_from_db()
    assert posting.settle_at == now

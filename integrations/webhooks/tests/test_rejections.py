from __future__ import annotations

from datetime import timedelta

from django.db import OperationalError

from integrations.models import RejectionReason, WebhookRejection
from integrations.webhooks import rejections
from integrations.webhooks.rejections import RejectionCounter, count_rejections

WRONG = RejectionReason.WRONG_SIGNATURE
MISSING = RejectionReason.NO_SIGNATURE


def test_a_flood_costs_one_write_and_one_line_a_second(db, now, caplog, django_assert_num_queries):
    seconds = [100.0]
    counter = RejectionCounter(seconds=lambda: seconds[0])
    counter.add(WRONG, sender="192.0.2.1", now=now)
    with django_assert_num_queries(0):
        for _ in range(1_000):
            counter.add(WRONG, sender="192.0.2.1", now=now)
    assert WebhookRejection.objects.get().count == 1
    seconds[0] += 1
    counter.add(MISSING, sender="192.0.2.2", now=now)
    assert count_rejections(since=now) == {WRONG: 1_001, MISSING: 1}
    assert len(caplog.records) == 2
    assert "1000 × wrong signature, 1 × no signature" in caplog.text


def test_counts_are_kept_by_the_hour(db, now):
    seconds = iter(range(0, 100, 10))
    counter = RejectionCounter(seconds=lambda: next(seconds))
    counter.add(WRONG, sender="x", now=now)
    counter.add(WRONG, sender="x", now=now + timedelta(minutes=59))
    counter.add(WRONG, sender="x", now=now + timedelta(minutes=61))
    assert sorted(WebhookRejection.objects.values_list("count", flat=True)) == [1, 2]
    assert count_rejections(since=now + timedelta(hours=1)) == {WRONG: 1}
    assert count_rejections(since=now + timedelta(hours=3)) == {}


def test_counts_wait_for_a_database_that_is_busy(db, now, monkeypatch):
    def refuse(*_args, **_values):
        raise OperationalError("database is locked")

    seconds = [100.0]
    counter = RejectionCounter(seconds=lambda: seconds[0])
    with monkeypatch.context() as patched:
        patched.setattr(rejections, "_write", refuse)
        counter.add(WRONG, sender="x", now=now)
    seconds[0] += 1
    counter.add(WRONG, sender="x", now=now)
    assert WebhookRejection.objects.get().count == 2

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.models import ReviewItem, ReviewKind
from integrations.operations.review_items import AlreadyResolved, resolve_review_item
from portfolios.models import AuditEvent


@pytest.fixture
def item(cast, connection, now) -> ReviewItem:
    return ReviewItem.objects.create(
        portfolio=cast.portfolio,
        connection=connection,
        kind=ReviewKind.VANISHED,
        record_kind="unit",
        remote_id="unit_1",
        label="Unit 101",
        message="Unit 101 is gone.",
        found_at=now,
        last_found_at=now,
    )


def test_a_decision_closes_the_item_and_is_written_down(cast, item, now):
    resolve_review_item(item=item, note="Sold.", by=cast.manager, now=now)
    item.refresh_from_db()
    assert (item.resolved_at, item.resolved_by, item.note) == (now, cast.manager, "Sold.")
    event = AuditEvent.objects.get(verb="review_item.resolved")
    assert (event.actor, event.portfolio, event.note) == (cast.manager, cast.portfolio, "Sold.")
    assert event.subject_id == str(item.pk)


def test_the_first_decision_stays(cast, item, now):
    resolve_review_item(item=item, note="Sold.", by=cast.manager, now=now)
    later = now + timedelta(hours=1)
    with pytest.raises(AlreadyResolved, match=r"Manager resolved “Unit 101” before: Sold\."):
        resolve_review_item(item=item, note="Kept.", by=cast.accountant, now=later)
    item.refresh_from_db()
    assert (item.note, item.resolved_at) == ("Sold.", now)
    assert AuditEvent.objects.filter(verb="review_item.resolved").count() == 1


def test_what_a_sync_closed_is_said_to_be_closed_by_a_sync(cast, item, now):
    ReviewItem.objects.update(resolved_at=now, note="No longer found by the sync.")
    with pytest.raises(AlreadyResolved, match="A sync resolved “Unit 101” before"):
        resolve_review_item(item=item, note="Sold.", by=cast.manager, now=now)

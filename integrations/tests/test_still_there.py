from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from integrations.models import Connection, ConnectionStatus, ReviewItem
from integrations.operations.review_items import AlreadyResolved, resolve_review_item
from integrations.operations.still_there import NotListed, find_listed, keep_as_still_there
from integrations.pms.records import PmsLease, PmsUnit
from integrations.sync import reader
from integrations.sync.flags import store_flags
from integrations.sync.tests.running import add_house, sync
from integrations.tests.fake_gateway import FakeGateway, make_lease, make_unit
from portfolios.models import AuditEvent, Lease, Property, Unit
from portfolios.tests.pages import check_page, text_of

SEEN = datetime(2026, 4, 1, 3, 0, tzinfo=UTC)
LONG_AGO = SEEN - timedelta(days=31)
LIST = reverse("integrations:review-item-list")


@pytest.fixture
def house(cast, now) -> Property:
    connection = Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_001",
        pms="yardi_voyager",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )
    return add_house(connection, "prop_x", cast, now)


def units(*, stale: datetime | None = LONG_AGO) -> list[PmsUnit]:
    return [make_unit("unit_1", last_seen=SEEN), make_unit("unit_2", last_seen=stale)]


def leases(*, stale: datetime | None = LONG_AGO) -> list[PmsLease]:
    return [
        make_lease("lease_1", last_seen=SEEN),
        make_lease("lease_2", unit_id="unit_1", last_seen=stale),
    ]


def the_item() -> ReviewItem:
    return ReviewItem.objects.filter(resolved_at=None, kind="vanished").get()


def gone() -> list[str]:
    return [
        *Unit.objects.exclude(missing_since=None).values_list("propexo_unit_id", flat=True),
        *Lease.objects.exclude(missing_since=None).values_list("propexo_lease_id", flat=True),
    ]


@pytest.fixture
def item(house, clock) -> ReviewItem:
    sync(house, FakeGateway(units=units()), clock())
    assert gone() == ["unit_2"]
    clock.advance(hours=1)
    return the_item()


def keep(cast, item: ReviewItem, at: datetime) -> None:
    keep_as_still_there(item=item, note="Rang the bell.", by=cast.manager, now=at)


def test_it_does_not_count_as_gone_any_more_and_both_acts_are_written_down(cast, item, clock):
    since = Unit.objects.get(propexo_unit_id="unit_2").missing_since
    keep(cast, item, clock())
    item.refresh_from_db()
    assert gone() == []
    assert (item.resolved_by, item.resolved_at, item.note, item.still_there_seen_at) == (
        cast.manager,
        clock(),
        "Rang the bell.",
        LONG_AGO,
    )
    event = AuditEvent.objects.get(verb="unit.still_there")
    assert (event.actor, event.note, event.subject_type) == (
        cast.manager,
        "Rang the bell.",
        "portfolios.unit",
    )
    assert since is not None
    assert event.before == {"missing_since": since.isoformat()}
    assert event.after == {"missing_since": None, "last_shown_to_propexo": LONG_AGO.isoformat()}
    assert AuditEvent.objects.filter(verb="review_item.resolved").count() == 1


def test_it_holds_as_long_as_the_pms_shows_nothing_newer(cast, house, item, clock):
    keep(cast, item, clock())
    for updated_since in (None, clock(), None):
        clock.advance(days=1)
        sync(house, FakeGateway(units=units()), clock(), updated_since=updated_since)
        assert gone() == []
    assert not ReviewItem.objects.filter(resolved_at=None).exists()


def test_a_later_sight_that_is_old_in_its_turn_is_asked_about_anew(cast, house, item, clock):
    keep(cast, item, clock())
    clock.advance(days=60)
    much_later = SEEN + timedelta(days=60)
    rows = [
        make_unit("unit_1", last_seen=much_later),
        make_unit("unit_2", last_seen=LONG_AGO + timedelta(seconds=1)),
    ]
    sync(house, FakeGateway(units=rows), clock())
    assert gone() == ["unit_2"]
    assert the_item().pk != item.pk


def test_what_is_not_listed_at_all_later_is_gone_after_all(cast, house, item, clock):
    keep(cast, item, clock())
    clock.advance(days=1)
    sync(house, FakeGateway(units=units()[:1]), clock())
    assert gone() == ["unit_2"]
    assert "is no longer shown by the PMS" in the_item().message


def test_a_lease_is_kept_in_the_same_way(cast, house, clock):
    gateway = FakeGateway(units=[make_unit("unit_1", last_seen=SEEN)], leases=leases())
    sync(house, gateway, clock())
    assert gone() == ["lease_2"]
    item = the_item()
    clock.advance(hours=1)
    keep(cast, item, clock())
    clock.advance(hours=1)
    sync(house, gateway, clock())
    assert gone() == []
    assert AuditEvent.objects.filter(verb="lease.still_there").count() == 1


def test_plain_resolving_leaves_it_missing(cast, house, item, clock):
    resolve_review_item(item=item, note="Sold.", by=cast.manager, now=clock())
    clock.advance(hours=1)
    sync(house, FakeGateway(units=units()), clock())
    item.refresh_from_db()
    assert (gone(), item.still_there_seen_at) == (["unit_2"], None)


def test_what_a_sync_read_just_before_does_not_make_it_missing_again(
    cast, house, item, clock, monkeypatch
):
    def keep_then_store_flags(**found: Any) -> int:
        if gone():
            keep(cast, item, clock())
        return store_flags(**found)

    monkeypatch.setattr(reader, "store_flags", keep_then_store_flags)
    rows = [units()[0], make_unit("unit_2", last_seen=LONG_AGO, square_feet=901)]
    sync(house, FakeGateway(units=rows), clock())
    assert (Unit.objects.get(propexo_unit_id="unit_2").sqft, gone()) == (901, [])


def unlist(house: Property, clock) -> ReviewItem:
    """Let a unit leave the list, as every record that is gone does under the unified contract."""
    sync(house, FakeGateway(units=[make_unit("unit_1"), make_unit("unit_2")]), clock())
    clock.advance(hours=1)
    sync(house, FakeGateway(units=[make_unit("unit_1")]), clock())
    return the_item()


def test_what_is_not_listed_cannot_be_kept(cast, house, clock):
    item = unlist(house, clock)
    assert find_listed([item]) == frozenset()
    with pytest.raises(NotListed, match="did not find it in Propexo's list at all"):
        keep(cast, item, clock())
    item.refresh_from_db()
    assert (gone(), item.resolved_at) == (["unit_2"], None)
    assert not AuditEvent.objects.filter(verb="review_item.resolved").exists()


def test_what_left_the_list_after_its_sight_grew_old_cannot_be_kept(cast, house, item, clock):
    assert find_listed([item]) == {item.pk}
    sync(house, FakeGateway(units=units()[:1]), clock())
    assert find_listed([item]) == frozenset()
    with pytest.raises(NotListed):
        keep(cast, item, clock())


def test_the_first_decision_stays(cast, item, clock):
    resolve_review_item(item=item, note="Sold.", by=cast.accountant, now=clock())
    with pytest.raises(AlreadyResolved, match="before: Sold"):
        keep(cast, item, clock())
    assert gone() == ["unit_2"]


@pytest.mark.parametrize(
    "changes", [{"resolved_by": None}, {"resolved_at": None}, {"kind": "ledger"}]
)
def test_only_a_person_can_say_so_of_what_vanished(cast, item, clock, changes):
    keep(cast, item, clock())
    refused = pytest.raises(IntegrityError, match="review_item_still_there_by_person")
    with refused, transaction.atomic():
        ReviewItem.objects.filter(pk=item.pk).update(**changes)


def url(item: ReviewItem) -> str:
    return reverse("integrations:review-item-still-there", args=[item.pk])


def test_a_manager_says_so_on_the_page_and_says_why(cast, item, signed_in):
    client = signed_in(cast.manager)
    page = check_page(client.get(LIST))
    assert len(page.select(f'form[action^="{url(item)}"]')) == 1
    answer = check_page(client.post(url(item), {"note": " "}))
    assert "Write what was decided" in text_of(answer)
    assert gone() == ["unit_2"]
    response = client.post(url(item), {"note": "Rang the bell."}, follow=True)
    assert "counts as still there" in text_of(check_page(response))
    assert gone() == []
    resolved = text_of(check_page(client.get(LIST, {"show": "resolved"})))
    assert "as still there, though the PMS last showed it on 1 Mar 2026" in resolved


@pytest.mark.parametrize(
    ("who", "status"), [("accountant", 403), ("viewer", 403), ("stranger", 404)]
)
def test_nobody_else_can_say_so(cast, item, signed_in, who, status):
    client = signed_in(getattr(cast, who))
    assert check_page(client.get(LIST)).select('form[action*="still-there"]') == []
    assert client.post(url(item), {"note": "x"}).status_code == status
    assert gone() == ["unit_2"]


def test_the_page_says_why_it_is_not_offered(cast, house, clock, signed_in):
    item = unlist(house, clock)
    client = signed_in(cast.manager)
    page = check_page(client.get(LIST))
    assert page.select('form[action*="still-there"]') == []
    assert "did not find it in Propexo's list at all" in text_of(page)
    response = client.post(url(item), {"note": "x"}, follow=True)
    assert text_of(check_page(response)).count("did not find it in Propexo's list at all") == 2
    item.refresh_from_db()
    assert item.resolved_at is None

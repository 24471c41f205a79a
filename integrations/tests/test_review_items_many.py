from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.models import Connection, ConnectionStatus, ReviewItem, ReviewKind
from integrations.operations.review_items import resolve_review_item, resolve_review_items
from integrations.views import review_decisions
from portfolios.models import AuditEvent, Membership, Portfolio, Property, Role
from portfolios.tests.pages import check_page, text_of

LIST = reverse("integrations:review-item-list")
MANY = reverse("integrations:review-item-resolve-many")
ODD = ReviewKind.ODD_VALUE


@pytest.fixture
def wire(cast, now) -> Connection:
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
def house(cast, now) -> Property:
    return add_house(cast.portfolio, "Maplewood", now)


@pytest.fixture
def other(cast, now) -> Property:
    return add_house(cast.portfolio, "Oakridge", now)


def add_house(portfolio: Portfolio, name: str, now) -> Property:
    return Property.objects.create(
        portfolio=portfolio, propexo_property_id=f"prop_{name}", name=name, created_at=now
    )


def add_items(
    house: Property, wire: Connection, count: int, kind: ReviewKind = ODD, message: str = "Odd."
) -> list[ReviewItem]:
    return ReviewItem.objects.bulk_create(
        ReviewItem(
            portfolio=house.portfolio,
            connection=wire,
            property=house,
            kind=kind,
            record_kind="unit",
            remote_id=f"{house.name} {kind} {number}",
            label=f"Unit {number}",
            message=message,
            found_at=house.created_at,
            last_found_at=house.created_at,
        )
        for number in range(count)
    )


def ids(items: list[ReviewItem]) -> str:
    return ",".join(str(item.pk) for item in items)


def still_open() -> int:
    return ReviewItem.objects.filter(resolved_at=None).count()


def test_many_are_closed_with_one_note_and_an_event_each(cast, house, wire, now):
    items = add_items(house, wire, 3)
    resolve_review_item(item=items[0], note="First.", by=cast.manager, now=now)
    keys = [item.pk for item in items]
    assert resolve_review_items(items=keys, note="Measured.", by=cast.manager, now=now) == 2
    notes = ReviewItem.objects.order_by("pk").values_list("note", "resolved_by")
    assert list(notes) == [
        ("First.", cast.manager.pk),
        ("Measured.", cast.manager.pk),
        ("Measured.", cast.manager.pk),
    ]
    events = AuditEvent.objects.filter(verb="review_item.resolved", note="Measured.")
    assert set(events.values_list("subject_id", "portfolio")) == {
        (str(item.pk), cast.portfolio.pk) for item in items[1:]
    }


def test_hundreds_are_closed_with_few_statements(
    cast, house, wire, now, django_assert_max_num_queries
):
    keys = [item.pk for item in add_items(house, wire, 600)]
    with django_assert_max_num_queries(24):
        assert resolve_review_items(items=keys, note="x", by=cast.manager, now=now) == 600
    assert AuditEvent.objects.filter(verb="review_item.resolved").count() == 600


def test_the_list_is_narrowed_by_kind_property_and_words(cast, house, other, wire, signed_in):
    add_items(house, wire, 3)
    add_items(house, wire, 2, ReviewKind.UNREADABLE, message="No move-out.")
    add_items(other, wire, 1)
    client = signed_in(cast.viewer)
    page = check_page(client.get(LIST))
    assert [text_of(option) for option in page.select("#filter-kind option")] == [
        "All kinds",
        "Odd value (4)",
        "Could not be read (2)",
    ]
    assert [text_of(option) for option in page.select("#filter-property option")] == [
        "All properties",
        "Maplewood (5)",
        "Oakridge (1)",
    ]
    for query, count in (
        ({"kind": "odd_value"}, 4),
        ({"kind": "odd_value", "property": house.pk}, 3),
        ({"q": "move-out"}, 2),
        ({"kind": "nonsense", "property": "x"}, 6),
        ({"property": "9" * 30}, 6),
        ({"property": house.pk + other.pk + 1}, 0),
    ):
        page = check_page(client.get(LIST, query))
        assert len(page.select("article")) == count
        assert text_of(page.select(".quick-filters a")[0]) == f"Open {count}"


def test_the_next_page_is_narrowed_in_the_same_way(cast, house, other, wire, signed_in):
    add_items(house, wire, 51)
    add_items(other, wire, 1)
    page = check_page(signed_in(cast.manager).get(LIST, {"property": house.pk}))
    (following,) = page.select("a[rel=next]")
    assert f"property={house.pk}" in following["href"]
    assert "1–50 of 51 items" in text_of(page)


def test_the_list_needs_few_queries(
    cast, house, other, wire, signed_in, django_assert_max_num_queries
):
    add_items(house, wire, 60, ReviewKind.VANISHED)
    add_items(other, wire, 60)
    client = signed_in(cast.manager)
    with django_assert_max_num_queries(14):
        client.get(LIST, {"kind": "vanished"})


def test_ticked_items_are_shown_before_they_are_resolved(cast, house, other, wire, signed_in):
    items = [*add_items(house, wire, 3), *add_items(other, wire, 1)]
    client = signed_in(cast.manager)
    page = check_page(client.get(LIST, {"q": "Unit"}))
    assert len(page.select('input[name="item"][form="many"]')) == 4
    assert page.select('form#many input[name="q"]')[0]["value"] == "Unit"
    asked = {"item": [items[0].pk, items[1].pk, items[3].pk], "q": "Unit"}
    page = check_page(client.get(MANY, asked))
    words = text_of(page)
    assert "Resolve 3 review items?" in words
    assert "Maplewood Odd value: 2 Oakridge Odd value: 1" in words
    shown = page.select('input[name="items_shown"]')[0]["value"]
    assert still_open() == 4
    response = client.post(
        f"{MANY}?q=Unit", {"items_shown": shown, "note": "Measured."}, follow=True
    )
    assert response.redirect_chain == [(f"{LIST}?q=Unit", 302)]
    assert "3 items are resolved." in text_of(check_page(response))
    assert list(ReviewItem.objects.filter(resolved_at=None)) == [items[2]]


def test_all_of_a_kind_and_property_are_resolved_and_no_others(cast, house, other, wire, signed_in):
    chosen = add_items(house, wire, 60)
    add_items(house, wire, 1, ReviewKind.UNREADABLE)
    add_items(other, wire, 1)
    client = signed_in(cast.manager)
    page = check_page(client.get(LIST, {"kind": "odd_value", "property": house.pk}))
    (link,) = [a for a in page.select("#many a") if "Resolve all" in text_of(a)]
    assert text_of(link) == "Resolve all 60 of this kind and property"
    page = check_page(client.get(link["href"]))
    assert "Resolve 60 review items?" in text_of(page)
    shown = page.select('input[name="items_shown"]')[0]["value"]
    assert shown == ids(chosen)
    # What is found after the question was asked is not part of the answer.
    (late,) = add_items(add_house(house.portfolio, "Late", house.created_at), wire, 1)
    ReviewItem.objects.filter(pk=late.pk).update(property=house)
    response = client.post(link["href"], {"items_shown": shown, "note": "Measured."})
    assert response["Location"] == f"{LIST}?kind=odd_value&property={house.pk}"
    assert still_open() == 3
    assert late in ReviewItem.objects.filter(resolved_at=None)


def test_all_are_offered_of_one_kind_only(cast, house, wire, signed_in):
    add_items(house, wire, 2)
    add_items(house, wire, 2, ReviewKind.UNREADABLE)
    client = signed_in(cast.manager)
    assert "Resolve all" not in text_of(check_page(client.get(LIST, {"property": house.pk})))
    response = client.get(MANY, {"all": "1", "property": house.pk}, follow=True)
    assert "Tick at least one item" in text_of(check_page(response))


def test_what_may_still_be_there_is_pointed_out(cast, house, wire, signed_in):
    add_items(house, wire, 2, ReviewKind.VANISHED)
    add_items(house, wire, 1)
    items = ",".join(str(item.pk) for item in ReviewItem.objects.all())
    client = signed_in(cast.manager)
    words = text_of(check_page(client.get(MANY, {"item": items.split(",")})))
    assert "2 of them are about what the PMS no longer shows." in words
    odd = ReviewItem.objects.get(kind=ODD)
    assert "no longer shows" not in text_of(check_page(client.get(MANY, {"item": odd.pk})))


@pytest.mark.parametrize("note", ["", "  ", "x" * 2001])
def test_a_note_is_asked_for_and_nothing_half_done(cast, house, wire, signed_in, note):
    items = add_items(house, wire, 2)
    page = check_page(signed_in(cast.manager).post(MANY, {"items_shown": ids(items), "note": note}))
    assert page.select('input[name="items_shown"]')[0]["value"] == ids(items)
    sentence = "at most 2,000 characters" if note.strip() else "Write what was decided"
    assert sentence in text_of(page)
    assert still_open() == 2


@pytest.mark.parametrize("shown", ["", "x", "1,", "1;2", "1" * 30])
def test_what_are_no_items_is_answered_by_a_sentence(cast, house, wire, signed_in, shown):
    add_items(house, wire, 1)
    client = signed_in(cast.manager)
    response = client.post(MANY, {"items_shown": shown, "note": "x"}, follow=True)
    assert "Tick at least one item" in text_of(check_page(response))
    assert still_open() == 1


def test_what_was_resolved_meanwhile_keeps_its_decision(cast, house, wire, signed_in, now):
    items = add_items(house, wire, 2)
    resolve_review_item(item=items[0], note="First.", by=cast.accountant, now=now)
    client = signed_in(cast.manager)
    response = client.post(MANY, {"items_shown": ids(items), "note": "x"}, follow=True)
    words = text_of(check_page(response))
    assert "1 item is resolved. 1 had been resolved before" in words
    assert ReviewItem.objects.get(pk=items[0].pk).note == "First."


@pytest.mark.parametrize("who", ["accountant", "viewer", "stranger"])
def test_others_can_neither_tick_nor_resolve(cast, house, wire, signed_in, who):
    items = add_items(house, wire, 2)
    client = signed_in(getattr(cast, who))
    page = check_page(client.get(LIST, {"kind": "odd_value"}))
    assert page.select("#many, input[name=item]") == []
    for response in (
        client.get(MANY, {"item": items[0].pk}),
        client.get(MANY, {"all": "1", "kind": "odd_value"}),
        client.post(MANY, {"items_shown": ids(items), "note": "x"}),
    ):
        assert response.status_code == 302
    assert still_open() == 2


def test_a_managers_act_leaves_other_portfolios_alone(cast, house, wire, signed_in, now):
    elsewhere = Portfolio.objects.create(name="Hillside", created_at=now)
    Membership.objects.create(portfolio=elsewhere, user=cast.manager, role=Role.VIEWER)
    theirs = add_items(add_house(elsewhere, "Pinehurst", now), wire, 2)
    mine = add_items(house, wire, 2)
    client = signed_in(cast.manager)
    page = check_page(client.get(LIST, {"kind": "odd_value"}))
    assert "Resolve all 2 of this kind" in text_of(page)
    client.post(MANY, {"items_shown": ids([*mine, *theirs]), "note": "x"})
    assert set(ReviewItem.objects.filter(resolved_at=None)) == set(theirs)


def test_more_than_can_be_resolved_at_once_come_in_turn(cast, house, wire, signed_in, monkeypatch):
    monkeypatch.setattr(review_decisions, "MOST_AT_ONCE", 3)
    client = signed_in(cast.manager)
    add_items(house, wire, 3)
    asked = {"all": "1", "kind": "odd_value"}
    assert "the rest can be" not in text_of(check_page(client.get(MANY, asked)))
    add_items(house, wire, 1, ReviewKind.UNREADABLE)
    ReviewItem.objects.filter(kind=ReviewKind.UNREADABLE).update(kind=ODD)
    words = text_of(check_page(client.get(MANY, asked)))
    assert "Resolve 3 review items?" in words
    assert "These are the first 3; the rest can be resolved after them." in words

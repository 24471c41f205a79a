from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.models import Connection, ConnectionStatus, ReviewItem, ReviewKind
from portfolios.models import Property, Unit
from portfolios.tests.pages import check_page, text_of

LIST = reverse("integrations:review-item-list")


@pytest.fixture
def house(cast, now) -> Property:
    return Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="prop_x", name="Maplewood", created_at=now
    )


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
def item(house, wire) -> ReviewItem:
    return add_item(house, wire)


def add_item(house: Property, wire: Connection, number: int = 1, **values: object) -> ReviewItem:
    return ReviewItem.objects.create(
        portfolio=house.portfolio,
        connection=wire,
        property=house,
        record_kind="unit",
        remote_id=f"unit_{number}",
        found_at=house.created_at,
        last_found_at=house.created_at,
        **{
            "kind": ReviewKind.UNREADABLE,
            "label": f"Unit {number}",
            "message": "Its area is “many”.",
            "raw": '{"sqft": "many"}',
            **values,
        },
    )


def resolve_url(item: ReviewItem) -> str:
    return reverse("integrations:review-item-resolve", args=[item.pk])


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer"])
def test_open_items_are_listed_with_what_is_known(cast, item, signed_in, who):
    page = check_page(signed_in(getattr(cast, who)).get(LIST))
    words = text_of(page.select("article")[0])
    for expected in ("Unit 1", "Could not be read", "Maplewood", "Its area is “many”."):
        assert expected in words
    assert [text_of(tab) for tab in page.select(".quick-filters a")] == ["Open 1", "Resolved 0"]
    forms = page.select(f'form[action="{resolve_url(item)}"]')
    assert len(forms) == (1 if who == "manager" else 0)
    assert ("Only a property manager of Lakeside can resolve this." in words) is (not forms)


def test_the_raw_text_is_for_staff_only(cast, item, signed_in):
    raw = "As the PMS sent it"
    assert raw not in text_of(check_page(signed_in(cast.manager).get(LIST)))
    cast.manager.is_staff = True
    cast.manager.save()
    page = check_page(signed_in(cast.manager).get(LIST))
    assert '{"sqft": "many"}' in text_of(page.select("article details")[0])


def test_a_stranger_sees_nothing(cast, item, signed_in):
    page = check_page(signed_in(cast.stranger).get(LIST))
    assert page.select("article") == []
    assert "Nothing waits for a decision" in text_of(page)
    assert signed_in(cast.stranger).post(resolve_url(item), {"note": "x"}).status_code == 404


def test_an_item_without_a_property_names_its_connection(cast, item, signed_in):
    ReviewItem.objects.update(property=None)
    page = check_page(signed_in(cast.viewer).get(LIST))
    assert "Northbank" in text_of(page.select("article")[0])


@pytest.mark.parametrize("record_kind", ["unit", "unit_area"])
def test_an_item_about_a_unit_that_is_stored_leads_to_it(
    cast, item, house, signed_in, now, record_kind
):
    ReviewItem.objects.update(record_kind=record_kind)
    client = signed_in(cast.viewer)
    assert "Open the unit" not in text_of(check_page(client.get(LIST)))
    unit = Unit.objects.create(
        property=house, propexo_unit_id="unit_1", unit_number="1", first_seen_at=now
    )
    page = check_page(client.get(LIST))
    assert page.select(f'a[href="{reverse("portfolios:unit-edit", args=[unit.pk])}"]')


def test_a_manager_resolves_an_item_with_a_note(cast, item, signed_in):
    client = signed_in(cast.manager)
    response = client.post(resolve_url(item), {"note": "Measured again."}, follow=True)
    assert "“Unit 1” is resolved." in text_of(check_page(response))
    item.refresh_from_db()
    assert (item.resolved_by, item.note) == (cast.manager, "Measured again.")
    assert check_page(client.get(LIST)).select("article") == []
    page = check_page(client.get(LIST, {"show": "resolved"}))
    assert "by Manager : Measured again." in text_of(page.select("article")[0]).replace(
        "Manager:", "Manager :"
    )
    assert page.select("article form") == []


@pytest.mark.parametrize(
    ("note", "sentence"),
    [("", "Write what was decided"), ("  ", "Write what was decided"), ("x" * 2001, "2,000")],
)
def test_a_note_is_asked_for(cast, item, signed_in, note, sentence):
    page = check_page(signed_in(cast.manager).post(resolve_url(item), {"note": note}))
    assert sentence in text_of(page)
    assert "Its area is “many”." in text_of(page)
    item.refresh_from_db()
    assert item.resolved_at is None


def test_an_item_that_was_resolved_meanwhile_says_by_whom(cast, item, signed_in):
    client = signed_in(cast.manager)
    client.post(resolve_url(item), {"note": "First."})
    response = client.post(resolve_url(item), {"note": "Second."}, follow=True)
    assert "Manager resolved “Unit 1” before: First." in text_of(check_page(response))
    item.refresh_from_db()
    assert item.note == "First."


@pytest.mark.parametrize("who", ["accountant", "viewer"])
def test_others_cannot_resolve(cast, item, signed_in, who):
    assert signed_in(getattr(cast, who)).post(resolve_url(item), {"note": "x"}).status_code == 403
    item.refresh_from_db()
    assert item.resolved_at is None


def test_many_items_are_shown_in_pages_with_few_queries(
    cast, house, wire, signed_in, django_assert_max_num_queries
):
    for number in range(51):
        add_item(house, wire, number)
    client = signed_in(cast.manager)
    with django_assert_max_num_queries(10):
        response = client.get(LIST)
    assert "1–50 of 51 items" in text_of(check_page(response))

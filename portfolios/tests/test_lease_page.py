"""The leases of a property on a time line."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from django.urls import reverse

from portfolios.models import LeaseStatus, Property, Unit
from portfolios.tests.pages import check_page, text_of, the
from portfolios.tests.test_property_page import add_lease, add_unit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def house(cast, now) -> Property:
    return Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="prop_a", name="Maplewood", created_at=now
    )


@pytest.fixture
def flat(house) -> Unit:
    unit = add_unit(house, "101")
    add_lease(unit, "lease_1", resident_name="Zoë Kim")
    return unit


def url_of(place) -> str:
    return reverse("portfolios:property-leases", args=[place.pk])


@pytest.mark.usefixtures("flat")
def test_it_draws_a_lease_and_says_it_in_words(cast, house, signed_in):
    page = check_page(signed_in(cast.viewer).get(url_of(house)))

    words = "Zoë Kim, 1 Jan 2026 to open, active"
    assert [title.string for title in page.select("svg rect title")] == [words]
    assert words in text_of(the(page, "tbody td:last-child"))


@pytest.mark.parametrize(("show", "shown"), [("", 4), ("ending", 1), ("unlet", 1), ("overlap", 1)])
def test_it_finds_the_leases_that_need_a_look(cast, house, flat, signed_in, show, shown):
    add_lease(add_unit(house, "102"), "lease_2", end_date=date(2026, 4, 30))
    add_lease(add_unit(house, "103"), "lease_3", status=LeaseStatus.PAST, end_date=date(2026, 3, 1))
    twice = add_unit(house, "104")
    add_lease(twice, "lease_4")
    add_lease(twice, "lease_5", start_date=date(2026, 3, 1))

    page = check_page(signed_in(cast.manager).get(url_of(house), {"show": show}))

    assert len(page.select("tbody tr")) == shown


@pytest.mark.usefixtures("flat")
def test_the_months_can_be_moved(cast, house, signed_in):
    client = signed_in(cast.viewer)
    page = check_page(client.get(url_of(house), {"from": "2020-01"}))
    assert page.select("svg rect") == []
    assert "1 in other months" in text_of(page)
    assert page.find("a", string="Around today")

    for nonsense in ("2020-13", "x", "9999-01", "٢٠٢٠-٠١"):
        check_page(client.get(url_of(house), {"from": nonsense}))
    first_and_last = [
        check_page(client.get(url_of(house), {"from": m})) for m in ("2000-01", "2099-12")
    ]
    for edge in first_and_last:
        for link in edge.select("nav.pager a:not([href*='format='])"):
            check_page(client.get(url_of(house) + str(link["href"])))


def test_an_empty_property_says_what_to_do_first(cast, house, signed_in):
    page = check_page(signed_in(cast.manager).get(url_of(house)))

    assert page.find("a", href=reverse("integrations:property-sync", args=[house.pk]))


def test_strangers_see_nothing(cast, house, signed_in):
    assert signed_in(cast.stranger).get(url_of(house)).status_code == 404


def test_more_units_take_no_more_queries(
    cast,
    house,
    signed_in,
    django_assert_num_queries,
):
    client = signed_in(cast.viewer)
    for number in range(3):
        add_lease(add_unit(house, str(number)), f"lease_{number}")
    with django_assert_num_queries(7) as few:
        client.get(url_of(house))
    for number in range(3, 60):
        add_lease(add_unit(house, str(number)), f"lease_{number}")
    with django_assert_num_queries(len(few)):
        client.get(url_of(house))

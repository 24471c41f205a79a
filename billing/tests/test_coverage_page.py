from __future__ import annotations

from datetime import datetime

import pytest
from django.urls import reverse

from billing.models import Method, Utility, VacancyPolicy
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from billing.rubs.methods import METHODS
from billing.views.coverage import _ELSEWHERE, _FIELDS
from conftest import Cast
from portfolios.models import Property
from portfolios.tests.pages import check_page, text_of
from portfolios.tests.small_house import add_unit, make_house


@pytest.fixture
def house(cast: Cast) -> Property:
    house = make_house(cast)
    add_unit(house, "101", sqft=800, bedrooms=2, bathrooms=1, occupant_count=2)
    add_unit(house, "102", sqft=900, bedrooms=1)
    add_unit(house, "103", occupied=False)
    add_unit(house, "104", billable=False)
    return house


def url_of(house: Property) -> str:
    return reverse("billing:property-coverage", args=[house.pk])


def rows_of(page) -> dict[str, str]:
    rows = page.select("main tbody tr")
    return {text_of(row.th): text_of(row).removeprefix(text_of(row.th) + " ") for row in rows}


def test_each_method_says_what_it_needs_and_who_lacks_it(cast, house, signed_in):
    page = check_page(signed_in(cast.viewer).get(url_of(house)))
    rows = rows_of(page)
    assert rows["Square footage"] == "— 2 of 3 66 % Square feet: 1 unit without"
    assert rows["Occupants"] == "— 2 of 3 66 % Occupants: 1 unit without"
    assert rows["Bedrooms and bathrooms"] == (
        "— 1 of 3 33 % Bedrooms: 1 unit without Bathrooms: 2 units without"
    )
    assert rows["Equal shares"] == "— 3 of 3 100 % nothing of the units"
    assert rows["Submeter readings"] == "— — — readings, entered with each bill"


def test_each_number_leads_to_the_units_that_lack_the_value(cast, house, signed_in):
    client = signed_in(cast.manager)
    page = check_page(client.get(url_of(house)))
    links = {str(link["href"]) for link in page.select("main tbody a")}
    assert any("lacks=bathrooms" in link for link in links)
    for link in links:
        assert check_page(client.get(link)).select("main tbody tr")


def test_it_says_which_utilities_are_shared_so(cast: Cast, house, signed_in, now: datetime):
    set_share_rule(
        place=house,
        utility=Utility.WATER,
        entry=ShareRuleEntry(method=Method.BEDROOMS, vacancy=VacancyPolicy.OWNER_PAYS),
        by=cast.manager,
        now=now,
    )
    page = check_page(signed_in(cast.viewer).get(url_of(house)))
    assert rows_of(page)["Bedrooms"].startswith("Water ")


def test_a_unit_of_unknown_occupancy_is_ready_for_no_method(cast, house, signed_in):
    house.units.filter(unit_number="101").update(occupied=None)
    page = check_page(signed_in(cast.viewer).get(url_of(house)))
    assert "Of some units it is not known whether they are occupied." in text_of(page)
    assert rows_of(page)["Equal shares"].startswith("— 2 of 3 66 %")


def test_a_property_without_units_says_so(cast, signed_in):
    page = check_page(signed_in(cast.viewer).get(url_of(make_house(cast))))
    assert "No billable units yet" in text_of(page)


def test_the_page_does_not_exist_for_a_stranger(cast, house, signed_in):
    assert signed_in(cast.stranger).get(url_of(house)).status_code == 404


def test_whatever_a_method_reads_has_its_place_on_the_page():
    read = {name for method in METHODS.values() for name in method.reads}
    assert read == _FIELDS.keys() | _ELSEWHERE.keys()

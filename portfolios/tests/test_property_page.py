from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from portfolios.models import Lease, LeaseStatus, Property, Unit, UnitField
from portfolios.operations.units import set_unit_values
from portfolios.tests.pages import check_page, text_of, the


@pytest.fixture
def house(cast, now) -> Property:
    return Property.objects.create(
        portfolio=cast.portfolio,
        propexo_property_id="prop_a",
        name="Maplewood",
        address="1420 Kinney Ave",
        city="Austin",
        state="TX",
        zip_code="78704",
        unit_count=3,
        square_footage=45_120,
        created_at=now,
    )


@pytest.fixture
def flat(house, now) -> Unit:
    unit = add_unit(house, "101", sqft=1240, bedrooms=3, bathrooms=2, occupant_count=2)
    add_lease(unit, "lease_1", resident_name="Zoë Kim")
    return unit


def add_unit(house: Property, number: str, **values: object) -> Unit:
    return Unit.objects.create(
        property=house,
        propexo_unit_id=f"unit_{number}",
        unit_number=number,
        first_seen_at=house.created_at,
        **{"occupied": True, "raw_status": "occupied", **values},
    )


def add_lease(unit: Unit, lease_id: str, **values: object) -> Lease:
    return Lease.objects.create(
        unit=unit,
        propexo_lease_id=lease_id,
        first_seen_at=unit.first_seen_at,
        **{"status": LeaseStatus.ACTIVE, "start_date": date(2026, 1, 1), **values},
    )


def url_of(house: Property) -> str:
    return reverse("portfolios:property-detail", args=[house.pk])


def rows_of(page) -> list[str]:
    return [text_of(row) for row in page.select("tbody tr")]


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer"])
def test_the_page_opens_for_every_member(cast, flat, signed_in, who):
    page = check_page(signed_in(getattr(cast, who)).get(url_of(flat.property)))
    assert rows_of(page) == [
        "101 Occupied 1,240 3 2 2 Zoë Kim 1 Jan 2026 open",
    ]
    facts = text_of(the(page, "dl.facts"))
    assert "1420 Kinney Ave, Austin" in facts
    assert "1 here of 3 that the PMS counts" in facts
    assert "45,120 sq ft" in facts


def test_the_page_does_not_exist_for_a_stranger(cast, flat, signed_in):
    assert signed_in(cast.stranger).get(url_of(flat.property)).status_code == 404


def test_the_tabs_lead_to_bills_and_sync(cast, flat, signed_in):
    page = check_page(signed_in(cast.viewer).get(url_of(flat.property)))
    tabs = page.select(".nav-tabs a")
    assert [text_of(tab) for tab in tabs] == [
        "Units",
        "Leases",
        "Unit values",
        "Bills",
        "Share rules",
        "Utilities",
        "Charge codes",
        "Statements",
        "Ledger",
        "Reports",
        "PMS sync",
        "History",
    ]
    assert [tab.get("aria-current") for tab in tabs] == ["page", *[None] * 11]
    assert tabs[2]["href"] == reverse("portfolios:unit-values", args=[flat.property_id])
    assert tabs[3]["href"] == reverse("billing:property-detail", args=[flat.property_id])
    assert tabs[10]["href"] == reverse("integrations:property-sync", args=[flat.property_id])


def test_a_property_without_units_says_where_they_come_from(cast, house, signed_in):
    page = check_page(signed_in(cast.viewer).get(url_of(house)))
    assert "No units yet" in text_of(page)
    assert page.select(f'.empty a[href="{reverse("integrations:property-sync", args=[house.pk])}"]')


def test_a_missing_value_is_named_and_explained(cast, house, signed_in):
    add_unit(house, "101", bedrooms=1)
    page = check_page(signed_in(cast.manager).get(url_of(house)))
    assert "Missing: square feet, bathrooms, occupants" in rows_of(page)[0]
    assert "Values are missing" in text_of(page)
    assert "type the values under Unit values" in text_of(page)


def test_a_viewer_is_told_who_can_type_missing_values(cast, house, signed_in):
    add_unit(house, "101")
    page = check_page(signed_in(cast.viewer).get(url_of(house)))
    assert "A property manager of this portfolio can type them." in text_of(page)


def test_a_unit_that_is_not_billed_lacks_nothing(cast, house, signed_in):
    add_unit(house, "101", billable=False, occupied=False, raw_status="model")
    page = check_page(signed_in(cast.viewer).get(url_of(house)))
    assert rows_of(page) == [
        "101 Vacant PMS: model — not known — not known — not known — not known — — — Not billable"
    ]
    assert "Values are missing" not in text_of(page)


def test_an_unknown_status_is_shown_as_unknown(cast, house, signed_in):
    add_unit(house, "101", occupied=None, raw_status="renovation")
    row = rows_of(check_page(signed_in(cast.viewer).get(url_of(house))))[0]
    assert "Unknown PMS: renovation" in row
    assert "whether it is occupied" in row


def test_a_typed_value_stands_with_the_pms_value(cast, flat, signed_in, now):
    set_unit_values(unit=flat, values={UnitField.SQFT: "1300"}, by=cast.manager, now=now)
    row = rows_of(check_page(signed_in(cast.viewer).get(url_of(flat.property))))[0]
    assert "1,300 by hand; PMS: 1,240" in row


def test_odd_units_are_marked(cast, flat, signed_in, now):
    add_lease(flat, "lease_2", resident_name="Second", start_date=date(2026, 2, 1))
    flat.missing_since = now
    flat.save()
    row = rows_of(check_page(signed_in(cast.viewer).get(url_of(flat.property))))[0]
    assert "No longer in the PMS" in row
    assert "Several current leases" in row
    assert "Second" in row


def test_a_state_and_zip_that_were_not_recognised_are_shown_as_the_pms_writes_them(
    cast, house, signed_in
):
    Property.objects.update(state="", raw_state="Cascadia", zip_code="", raw_zip_code="n/a")
    facts = text_of(the(check_page(signed_in(cast.viewer).get(url_of(house))), "dl.facts"))
    assert "not recognised; the PMS writes “Cascadia”" in facts
    assert "not recognised; the PMS writes “n/a”" in facts


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("", ["101", "102", "103"]),
        ("incomplete", ["103"]),
        ("vacant", ["102"]),
        ("typed", ["101"]),
        ("nonsense", ["101", "102", "103"]),
    ],
)
def test_the_filters_choose_units(cast, flat, signed_in, now, show, expected):
    whole = {"sqft": 700, "bedrooms": 1, "bathrooms": 1}
    add_unit(flat.property, "102", occupied=False, **whole)
    add_unit(flat.property, "103", occupant_count=None, **whole)
    set_unit_values(unit=flat, values={UnitField.SQFT: "1300"}, by=cast.manager, now=now)
    response = signed_in(cast.viewer).get(url_of(flat.property), {"show": show})
    page = check_page(response)
    assert [text_of(cell) for cell in page.select("tbody th")] == expected
    counts = [text_of(link) for link in page.select(".quick-filters a")]
    assert counts == ["All 3", "Incomplete 1", "Vacant 1", "Typed by hand 1"]


def test_the_page_takes_the_same_queries_however_many_units_there_are(
    cast, house, signed_in, django_assert_max_num_queries
):
    for number in range(30):
        add_lease(add_unit(house, str(number)), f"lease_{number}")
    client = signed_in(cast.viewer)
    with django_assert_max_num_queries(10):
        client.get(url_of(house))


def test_the_sandboxs_property_is_shown_whole(cast, place, signed_in):
    page = check_page(signed_in(cast.viewer).get(url_of(place)))
    assert len(rows_of(page)) == 48
    assert "48 here of 48 that the PMS counts" in text_of(page)
    assert text_of(page.select(".quick-filters a")[2]) == "Vacant 3"

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from portfolios.models import Lease, LeaseStatus, Property, Unit, UnitField
from portfolios.operations.units import set_unit_values
from portfolios.queries import read_unit
from portfolios.tests.pages import check_page, text_of, the

EMPTY = dict.fromkeys(UnitField.values, "")


@pytest.fixture
def flat(cast, now) -> Unit:
    house = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="prop_a", name="Maplewood", created_at=now
    )
    return Unit.objects.create(
        property=house,
        propexo_unit_id="unit_a",
        unit_number="101",
        sqft=1240,
        bedrooms=Decimal(2),
        occupied=True,
        first_seen_at=now,
    )


def url_of(unit: Unit) -> str:
    return reverse("portfolios:unit-edit", args=[unit.pk])


def sent(page, **typed: str) -> dict[str, str]:
    """Send the page's form back with some fields changed."""
    data = {}
    for field in page.select("main form input, main form select"):
        chosen = field.select_one("option[selected]") if field.name == "select" else field
        data[str(field["name"])] = str(chosen.get("value", "")) if chosen else ""
    del data["csrfmiddlewaretoken"]
    return data | typed


def help_of(page, field: str) -> str:
    return text_of(the(page, f"#id_{field}_helptext"))


def test_each_field_shows_what_the_pms_says(cast, flat, signed_in):
    page = check_page(signed_in(cast.manager).get(url_of(flat)))
    assert help_of(page, "sqft") == "The PMS says 1,240."
    assert help_of(page, "bedrooms") == "The PMS says 2."
    assert help_of(page, "bathrooms") == "The PMS does not say."
    assert help_of(page, "occupied") == "The PMS says yes."


def test_a_typed_value_shows_who_typed_it_and_when(cast, flat, signed_in, now):
    set_unit_values(unit=flat, values={UnitField.SQFT: "1300"}, by=cast.manager, now=now)
    page = check_page(signed_in(cast.manager).get(url_of(flat)))
    assert the(page, "#id_sqft")["value"] == "1300"
    expected = "The PMS says 1,240. Typed by Manager on 2 Apr 2026, 09:00 UTC."
    assert help_of(page, "sqft") == expected


def test_a_manager_types_values(cast, flat, signed_in):
    typed = {
        "sqft": "1300",
        "bedrooms": "2.50",
        "bathrooms": "1.25",
        "occupant_count": "0",
        "occupied": "false",
        "billable": "false",
    }
    response = signed_in(cast.manager).post(url_of(flat), typed)
    assert response.headers["Location"] == reverse(
        "portfolios:property-detail", args=[flat.property_id]
    )
    assert dict(flat.overrides.values_list("field", "value")) == {
        **typed,
        "bedrooms": "2.5",
    }
    facts = read_unit(Unit.objects.get())
    assert (facts.sqft, facts.bedrooms, facts.occupied) == (1300, Decimal("2.5"), False)


def test_an_empty_field_lets_the_pms_count_again(cast, flat, signed_in, now):
    both = {UnitField.SQFT: "1300", UnitField.OCCUPIED: "false"}
    set_unit_values(unit=flat, values=both, by=cast.manager, now=now)
    client = signed_in(cast.manager)
    client.post(url_of(flat), sent(check_page(client.get(url_of(flat))), sqft=""))
    assert list(flat.overrides.values_list("field", flat=True)) == ["occupied"]


def test_sending_the_page_back_unchanged_changes_nothing(cast, flat, signed_in, now):
    values = {UnitField.BEDROOMS: "1.5", UnitField.BILLABLE: "false"}
    set_unit_values(unit=flat, values=values, by=cast.manager, now=now)
    before = list(flat.overrides.order_by("pk").values())
    client = signed_in(cast.manager)
    page = check_page(client.get(url_of(flat)))
    page = check_page(client.post(url_of(flat), sent(page), follow=True))
    assert "Nothing was changed." in text_of(page)
    assert list(flat.overrides.order_by("pk").values()) == before


def test_what_somebody_else_typed_meanwhile_is_not_cleared(cast, flat, signed_in, now):
    client = signed_in(cast.manager)
    page = check_page(client.get(url_of(flat)))
    set_unit_values(unit=flat, values={UnitField.SQFT: "1200"}, by=cast.manager, now=now)
    client.post(url_of(flat), sent(page, bedrooms="3"))
    stored = dict(flat.overrides.values_list("field", "value"))
    assert stored == {"sqft": "1200", "bedrooms": "3"}


def test_a_field_that_somebody_else_changed_meanwhile_asks_once_more(cast, flat, signed_in, now):
    client = signed_in(cast.manager)
    page = check_page(client.get(url_of(flat)))
    set_unit_values(unit=flat, values={UnitField.SQFT: "1200"}, by=cast.manager, now=now)
    page = check_page(client.post(url_of(flat), sent(page, sqft="1300", bedrooms="3")))
    assert (
        "Square feet was changed by somebody else since this page was shown: the value there is "
        "now 1200. Save once more to put yours in its place."
    ) in text_of(the(page, ".notice.tone-danger"))
    assert dict(flat.overrides.values_list("field", "value")) == {"sqft": "1200"}
    client.post(url_of(flat), sent(page))
    stored = dict(flat.overrides.values_list("field", "value"))
    assert stored == {"sqft": "1300", "bedrooms": "3"}


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("sqft", "0", "Square feet must be a whole number from 1 to 100,000"),
        ("sqft", "100001", "Square feet must be a whole number from 1 to 100,000"),
        ("sqft", "12.5", "Square feet must be a whole number from 1 to 100,000"),
        ("sqft", "big", "Square feet must be a whole number from 1 to 100,000"),
        ("bedrooms", "1.25", "Bedrooms must be a number from 0 to 20 in halves"),
        ("bedrooms", "-1", "Bedrooms must be a number from 0 to 20 in halves"),
        ("bedrooms", "20.5", "Bedrooms must be a number from 0 to 20 in halves"),
        ("bedrooms", "NaN", "Bedrooms must be a number from 0 to 20 in halves"),
        ("bathrooms", "1.1", "Bathrooms must be a number from 0 to 20 in quarters"),
        ("bathrooms", "1e3", "Bathrooms must be a number from 0 to 20 in quarters"),
        ("occupant_count", "31", "Occupants must be a whole number from 0 to 30"),
        ("occupant_count", "-1", "Occupants must be a whole number from 0 to 30"),
        ("occupied", "maybe", "Occupied must be yes, no, or as the PMS says."),
        ("billable", "maybe", "Billable must be yes, no, or as the PMS says."),
    ],
)
def test_a_wrong_value_is_answered_by_a_sentence_and_nothing_is_stored(
    cast, flat, signed_in, field, text, sentence
):
    right = {"occupant_count": "2"} if field != "occupant_count" else {"sqft": "900"}
    response = signed_in(cast.manager).post(url_of(flat), {**EMPTY, **right, field: text})
    assert sentence in text_of(check_page(response))
    assert not flat.overrides.exists()


@pytest.mark.parametrize("who", ["accountant", "viewer"])
def test_others_see_the_values_but_cannot_type(cast, flat, signed_in, who):
    client = signed_in(getattr(cast, who))
    page = check_page(client.get(url_of(flat)))
    assert "Only a property manager of this portfolio can type values" in text_of(page)
    assert page.select("main form") == []
    assert "The PMS says 1,240." in text_of(page)
    assert client.post(url_of(flat), {**EMPTY, "sqft": "900"}).status_code == 403
    assert not flat.overrides.exists()


def test_the_page_does_not_exist_for_a_stranger(cast, flat, signed_in):
    client = signed_in(cast.stranger)
    assert client.get(url_of(flat)).status_code == 404
    assert client.post(url_of(flat), {**EMPTY, "sqft": "900"}).status_code == 404
    assert not flat.overrides.exists()


def test_the_page_lists_the_units_leases(cast, flat, signed_in, now):
    Lease.objects.create(
        unit=flat,
        propexo_lease_id="lease_1",
        resident_name="Zoë Kim",
        start_date=date(2026, 1, 1),
        end_date=date(2027, 1, 1),
        occupant_count=2,
        status=LeaseStatus.MONTH_TO_MONTH,
        first_seen_at=now,
    )
    page = check_page(signed_in(cast.viewer).get(url_of(flat)))
    row = text_of(page.select("tbody tr")[0])
    assert row == "Zoë Kim Month to month 1 Jan 2026 1 Jan 2027 2 lease_1"

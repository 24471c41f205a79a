from __future__ import annotations

import pytest
from django.urls import reverse

from portfolios.models import AuditEvent, Property, Unit, UnitField
from portfolios.operations.units import set_unit_values
from portfolios.tests.pages import check_page, text_of, the
from portfolios.tests.small_house import add_unit, make_house, typed
from portfolios.unit_files.reading import read_unit_file


@pytest.fixture
def house(cast) -> Property:
    house = make_house(cast)
    add_unit(house, "101", sqft=800, bedrooms=2, bathrooms=1, occupant_count=2)
    add_unit(house, "102", sqft=1240)
    add_unit(house, "103", occupied=None)
    return house


def url_of(house: Property, query: str = "") -> str:
    return reverse("portfolios:unit-values", args=[house.pk]) + query


def sent(page, **changed: str) -> dict[str, object]:
    """Send the page's form back with some fields changed, named as unit number and field."""
    data: dict[str, object] = {
        "unit": [str(field["value"]) for field in page.select("main form input[name=unit]")]
    }
    for field in page.select("main form input, main form select"):
        if field.name == "select":
            chosen = field.select_one("option[selected]")
            data[field["name"]] = chosen["value"] if chosen else ""
        elif field["name"] not in ("unit", "csrfmiddlewaretoken"):
            data[field["name"]] = field.get("value", "")
    for name, text in changed.items():
        number, field_name = name.lstrip("u").split("_", 1)
        unit = Unit.objects.get(unit_number=number)
        data[f"unit{unit.pk}-{field_name}"] = text
    return data


def numbers_of(page) -> list[str]:
    return [text_of(cell) for cell in page.select("main tbody th")]


def test_many_units_are_typed_on_one_page(cast, house, signed_in):
    client = signed_in(cast.manager)
    page = check_page(client.get(url_of(house)))
    assert "PMS: 1,240" in text_of(page)
    data = sent(
        page, u101_sqft="850", u102_bedrooms="1.5", u102_bathrooms="1", u103_occupied="true"
    )
    page = check_page(client.post(url_of(house), data, follow=True))
    assert "The values of 3 units are saved." in text_of(page)
    assert typed(house) == {
        ("101", "sqft"): "850",
        ("102", "bedrooms"): "1.5",
        ("102", "bathrooms"): "1",
        ("103", "occupied"): "true",
    }
    assert AuditEvent.objects.filter(verb="unit.values_set").count() == 3


def test_one_bad_cell_keeps_everything_from_being_stored(cast, house, signed_in):
    client = signed_in(cast.manager)
    page = check_page(client.get(url_of(house)))
    data = sent(page, u101_sqft="850", u102_sqft="huge", u103_bedrooms="1.25")
    page = check_page(client.post(url_of(house), data))
    text = text_of(the(page, ".notice.tone-danger"))
    assert "Unit 102: Square feet must be a whole number from 1 to 100,000" in text
    assert "Unit 103: Bedrooms must be a number from 0 to 20 in halves" in text
    assert typed(house) == {}
    for link in page.select(".notice.tone-danger a"):
        the(page, str(link["href"]))
    values = [field["value"] for field in page.select("input.is-invalid")]
    assert values == ["huge", "1.25"]


def test_an_emptied_cell_lets_the_pms_count_again(cast, house, signed_in, now):
    flat = house.units.get(unit_number="101")
    both = {UnitField.SQFT: "850", UnitField.BILLABLE: "false"}
    set_unit_values(unit=flat, values=both, by=cast.manager, now=now)
    client = signed_in(cast.manager)
    client.post(url_of(house), sent(check_page(client.get(url_of(house))), u101_sqft=""))
    assert typed(house) == {("101", "billable"): "false"}


def test_sending_the_page_back_unchanged_changes_nothing(cast, house, signed_in, now):
    flat = house.units.get(unit_number="101")
    values = {UnitField.BEDROOMS: "1.5", UnitField.BILLABLE: "false"}
    set_unit_values(unit=flat, values=values, by=cast.accountant, now=now)
    client = signed_in(cast.manager)
    page = check_page(client.get(url_of(house)))
    page = check_page(client.post(url_of(house), sent(page), follow=True))
    assert "Nothing was changed." in text_of(page)
    assert set(flat.overrides.values_list("entered_by", flat=True)) == {cast.accountant.pk}


def test_what_somebody_else_typed_meanwhile_is_not_lost(cast, house, signed_in, now):
    client = signed_in(cast.manager)
    page = check_page(client.get(url_of(house)))
    flat = house.units.get(unit_number="101")
    theirs = {UnitField.SQFT: "900", UnitField.BEDROOMS: "3"}
    set_unit_values(unit=flat, values=theirs, by=cast.manager, now=now)
    page = check_page(client.post(url_of(house), sent(page, u101_sqft="850")))
    assert "Square feet was changed by somebody else" in text_of(page)
    assert typed(house) == {("101", "sqft"): "900", ("101", "bedrooms"): "3"}
    client.post(url_of(house), sent(page))
    assert typed(house) == {("101", "sqft"): "850", ("101", "bedrooms"): "3"}


def test_the_units_that_lack_a_value_are_counted_and_shown(cast, house, signed_in):
    client = signed_in(cast.viewer)
    page = check_page(client.get(url_of(house)))
    filters = {text_of(link): link["href"] for link in page.select(".quick-filters a")}
    assert list(filters) == [
        "All 3",
        "Without square feet 1",
        "Without bedrooms 2",
        "Without bathrooms 2",
        "Without occupants 1",
        "Occupancy not known 1",
    ]
    page = check_page(client.get(filters["Without bedrooms 2"]))
    assert numbers_of(page) == ["102", "103"]


def test_after_saving_the_same_choice_of_units_is_shown(cast, house, signed_in):
    client = signed_in(cast.manager)
    page = check_page(client.get(url_of(house, "?lacks=sqft")))
    answer = client.post(url_of(house, "?lacks=sqft"), sent(page, u103_sqft="700"))
    assert answer.headers["Location"] == url_of(house, "?lacks=sqft")
    page = check_page(client.get(answer.headers["Location"]))
    assert "No unit is of this kind." in text_of(page)


def test_units_of_another_property_cannot_be_slipped_in(cast, house, signed_in):
    other = add_unit(make_house(cast, "Elmwood"), "900")
    data = {"unit": [str(other.pk), "x", "9" * 30], f"unit{other.pk}-sqft": "700"}
    page = check_page(signed_in(cast.manager).post(url_of(house), data, follow=True))
    assert "Nothing was changed." in text_of(page)
    assert not other.overrides.exists()


@pytest.mark.parametrize("who", ["accountant", "viewer"])
def test_others_see_the_values_but_cannot_type(cast, house, signed_in, who):
    client = signed_in(getattr(cast, who))
    page = check_page(client.get(url_of(house)))
    assert "Only a property manager of this portfolio can type values" in text_of(page)
    assert page.select("main form") == []
    assert "PMS: 1,240" in text_of(page)
    assert client.post(url_of(house), {}).status_code == 403


def test_the_pages_do_not_exist_for_a_stranger(cast, house, signed_in):
    client = signed_in(cast.stranger)
    for name in ("unit-values", "unit-template", "unit-import-list"):
        assert client.get(reverse(f"portfolios:{name}", args=[house.pk])).status_code == 404
    assert client.post(url_of(house), {}).status_code == 404


def test_the_number_of_statements_does_not_grow_with_the_units(
    cast, house, signed_in, django_assert_max_num_queries
):
    for number in range(60):
        add_unit(house, f"2{number:02}")
    client = signed_in(cast.manager)
    with django_assert_max_num_queries(16):
        page = check_page(client.get(url_of(house)))
    assert len(numbers_of(page)) == 50


def test_the_template_has_each_unit_with_what_is_known(cast, house, signed_in, now):
    flat = house.units.get(unit_number="102")
    set_unit_values(unit=flat, values={UnitField.BEDROOMS: "1.5"}, by=cast.manager, now=now)
    add_unit(house, "104", missing_since=now)
    answer = signed_in(cast.viewer).get(reverse("portfolios:unit-template", args=[house.pk]))
    assert answer["Content-Type"].startswith("text/csv")
    assert answer["Content-Disposition"] == 'attachment; filename="units-maplewood.csv"'
    read = read_unit_file(answer.content)
    assert [
        (row.unit, row.values.get("sqft"), row.values.get("bedrooms")) for row in read.rows
    ] == [
        ("101", "800", "2"),
        ("102", "1240", "1.5"),
        ("103", None, None),
    ]
    assert "occupied" not in read.rows[2].values

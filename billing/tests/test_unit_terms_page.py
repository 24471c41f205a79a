"""What a rule says of single units, on one page."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from billing.models import UnitTerms, Utility
from billing.operations.unit_terms import UnitTermsEntry, set_unit_terms
from billing.tests.acts import alert_of
from billing.tests.small_place import small_place
from portfolios.models import AuditEvent, Unit
from portfolios.tests.pages import check_page, text_of, the


@pytest.fixture
def place(cast, now):
    """Make a property of three units."""
    return small_place(cast, now)


@pytest.fixture
def unit(place):
    return place.units.get(unit_number="102")


def url(place, utility: str = "water") -> str:
    return reverse("billing:unit-terms", args=[place.pk, utility])


def field(unit, name: str) -> str:
    return f"unit{unit.pk}-{name}"


def test_each_unit_has_its_row(cast, place, signed_in):
    page = check_page(signed_in(cast.manager).get(url(place)))
    assert [text_of(cell) for cell in page.select("tbody th")] == ["101", "102", "103"]
    assert len(page.select("tbody input")) == 18


def test_what_is_set_is_stored_for_the_unit_and_utility(cast, place, unit, signed_in):
    client = signed_in(cast.manager)
    values = {
        field(unit, "weight"): "1.25",
        field(unit, "percent"): "12.5",
        field(unit, "minimum"): "5",
        field(unit, "cap"): "1,000.50",
        field(unit, "excluded_because"): "Model unit",
    }
    page = check_page(client.post(url(place), values, follow=True))
    assert "of 1 unit is saved" in text_of(page)
    terms = UnitTerms.objects.get()
    assert (terms.unit, terms.utility, terms.set_by) == (unit, "water", cast.manager)
    assert (terms.weight, terms.percent) == (Decimal("1.25"), Decimal("12.5"))
    assert (terms.minimum_cents, terms.cap_cents, terms.flat_cents) == (500, 100_050, None)
    assert the(page, f'[name="{field(unit, "percent")}"]')["value"] == "12.5"
    assert the(page, f'[name="{field(unit, "cap")}"]')["value"] == "1000.50"
    assert "Percentages given so far: 12.5 %; the owner keeps the rest" in text_of(page)


def test_the_same_again_changes_nothing(cast, place, unit, signed_in):
    client = signed_in(cast.manager)
    client.post(url(place), {field(unit, "percent"): "12.5"})
    page = check_page(client.post(url(place), {field(unit, "percent"): "12.50"}, follow=True))
    assert "Nothing was changed." in text_of(page)
    assert AuditEvent.objects.filter(verb="unit_terms.set").count() == 1


def test_an_emptied_row_is_removed(cast, place, unit, signed_in):
    client = signed_in(cast.manager)
    client.post(url(place), {field(unit, "flat"): "20"})
    client.post(url(place), {field(unit, "flat"): ""})
    assert not UnitTerms.objects.exists()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"weight": "-1"}, "Weight must be a number from 0 up"),
        ({"weight": "1.23456"}, "at most four decimals"),
        ({"percent": "101"}, "Percent must be a number from 0 to 100"),
        ({"minimum": "lots"}, "Minimum must be dollars"),
        ({"cap": "-5"}, "Cap must be dollars from 0 up"),
        ({"minimum": "30", "cap": "20"}, "Unit 102 has a minimum above its cap"),
        ({"flat": "30", "cap": "20"}, "Unit 102 has a flat amount beside a minimum or a cap"),
        ({"excluded_because": "x" * 201}, "200 characters at most"),
    ],
)
def test_a_wrong_value_is_answered_and_nothing_is_stored(
    cast, place, unit, signed_in, values, sentence
):
    other = place.units.get(unit_number="101")
    sent = {field(unit, name): value for name, value in values.items()}
    page = check_page(signed_in(cast.manager).post(url(place), sent | {field(other, "cap"): "9"}))
    assert sentence in alert_of(page)
    link = the(the(page, "main [role=alert]"), "a")
    assert page.select_one(str(link["href"]))
    assert the(page, f'[name="{field(other, "cap")}"]')["value"] == "9"
    assert not UnitTerms.objects.exists()


def test_percentages_beyond_the_whole_are_refused(cast, place, signed_in):
    sent = {field(unit, "percent"): "33.4" for unit in place.units.all()}
    page = check_page(signed_in(cast.manager).post(url(place), sent))
    assert "add up to 100.2 %" in alert_of(page)
    assert not UnitTerms.objects.exists()


def test_units_of_other_pages_count_for_the_sum(cast, place, now, signed_in):
    Unit.objects.bulk_create(
        Unit(
            property=place,
            propexo_unit_id=f"unit_001_{n}",
            unit_number=str(n),
            first_seen_at=now,
        )
        for n in range(1000, 1048)
    )
    last = place.units.get(unit_number="1047")
    set_unit_terms(
        unit=last,
        utility=Utility.WATER,
        entry=UnitTermsEntry(percent=Decimal(60)),
        by=cast.manager,
        now=now,
    )
    first = place.units.get(unit_number="101")
    client = signed_in(cast.manager)
    page = check_page(client.post(url(place), {field(first, "percent"): "41"}))
    assert "add up to 101 %" in alert_of(page)
    page = check_page(client.get(url(place) + "?page=2"))
    assert page.select_one(f'[name="{field(last, "percent")}"]')
    answer = client.post(url(place) + "?page=2", {field(last, "percent"): "59"})
    assert answer.url.endswith("?page=2")
    assert UnitTerms.objects.get().percent == 59


def test_a_utility_does_not_see_the_terms_of_another(cast, place, unit, signed_in):
    client = signed_in(cast.manager)
    client.post(url(place), {field(unit, "percent"): "12.5"})
    page = check_page(client.get(url(place, "gas")))
    assert not the(page, f'[name="{field(unit, "percent")}"]').get("value")


@pytest.mark.parametrize("who", ["viewer", "accountant"])
def test_others_only_look(cast, place, unit, signed_in, who):
    signed_in(cast.manager).post(url(place), {field(unit, "excluded_because"): "Model unit"})
    client = signed_in(getattr(cast, who))
    page = check_page(client.get(url(place)))
    assert "Model unit" in text_of(page)
    assert "Only a property manager" in text_of(page)
    assert not page.select("main input:not([type=hidden])")
    assert client.post(url(place), {field(unit, "percent"): "1"}).status_code == 403
    assert UnitTerms.objects.get().percent is None


def test_strangers_see_nothing(cast, place, signed_in):
    client = signed_in(cast.stranger)
    assert client.get(url(place)).status_code == 404
    assert client.post(url(place)).status_code == 404
    assert signed_in(cast.manager).get(url(place, "steam")).status_code == 404

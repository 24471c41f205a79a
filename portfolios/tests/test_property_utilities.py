from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from portfolios.models import (
    AuditEvent,
    Commodity,
    LookUpStatus,
    Property,
    PropertyUtility,
    UtilityChoice,
    UtilityProvider,
)
from portfolios.operations.utilities import (
    CannotChoose,
    ChosenUtility,
    choose_utility,
    link_utilities,
    reopen_utility,
)
from portfolios.operations.utility_reference import load_reference
from portfolios.tests.pages import check_page, text_of, the
from portfolios.tests.reference_files import AREAS, UTILITIES, write_compact
from portfolios.tests.small_house import make_house


@pytest.fixture
def house(cast) -> Property:
    made = make_house(cast)
    made.zip_code, made.state, made.city = "78704", "TX", "Austin"
    made.save()
    return made


@pytest.fixture
def load(tmp_path, now):
    def load_set(**rows):
        load_reference(paths=write_compact(tmp_path, **rows), by=None, now=now)

    return load_set


def row_of(house: Property, commodity: Commodity = Commodity.ELECTRIC) -> PropertyUtility:
    return PropertyUtility.objects.get(property=house, commodity=commodity)


def move(house: Property, zip_code: str, state: str, now) -> PropertyUtility:
    house.zip_code, house.state = zip_code, state
    house.save()
    link_utilities(places=[house], now=now)
    return row_of(house)


def confirm(house, cast, now, key="", **chosen) -> PropertyUtility:
    if key:
        chosen["choice"] = UtilityChoice.LISTED
        chosen["utility_id"] = UtilityProvider.objects.get(utility_key=key).pk
    return choose_utility(
        place=house,
        commodity=chosen.pop("commodity", Commodity.ELECTRIC),
        chosen=ChosenUtility(**chosen),
        by=cast.manager,
        now=now,
    )


def test_a_load_links_a_property_where_the_answer_is_sure(house, load):
    load()
    row = row_of(house)
    assert (row.choice, str(row.utility), row.status) == (
        UtilityChoice.AUTOMATIC,
        "Austin Energy",
        LookUpStatus.MATCHED,
    )
    assert (row.confirmed_by, row.changed_at, row.zip_code) == (None, None, "78704")
    assert row.release is not None
    event = AuditEvent.objects.get(verb="property_utility.linked")
    assert (event.actor, event.after["utility"]) == (None, "Austin Energy")


def test_a_choice_is_left_to_a_person(house, load):
    load()
    water = row_of(house, Commodity.WATER)
    assert (water.choice, water.utility, water.status) == (
        UtilityChoice.OPEN,
        None,
        LookUpStatus.CHOOSE,
    )
    assert water.candidates == ["pws-tx1", "pws-tx2"]
    assert row_of(house, Commodity.GAS).status == LookUpStatus.NOT_COVERED


def test_looking_up_again_changes_nothing(house, load, now):
    load()
    before = list(PropertyUtility.objects.values_list())
    assert link_utilities(places=[house], now=now + timedelta(days=1)) == 0
    assert list(PropertyUtility.objects.values_list()) == before


def test_another_zip_code_moves_the_suggestion_and_says_so(house, load, now):
    load()
    row = move(house, "98122", "WA", now)
    assert (row.choice, row.utility, row.status) == (
        UtilityChoice.OPEN,
        None,
        LookUpStatus.CHOOSE,
    )
    assert row.changed_at == now


def test_a_zip_code_of_another_state_links_nothing(house, load, now):
    load()
    row = move(house, "80203", "TX", now)
    assert (row.choice, row.utility, row.status) == (
        UtilityChoice.OPEN,
        None,
        LookUpStatus.STATE_DIFFERS,
    )


def test_the_first_answer_is_no_change(house, load, now):
    link_utilities(places=[house], now=now)
    assert row_of(house).status == LookUpStatus.NO_REFERENCE_DATA
    load()
    row = row_of(house)
    assert (row.choice, row.changed_at) == (UtilityChoice.AUTOMATIC, None)


def test_a_confirmed_choice_survives_another_zip_code_and_is_flagged(house, cast, load, now):
    load()
    confirm(house, cast, now, "pws-tx2", commodity=Commodity.WATER)
    move(house, "98122", "WA", now)
    row = row_of(house, Commodity.WATER)
    assert (row.choice, str(row.utility)) == (UtilityChoice.LISTED, "Hill Country WSC")
    assert (row.confirmed_by, row.confirmed_at, row.changed_at) == (cast.manager, now, now)


def test_a_confirmed_choice_survives_a_load_in_which_it_is_retired(house, cast, load, now):
    load()
    confirm(house, cast, now, "tx-austin")
    load(
        utilities=[row for row in UTILITIES if "tx-austin" not in row],
        areas=[row for row in AREAS if "tx-austin" not in row],
    )
    row = row_of(house)
    assert (row.choice, str(row.utility)) == (UtilityChoice.LISTED, "Austin Energy")
    assert row.status == LookUpStatus.NOT_COVERED
    assert row.changed_at is not None


def test_a_load_that_agrees_with_the_confirmed_choice_is_no_news(house, cast, load, now):
    load()
    confirm(house, cast, now, "pws-tx1", commodity=Commodity.WATER)
    load(areas=[row for row in AREAS if "pws-tx2" not in row])
    row = row_of(house, Commodity.WATER)
    assert row.candidates == ["pws-tx1"]
    assert row.changed_at is None


def test_a_typed_name_survives_loads(house, cast, load, now):
    confirm(house, cast, now, choice=UtilityChoice.TYPED, typed_name="Pecan Street Power")
    load()
    row = row_of(house)
    assert (row.choice, row.typed_name, row.utility) == (
        UtilityChoice.TYPED,
        "Pecan Street Power",
        None,
    )
    assert row.changed_at is not None


def test_no_such_service_is_an_answer_of_its_own(house, cast, load, now):
    load()
    row = confirm(house, cast, now, choice=UtilityChoice.NO_SERVICE, commodity=Commodity.GAS)
    assert (row.choice, row.utility, row.typed_name) == (UtilityChoice.NO_SERVICE, None, "")
    event = AuditEvent.objects.get(verb="property_utility.confirmed")
    assert (event.actor, event.before["choice"], event.after["choice"]) == (
        cast.manager,
        "open",
        "no_service",
    )


def test_confirming_again_takes_the_flag_away(house, cast, load, now):
    load()
    confirm(house, cast, now, "tx-austin")
    assert move(house, "98122", "WA", now).changed_at is not None
    assert confirm(house, cast, now, "wa-scl").changed_at is None


def test_a_utility_that_is_no_candidate_is_refused(house, cast, load, now):
    load()
    with pytest.raises(CannotChoose):
        confirm(house, cast, now, "co-xcel")
    assert row_of(house).choice == UtilityChoice.AUTOMATIC


def test_a_reopened_choice_follows_the_zip_code_again(house, cast, load, now):
    load()
    confirm(house, cast, now, choice=UtilityChoice.TYPED, typed_name="Pecan Street Power")
    row = reopen_utility(place=house, commodity=Commodity.ELECTRIC, by=cast.manager, now=now)
    assert (row.choice, str(row.utility), row.confirmed_by) == (
        UtilityChoice.AUTOMATIC,
        "Austin Energy",
        None,
    )
    assert AuditEvent.objects.filter(verb="property_utility.reopened").count() == 1


def page_of(house: Property) -> str:
    return reverse("portfolios:property-utilities", args=[house.pk])


def choose_url(house: Property, commodity: str = "water") -> str:
    return reverse("portfolios:utility-choose", args=[house.pk, commodity])


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer"])
def test_the_page_shows_candidates_to_every_member(house, cast, load, signed_in, who):
    load()
    text = text_of(check_page(signed_in(getattr(cast, who)).get(page_of(house))))
    assert "Austin Energy Found by ZIP code" in text
    assert "names 2 possible suppliers of water for 78704" in text
    assert "There is no gas data for TX. That does not mean that there is no supplier." in text
    assert ("Choose or confirm" in text) == (who == "manager")


def test_the_page_says_that_nothing_was_ever_loaded(house, cast, signed_in):
    text = text_of(check_page(signed_in(cast.viewer).get(page_of(house))))
    assert "No reference data has been loaded yet" in text
    assert "Not looked up yet" in text


def test_a_hint_of_the_neighbourhood_is_shown_as_one(house, cast, load, signed_in, now):
    load()
    move(house, "78755", "TX", now)
    text = text_of(check_page(signed_in(cast.viewer).get(page_of(house))))
    assert "A hint only: the nearest ZIP code of Austin with data is 78731" in text


def test_a_stranger_finds_no_page_and_a_viewer_may_choose_nothing(house, cast, signed_in):
    stranger, viewer = signed_in(cast.stranger), signed_in(cast.viewer)
    reopen = reverse("portfolios:utility-reopen", args=[house.pk, "water"])
    for url in (page_of(house), choose_url(house)):
        assert stranger.get(url).status_code == 404
    assert viewer.get(choose_url(house)).status_code == 403
    assert viewer.post(choose_url(house), {"choice": "no_service"}).status_code == 403
    assert viewer.post(reopen).status_code == 403
    assert stranger.post(reopen).status_code == 404
    assert not PropertyUtility.objects.exists()


def test_a_commodity_that_is_none_has_no_page(house, cast, signed_in):
    assert signed_in(cast.manager).get(choose_url(house, "steam")).status_code == 404


def test_a_manager_chooses_from_the_list(house, cast, load, signed_in):
    load()
    client = signed_in(cast.manager)
    page = check_page(client.get(choose_url(house)))
    radios = page.select("input[name=choice]")
    assert [radio.has_attr("checked") for radio in radios] == [True, False, False, False]
    answer = client.post(choose_url(house), {"choice": radios[1]["value"]}, follow=True)
    text = text_of(check_page(answer))
    assert "Water of Maplewood is confirmed." in text
    assert "Hill Country WSC Confirmed Chosen from the list by Manager" in text
    on_property = reverse("portfolios:property-detail", args=[house.pk])
    assert "Water: Hill Country WSC Confirmed" in text_of(check_page(client.get(on_property)))


def test_a_manager_types_a_name_and_takes_it_back(house, cast, load, signed_in):
    load()
    client = signed_in(cast.manager)
    client.post(choose_url(house), {"choice": "typed", "typed_name": "Well No. 3"})
    assert row_of(house, Commodity.WATER).typed_name == "Well No. 3"
    page = check_page(client.get(choose_url(house)))
    assert the(page, "input[name=typed_name]")["value"] == "Well No. 3"
    reopen = reverse("portfolios:utility-reopen", args=[house.pk, "water"])
    assert "follows the ZIP code again" in text_of(check_page(client.post(reopen, follow=True)))
    assert row_of(house, Commodity.WATER).choice == UtilityChoice.OPEN


@pytest.mark.parametrize(
    ("sent", "complaint"),
    [
        ({}, "Choose one of the answers."),
        ({"choice": "typed"}, "Type the name of the utility."),
        ({"choice": "typed", "typed_name": "x" * 201}, "at most 200 characters"),
        ({"choice": "no_service", "typed_name": "Well"}, "A name is typed below"),
        ({"choice": "utility-999999"}, "The list has changed since this page was opened"),
    ],
)
def test_a_wrong_answer_is_explained_and_nothing_is_stored(
    house, cast, load, signed_in, sent, complaint
):
    load()
    page = check_page(signed_in(cast.manager).post(choose_url(house), sent))
    assert complaint in text_of(page)
    assert row_of(house, Commodity.WATER).choice == UtilityChoice.OPEN


def test_a_portfolio_lists_what_somebody_has_to_look_at(house, cast, load, signed_in, now):
    plain = make_house(cast, "Oakwood")
    load()
    confirm(house, cast, now, "pws-tx1", commodity=Commodity.WATER)
    move(house, "98122", "WA", now)
    url = reverse("portfolios:portfolio-utilities", args=[cast.portfolio.pk])
    client = signed_in(cast.viewer)
    page = check_page(client.get(url))
    assert [text_of(name) for name in page.select("tbody th")] == ["Maplewood", str(plain)]
    assert [text_of(link) for link in page.select(".quick-filters a")] == [
        "All 2",
        "Somebody has to look 1",
        "Changed 1",
        "Supplier not known 2",
    ]
    page = check_page(client.get(url, {"show": "changed"}))
    assert [text_of(name) for name in page.select("tbody th")] == ["Maplewood"]
    assert signed_in(cast.stranger).get(url).status_code == 404


def test_the_portfolios_list_takes_the_same_queries_however_long_it_is(
    cast, load, signed_in, django_assert_max_num_queries
):
    for number in range(20):
        make_house(cast, f"House {number}")
    load()
    client = signed_in(cast.viewer)
    with django_assert_max_num_queries(8):
        client.get(reverse("portfolios:portfolio-utilities", args=[cast.portfolio.pk]))


def test_the_sources_are_named_with_their_licences_and_files(cast, load, signed_in):
    url = reverse("portfolios:data-sources")
    assert "No reference data yet" in text_of(check_page(signed_in(cast.viewer).get(url)))
    load()
    text = text_of(check_page(signed_in(cast.viewer).get(url)))
    assert "GeoNames" in text
    assert "CC BY 4.0" in text
    assert "zip_utilities.csv 11 hand-1, hand-w 2 Apr 2026, 09:00 UTC" in text

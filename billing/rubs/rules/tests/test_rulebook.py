from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from billing.rubs.rules import (
    Place,
    PropertyFacts,
    PropertyKind,
    ShownIn,
    load_places,
    statement_fields,
)
from billing.rubs.rules.tests.making import water

BOOK = load_places()


def ids(state: str, city: str = "", utility: str | None = None) -> set[str]:
    return {rule.id for rule in BOOK.for_place(state, city, utility)}


@pytest.mark.parametrize("state", ["", "ZZ", "Ontario"])
def test_an_unknown_state_has_the_ceiling_and_nothing_else(state: str) -> None:
    assert ids(state) == {"everywhere.ceiling", "everywhere.ceiling_with_fees"}
    assert not BOOK.covers(state)


def test_a_state_without_a_file_has_federal_law_besides() -> None:
    assert ids("WY") == {
        "everywhere.ceiling",
        "everywhere.ceiling_with_fees",
        "us.tax_credit_rent",
    }
    assert not BOOK.covers("WY")


@pytest.mark.parametrize("state", ["CO", " co "])
def test_a_state_is_known_however_its_letters_are_written(state: str) -> None:
    assert BOOK.covers(state)
    assert "co.fee" in ids(state)


def test_a_city_adds_to_its_state() -> None:
    assert ids("CA") < ids("CA", "Mountain View")
    assert ids("CA", "Mountain View") - ids("CA") == {"ca.mountain_view.rent"}


@pytest.mark.parametrize("city", ["San Jose", "SAN  JOSÉ ", "san jose"])
def test_a_city_stands_in_for_its_state_and_its_name_may_be_written_loosely(city: str) -> None:
    assert ids("CA", city) ^ ids("CA") == {"ca.rent_cap", "ca.san_jose.rent_control"}


def test_a_city_of_another_state_is_another_city() -> None:
    assert ids("TX", "San Jose") == ids("TX")


def test_a_state_of_which_only_cities_are_known_is_covered_in_these_alone() -> None:
    assert BOOK.covers("WA", "Auburn")
    assert not BOOK.covers("WA", "Spokane")


def test_rules_are_those_of_the_utility() -> None:
    assert "tx.water.late_fee" in ids("TX", utility="sewer")
    assert "tx.water.late_fee" not in ids("TX", utility="electric")


def test_a_general_rule_is_replaced_for_the_utilities_of_the_one_that_stands_in() -> None:
    general = "everywhere.ceiling_with_fees"
    assert general not in ids("GA", utility="water")
    assert general in ids("GA", utility="electric")
    assert general in ids("GA")


def test_a_rule_that_replaces_under_a_condition_does_so_only_when_it_is_met() -> None:
    general = "everywhere.ceiling_with_fees"

    def held_to(method: str | None) -> set[str]:
        return {rule.id for rule in BOOK.for_proposal(Place("CA"), water(method))}

    assert general in held_to("occupants")
    assert general not in held_to("submeter")
    assert general in held_to(None)


def test_a_rule_is_in_force_from_its_day_up_to_its_end() -> None:
    def held_to(day: date | None) -> set[str]:
        proposal = replace(water("occupants"), effective_on=day)
        return {rule.id for rule in BOOK.for_proposal(Place("CO"), proposal)}

    assert "co.common_area" not in held_to(date(2026, 3, 25))
    assert "co.before_the_act" in held_to(date(2026, 3, 25))
    assert "co.common_area" in held_to(date(2026, 3, 26))
    assert "co.before_the_act" not in held_to(date(2026, 3, 26))
    assert "co.before_the_act" not in held_to(date(2025, 12, 31))
    assert "co.common_area" in held_to(None)
    assert "co.before_the_act" not in held_to(None)


def test_what_a_statement_must_tell_comes_with_its_citation() -> None:
    fields = statement_fields("TX", "", "water")
    assert [field.name for field in fields][:2] == ["utility_name", "not_from_utility"]
    assert fields[1].label == "that the bill does not come from the utility"
    assert {field.citation for field in fields} == {"16 TAC 24.283"}
    assert {field.shown_in for field in fields} == {ShownIn.STATEMENT}


def test_each_thing_is_asked_for_once() -> None:
    names = [field.name for field in statement_fields("WA", "Auburn", "water")]
    assert len(set(names)) == len(names)


def test_what_a_lease_must_tell_is_asked_for_apart() -> None:
    lease = statement_fields("CO", "", "water", shown_in=ShownIn.LEASE)
    assert [field.name for field in lease] == ["method"]
    assert statement_fields("CO", "", "water") == ()


def test_no_field_is_known_where_no_place_is() -> None:
    assert statement_fields("", "", "water") == ()


def test_a_property_is_not_asked_for_what_it_is_surely_not_held_to() -> None:
    apartments = replace(water("equal"), facts=PropertyFacts(kind=PropertyKind.APARTMENTS))
    assert statement_fields("OR", "", "water", proposal=apartments) == ()
    assert statement_fields("OR", "", "water", proposal=water("equal"))
    assert statement_fields("OR", "", "water")
    metered = {field.name for field in statement_fields("TX", "", "water")}
    shared = statement_fields("TX", "", "water", proposal=water("occupants"))
    assert metered - {field.name for field in shared} == {"use_and_price"}

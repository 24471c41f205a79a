from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.rubs import Vacancy
from billing.rubs.rules import (
    MethodPart,
    Place,
    PropertyFacts,
    PropertyKind,
    Severity,
    review_calculation,
)
from billing.rubs.rules.tests.making import SOUND, found, outcome, reviewed, severities, with_facts

BLOCK, WARN, CONFIRM, NOTE = Severity


@pytest.mark.parametrize(
    "state",
    ["TX", "CO", "IL", "IN", "MD", "MN", "VA", "CA", "FL", "GA", "AZ", "NV", "OR", "DC", "PA"],
)
def test_a_careful_water_rule_passes_wherever_sharing_is_allowed(state: str) -> None:
    assert found(state, SOUND) == {}


@pytest.mark.parametrize(
    ("percent", "cents", "expected"),
    [
        ("2", 0, {}),
        ("0", 1000, {}),
        ("2.5", 0, {"co.fee": BLOCK}),
        ("0", 1001, {"co.fee": BLOCK}),
        ("1", 100, {"co.fee": BLOCK}),
    ],
)
def test_colorado_allows_two_percent_or_ten_dollars_not_both(
    percent: str, cents: int, expected: dict[str, Severity]
) -> None:
    proposal = replace(SOUND, admin_fee_percent=Decimal(percent), admin_fee_cents=cents)
    assert found("CO", proposal) == expected


def test_colorado_wants_common_areas_out_unless_they_have_meters() -> None:
    nothing = replace(SOUND, common_area_percent=0)
    assert found("CO", nothing) == {"co.common_area": BLOCK}
    assert found("CO", with_facts(nothing, common_areas_metered=True)) == {}
    unknown = with_facts(nothing, common_areas_metered=None)
    assert found("CO", unknown) == {"co.common_area": CONFIRM}


def test_colorado_wants_the_method_in_the_lease() -> None:
    assert found("CO", replace(SOUND, lease_items=frozenset())) == {"co.lease": BLOCK}
    assert found("CO", replace(SOUND, lease_items=None)) == {"co.lease": CONFIRM}


def test_colorado_before_its_act_and_for_permits_to_come() -> None:
    early = replace(SOUND, effective_on=date(2026, 2, 1), common_area_percent=0)
    assert found("CO", early) == {"co.before_the_act": WARN}
    late = with_facts(
        replace(SOUND, effective_on=date(2028, 1, 1)), permit_sought_on=date(2027, 7, 1)
    )
    assert found("CO", late) == {"co.new_permits": WARN}


def test_colorado_holds_tenants_to_the_utilitys_charge_with_a_small_fee_on_top() -> None:
    place = Place("CO")
    assert review_calculation(place, outcome(SOUND, 8320, (8320, 1000))) == ()
    over = severities(review_calculation(place, outcome(SOUND, 8320, (8321, 1001))))
    assert over == {"everywhere.ceiling": BLOCK, "co.ceiling": BLOCK, "co.fee": BLOCK}


@pytest.mark.parametrize("utility", ["electric", "gas", "water", "sewer"])
def test_connecticut_does_not_allow_a_formula(utility: str) -> None:
    shared = replace(SOUND, utility=utility)
    assert found("CT", shared) == {"ct.not_allowed": BLOCK}
    assert found("CT", replace(shared, method="submeter")) == {}
    half = (MethodPart("submeter", 50), MethodPart("equal", 50))
    assert found("CT", replace(shared, parts=half)) == {"ct.not_allowed": BLOCK}
    assert found("CT", replace(shared, method=None)) == {"ct.not_allowed": CONFIRM}


def test_connecticut_is_not_known_to_reach_trash() -> None:
    assert found("CT", replace(SOUND, utility="trash")) == {"ct.other_services": WARN}


def test_california_takes_no_side_but_its_cities_do() -> None:
    controlled = with_facts(SOUND, rent_controlled=True)
    assert reviewed("CA", SOUND) == {"ca.neutral": NOTE}
    assert found("CA", controlled) == {"ca.rent_cap": WARN}
    assert found("CA", controlled, "San José") == {"ca.san_jose.rent_control": BLOCK}
    assert found("CA", SOUND, "San Jose") == {}
    unknown = with_facts(SOUND, rent_controlled=None)
    assert found("CA", unknown, "San Jose") == {"ca.san_jose.rent_control": CONFIRM}
    assert found("CA", SOUND, "Mountain View") == {"ca.mountain_view.rent": WARN}
    assert found("CA", replace(controlled, method="submeter"), "San Jose") == {}


def test_california_wants_submeters_at_newer_connections() -> None:
    newer = with_facts(SOUND, water_connected_on=date(2018, 1, 2))
    assert found("CA", newer) == {"ca.new_connections": WARN}


@pytest.mark.parametrize(
    ("share", "fee", "expected"),
    [
        (1200, 300, {}),
        (1200, 301, {"ca.submeter_fee": BLOCK}),
        (4000, 475, {}),
        (4000, 476, {"ca.submeter_fee": BLOCK}),
    ],
)
def test_california_limits_the_fee_of_submetered_water(
    share: int, fee: int, expected: dict[str, Severity]
) -> None:
    submetered = replace(SOUND, method="submeter")
    made = outcome(submetered, share, (share, fee))
    assert severities(review_calculation(Place("CA"), made)) == expected


@pytest.mark.parametrize(
    ("state", "city", "change", "rule", "severity"),
    [
        ("MA", "", {}, "ma.water_not_allowed", BLOCK),
        ("MA", "", {"method": "submeter", "admin_fee_cents": 1}, "ma.water_fee", BLOCK),
        ("MN", "", {"utility": "electric"}, "mn.electric_not_allowed", BLOCK),
        ("MN", "", {"utility": "gas"}, "mn.gas_method", BLOCK),
        ("MN", "", {"method": "square_feet"}, "mn.water_method", BLOCK),
        ("MN", "", {"admin_fee_cents": 801}, "mn.fee", BLOCK),
        ("MN", "", {"late_fee_cents": 501}, "mn.late_fee", BLOCK),
        ("NC", "", {}, "nc.water_not_allowed", BLOCK),
        ("NC", "", {"method": "submeter", "admin_fee_cents": 376}, "nc.water_fee", BLOCK),
        ("NC", "", {"method": "submeter", "late_fee_cents": 1}, "nc.water_late_fee", BLOCK),
        ("NC", "", {"method": "submeter", "due_days": 24}, "nc.water_due_date", BLOCK),
        ("MD", "", {"lease_items": frozenset()}, "md.lease", BLOCK),
        ("AZ", "", {"lease_items": frozenset()}, "az.lease", BLOCK),
        (
            "AZ",
            "",
            {"admin_fee_cents": 300, "admin_fee_is_actual_cost": False},
            "az.fee",
            BLOCK,
        ),
        ("IN", "", {"admin_fee_cents": 401}, "in.fee", WARN),
        ("FL", "", {"utility": "electric", "admin_fee_cents": 1}, "fl.electric_fee", BLOCK),
        (
            "FL",
            "",
            {"admin_fee_percent": 10, "admin_fee_is_actual_cost": True},
            "fl.water_fee",
            BLOCK,
        ),
        ("VA", "", {"late_fee_cents": 501}, "va.late_fee", BLOCK),
        ("VA", "", {"due_days": 14}, "va.due_date", BLOCK),
        (
            "VA",
            "",
            {"utility": "gas", "vacancy": Vacancy.OCCUPIED_ONLY},
            "va.vacant_units",
            WARN,
        ),
        ("IL", "", {"lease_items": frozenset()}, "il.lease", BLOCK),
        ("NJ", "", {}, "nj.not_allowed", WARN),
        ("NY", "", {}, "ny.not_allowed", WARN),
        ("WA", "Auburn", {"notice_days": 29}, "wa.auburn.change_notice", BLOCK),
        ("WA", "Auburn", {"notice_days": 89, "changes_method": False}, "wa.auburn.notice", BLOCK),
        ("WA", "Seattle", {"statement_items": frozenset()}, "wa.seattle.statement", WARN),
    ],
)
def test_a_place_finds_what_it_forbids(
    state: str, city: str, change: dict[str, object], rule: str, severity: Severity
) -> None:
    assert found(state, replace(SOUND, **change), city) == {rule: severity}  # type: ignore[arg-type]  # the test names the fields


def test_parks_share_as_their_states_say() -> None:
    park = with_facts(SOUND, kind=PropertyKind.MANUFACTURED_HOMES)
    assert found("NV", park) == {"nv.park_method": BLOCK}
    assert found("NV", replace(park, method="equal")) == {}
    assert found("OR", replace(park, utility="trash")) == {"or.park_garbage": BLOCK}
    assert found("OR", replace(park, utility="trash", method="custom_weight")) == {}
    assert found("OR", replace(park, method="bedrooms")) == {"or.park_methods": WARN}
    assert found("OR", replace(park, admin_fee_cents=1)) == {"or.park_fee": BLOCK}


def test_tax_credit_housing_is_told_about_gross_rent_everywhere() -> None:
    credit = with_facts(SOUND, tax_credit=True)
    assert reviewed("WY", credit) == {"us.tax_credit_rent": NOTE}
    assert reviewed("WY", SOUND) == {}
    unknown = PropertyFacts()
    assert reviewed("WY", replace(SOUND, facts=unknown)) == {"us.tax_credit_rent": NOTE}

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.rubs.rules import (
    BillLine,
    CommonAreaKind,
    DeductionBase,
    Irrigation,
    Item,
    MethodPart,
    Place,
    PropertyKind,
    Severity,
    VacantPart,
    WeightTable,
    review_calculation,
    review_rule,
)
from billing.rubs.rules.tests.making import SOUND, found, outcome, severities, with_facts

BLOCK, WARN, CONFIRM, _ = Severity


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"method": "equal"}, "tx.water.methods"),
        ({"method": "bed_bath"}, "tx.water.methods"),
        ({"method": "square_feet"}, "tx.water.size_cap"),
        ({"common_area_percent": Decimal("4.99")}, "tx.water.no_irrigation"),
        ({"base_charge_vacant": VacantPart.TENANTS}, "tx.water.base_charge"),
        ({"service_charge_vacant": VacantPart.TENANTS}, "tx.water.service_charge"),
        ({"passed_on_lines": frozenset({BillLine.LATE_FEE})}, "tx.water.lines"),
        ({"late_fee_percent": 6, "late_fee_repeats": False}, "tx.water.late_fee"),
        ({"due_days": 15}, "tx.water.due_date"),
        ({"notice_days": 34}, "tx.water.notice"),
        ({"tenants_sign": False}, "tx.water.notice"),
    ],
)
def test_texas_blocks_what_its_water_rules_forbid(change: dict[str, object], rule: str) -> None:
    assert found("TX", replace(SOUND, **change)) == {rule: BLOCK}  # type: ignore[arg-type]  # the test names the fields


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"admin_fee_percent": 3}, "tx.water.formula_fee"),
        ({"records_months": 12}, "tx.water.records"),
        ({"common_area_base": DeductionBase.AFTER_FIXED_CHARGES}, "tx.water.deduction_base"),
        ({"statement_items": frozenset(Item) - {Item.NOT_FROM_UTILITY}}, "tx.water.statement"),
        ({"lease_items": frozenset(Item) - {Item.RANGE_LAST_YEAR}}, "tx.water.lease"),
    ],
)
def test_texas_warns_of_the_rest(change: dict[str, object], rule: str) -> None:
    assert found("TX", replace(SOUND, **change)) == {rule: WARN}  # type: ignore[arg-type]  # the test names the fields


@pytest.mark.parametrize(
    ("irrigation", "metered", "percent", "expected"),
    [
        (Irrigation.UNMETERED, False, 25, {}),
        (Irrigation.UNMETERED, False, 24, {"tx.water.irrigation_unmetered": BLOCK}),
        (Irrigation.METERED, False, 5, {}),
        (Irrigation.METERED, False, 4, {"tx.water.irrigation_metered": BLOCK}),
        (Irrigation.NONE, False, 5, {}),
        (Irrigation.NONE, False, 4, {"tx.water.no_irrigation": BLOCK}),
        (Irrigation.METERED, True, 5, {"tx.water.common_areas_metered": WARN}),
        (None, False, 25, {}),
        (None, False, 24, {"tx.water.irrigation_unmetered": CONFIRM}),
        (
            None,
            False,
            4,
            {
                "tx.water.irrigation_unmetered": CONFIRM,
                "tx.water.irrigation_metered": CONFIRM,
                "tx.water.no_irrigation": CONFIRM,
            },
        ),
    ],
)
def test_texas_takes_off_as_much_as_irrigation_and_meters_ask(
    *, irrigation: Irrigation | None, metered: bool, percent: int, expected: dict[str, Severity]
) -> None:
    proposal = with_facts(
        replace(SOUND, common_area_percent=percent),
        irrigation=irrigation,
        common_areas_metered=metered,
    )
    assert found("TX", proposal) == expected


def test_texas_reads_the_deduction_of_the_calculation_too() -> None:
    proposal = with_facts(
        replace(SOUND, common_area_kind=CommonAreaKind.FIXED), irrigation=Irrigation.UNMETERED
    )
    assert found("TX", proposal) == {"tx.water.irrigation_unmetered": CONFIRM}
    enough = outcome(proposal, 100_000, (71_000, 0), common_area_cents=25_000)
    assert review_calculation(Place("TX"), enough) == ()
    less = outcome(proposal, 100_000, (71_001, 0), common_area_cents=24_999)
    found_of_it = severities(review_calculation(Place("TX"), less))
    assert found_of_it == {"tx.water.irrigation_unmetered": BLOCK}


def test_texas_keeps_the_charge_of_metered_irrigation_with_the_owner() -> None:
    lines = frozenset({BillLine.USAGE, BillLine.IRRIGATION})
    proposal = with_facts(replace(SOUND, passed_on_lines=lines), irrigation=Irrigation.METERED)
    assert found("TX", proposal) == {"tx.water.irrigation_charge": BLOCK}


@pytest.mark.parametrize(("size", "expected"), [(50, {}), (51, {"tx.water.size_cap": BLOCK})])
def test_texas_lets_size_decide_half_at_most(size: int, expected: dict[str, Severity]) -> None:
    parts = (MethodPart("square_feet", size), MethodPart("occupants", 100 - size))
    assert found("TX", replace(SOUND, method="mix", parts=parts)) == expected


def test_texas_has_its_tables_as_floors() -> None:
    texan = WeightTable((1, Decimal("1.6"), Decimal("2.2")), Decimal("0.4"))
    ratio = replace(SOUND, method="ratio_occupancy")
    assert found("TX", replace(ratio, ratio_table=texan)) == {}
    assert found("TX", ratio) == {"tx.water.ratio_weights": CONFIRM}
    low = replace(ratio, ratio_table=replace(texan, each_further=Decimal("0.3")))
    assert found("TX", low) == {"tx.water.ratio_weights": WARN}
    bedrooms = WeightTable((1, Decimal("1.6"), Decimal("2.8"), 4), Decimal("1.2"))
    estimated = replace(SOUND, method="estimated_occupancy")
    assert found("TX", replace(estimated, bedroom_table=bedrooms)) == {}
    lower = replace(estimated, bedroom_table=replace(bedrooms, weights=(1, 1, 2, 3)))
    assert found("TX", lower) == {"tx.water.bedroom_weights": WARN}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"unit_count": 4}, {}),
        ({"unit_count": None}, {"tx.water.methods": CONFIRM}),
        ({"kind": PropertyKind.CONDOMINIUM}, {}),
        ({"unit_count": 5}, {"tx.water.methods": BLOCK}),
    ],
)
def test_texas_binds_apartment_houses_of_five_units_to_its_methods(
    facts: dict[str, object], expected: dict[str, Severity]
) -> None:
    assert found("TX", with_facts(replace(SOUND, method="equal"), **facts)) == expected


@pytest.mark.parametrize(
    ("began", "expected"),
    [
        (date(2003, 1, 1), {}),
        (date(2003, 1, 2), {"tx.water.new_construction": BLOCK}),
        (None, {"tx.water.new_construction": CONFIRM}),
    ],
)
def test_texas_wants_meters_in_newer_buildings(
    began: date | None, expected: dict[str, Severity]
) -> None:
    assert found("TX", with_facts(SOUND, construction_began_on=began)) == expected
    assert (
        found("TX", with_facts(replace(SOUND, method="submeter"), construction_began_on=began))
        == {}
    )


def test_texas_lets_submeters_bear_nine_percent_but_not_in_tax_credit_housing() -> None:
    nine = replace(SOUND, method="submeter", admin_fee_percent=9)
    assert found("TX", nine) == {}
    assert found("TX", replace(nine, admin_fee_percent=10)) == {"tx.water.service_fee": BLOCK}
    assert found("TX", with_facts(nine, tax_credit=True)) == {
        "tx.water.service_fee_tax_credit": BLOCK
    }


def test_texas_warns_of_going_back_from_submeters() -> None:
    before = with_facts(SOUND, previously_submetered=True)
    assert found("TX", before) == {"tx.water.back_to_formula": WARN}


def test_texas_electricity_is_held_to_its_own_rules() -> None:
    electric = replace(SOUND, utility="electric", method="square_feet")
    assert found("TX", electric) == {}
    bare = replace(electric, lease_items=frozenset())
    assert found("TX", bare) == {"tx.electric.lease": WARN}
    over = outcome(electric, 10_000, (9_990, 11))
    assert severities(review_calculation(Place("TX"), over)) == {"tx.electric.ceiling": BLOCK}
    late = frozenset({BillLine.LATE_FEE})
    submetered = replace(electric, method="submeter", passed_on_lines=late, records_months=12)
    assert found("TX", submetered) == {
        "tx.electric.submetered_lines": BLOCK,
        "tx.electric.submetered_records": WARN,
    }


def test_a_texan_finding_reads_as_an_accountant_would_want_it() -> None:
    proposal = with_facts(SOUND, irrigation=Irrigation.UNMETERED)
    finding = next(
        one for one in review_rule(Place("TX"), proposal) if one.severity is Severity.BLOCK
    )
    assert finding.message == (
        "Where irrigation runs over the master meter without a meter of its own, at least 25 % of"
        " the bill is taken off before tenants share it. This rule takes off 10 %."
        " (16 TAC 24.281(e)(1); a summary of it seen, as of 2026-05-23; confidence: high)"
    )
    assert finding.remedy == "Set the common area to 25 % or more."

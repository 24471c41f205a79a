"""Rules and calculations held against the rules of their place."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.inputs import rule_input
from billing.models import CalculationState, LineKind, PlaceFacts, PlaceOverride, Utility
from billing.operations.calculations import Blocked
from billing.operations.places import set_aside, set_place_facts
from billing.place_review import PlaceFinding, read_facts, review_share_rule
from billing.queries import blockers
from billing.rubs import AdminFee, RatioTable, RuleInput, Vacancy
from billing.rubs.rules import Irrigation, PropertyFacts, PropertyKind, Severity
from billing.tests.audit_down import audit_down
from billing.tests.desk import Desk
from billing.tests.every_method import put_in_force
from billing.tests.small_place import small_bill
from portfolios.models import AuditEvent, Property

pytestmark = pytest.mark.django_db

BY_AREA = RuleInput(
    method="square_feet", vacancy=Vacancy.OWNER_PAYS, common_area_percent=Decimal(25)
)


@pytest.fixture
def desk(cast, now) -> Desk:
    """Put a bill for three units, in no state that is known, on the desk."""
    return Desk(small_bill(cast, now), cast, now)


@pytest.fixture
def place(desk: Desk) -> Property:
    """Take the bill's property."""
    return desk.bill.property


def move(place: Property, state: str, city: str = "") -> None:
    place.state, place.city = state, city
    place.save()


def review(
    place: Property, rule: RuleInput = BY_AREA, utility: Utility = Utility.WATER
) -> tuple[PlaceFinding, ...]:
    return review_share_rule(place=place, utility=utility, rule=rule)


def blocking(found: tuple[PlaceFinding, ...]) -> list[str]:
    return [each.finding.rule_id for each in found if each.blocks]


def let_aside(desk: Desk, rule_id: str = "ct.not_allowed", reason: str = "Counsel agreed.") -> None:
    set_aside(
        place=desk.bill.property,
        utility=Utility.WATER,
        place_rule_id=rule_id,
        reason=reason,
        by=desk.cast.accountant,
        now=desk.now,
    )


def test_where_no_state_is_known_nothing_stands_in_the_way(desk, place):
    assert blocking(review(place)) == []
    assert desk.in_review().state == CalculationState.IN_REVIEW


def test_connecticut_does_not_allow_it_and_says_where_that_stands(place):
    move(place, "CT")

    (found,) = [each for each in review(place) if each.blocks]

    assert found.finding.rule_id == "ct.not_allowed"
    assert found.finding.severity is Severity.BLOCK
    assert "CGS 16-262e(c)" in found.finding.message
    assert found.finding.remedy


def test_connecticut_has_nothing_against_submeters(place):
    move(place, "CT")

    assert blocking(review(place, replace(BY_AREA, method="submeter"))) == []


def test_texas_wants_enough_for_common_areas(place, cast, now):
    move(place, "TX")
    facts = {"irrigation": "unmetered", "common_areas_metered": False, "kind": "apartments"}
    set_place_facts(place=place, facts=facts, by=cast.manager, now=now)

    assert blocking(review(place)) == []
    just_less = replace(BY_AREA, common_area_percent=Decimal("24.99"))
    assert blocking(review(place, just_less)) == ["tx.water.irrigation_unmetered"]


def test_texas_wants_size_to_decide_at_most_half_in_an_apartment_house_of_five(place, cast, now):
    move(place, "TX")
    set_place_facts(place=place, facts={"kind": "apartments"}, by=cast.manager, now=now)
    expected = {4: [], 5: ["tx.water.size_cap"]}

    for units, blocked in expected.items():
        place.unit_count = units
        assert blocking(review(place)) == blocked


def test_texas_knows_its_own_table_of_ratios_from_a_lower_one(place):
    move(place, "TX")
    texan = replace(BY_AREA, method="ratio_occupancy", vacant_unit_occupants=1)
    lower = replace(texan, occupancy_ratios=RatioTable(1, (Decimal(1), Decimal("1.5")), 1))

    def warned(rule: RuleInput) -> bool:
        weights = "tx.water.ratio_weights"
        return any(found.finding.rule_id == weights for found in review(place, rule))

    assert (warned(texan), warned(lower)) == (False, True)


def test_texas_rules_for_water_are_not_those_for_trash(place):
    move(place, "TX")

    assert not [
        each
        for each in review(place, utility=Utility.TRASH)
        if each.finding.rule_id.startswith("tx.water")
    ]


def test_what_is_not_known_is_asked_and_never_blocks(place):
    move(place, "TX")

    asked = [each for each in review(place) if each.finding.severity is Severity.CONFIRM]

    assert asked
    assert not any(each.blocks for each in asked)


def test_facts_that_were_said_are_read_and_the_rest_stays_unknown(place, cast, now):
    place.unit_count = 3
    set_place_facts(
        place=place,
        facts={
            "kind": "condominium",
            "irrigation": "none",
            "tax_credit": True,
            "permitted_on": "2003-05-01",
            "rent_controlled": None,
        },
        by=cast.manager,
        now=now,
    )

    found = read_facts(place)

    assert (found.kind, found.irrigation) == (PropertyKind.CONDOMINIUM, Irrigation.NONE)
    assert (found.tax_credit, found.rent_controlled) == (True, None)
    assert str(found.permitted_on) == "2003-05-01"
    assert found.unit_count == 3


def test_of_a_property_of_which_nobody_said_anything_only_the_units_are_known(place):
    assert read_facts(place) == PropertyFacts(unit_count=place.unit_count)


def test_the_same_facts_again_are_no_event(place, cast, now):
    for facts in ({"tax_credit": True}, {"tax_credit": True, "kind": None}):
        set_place_facts(place=place, facts=facts, by=cast.manager, now=now)
    set_place_facts(place=place, facts={}, by=cast.manager, now=now)

    events = AuditEvent.objects.filter(verb="place_facts.set").order_by("pk")
    assert [(event.before, event.after) for event in events] == [
        ({}, {"tax_credit": True}),
        ({"tax_credit": True}, {}),
    ]
    assert PlaceFacts.objects.get().facts == {}


def test_a_block_stops_the_calculation_at_submitting_with_its_citation(desk, place):
    move(place, "CT")
    calculation = desk.calculate()

    with pytest.raises(Blocked, match=r"CGS 16-262e\(c\)") as refusal:
        desk.submit(calculation)

    assert len(refusal.value.blockers) == 1
    calculation.refresh_from_db()
    assert calculation.state == CalculationState.DRAFT
    assert calculation.submitted_by is None


def test_once_set_aside_it_passes_and_the_calculation_prints_who_and_why(desk, place, cast, now):
    move(place, "CT")
    let_aside(desk)

    calculation = desk.in_review()

    (found,) = [each for each in calculation.findings if each["rule_id"] == "ct.not_allowed"]
    assert found["set_aside"] == {
        "by": "Accountant",
        "on": "2026-04-02",
        "reason": "Counsel agreed.",
    }
    assert (found["severity"], found["confidence"]) == ("block", "high")
    assert "CGS 16-262e(c)" in found["citation"]


def test_a_calculation_made_before_stays_blocked_until_it_is_made_again(desk, place):
    move(place, "CT")
    calculation = desk.calculate()
    let_aside(desk)

    assert blockers(calculation)
    assert blockers(desk.calculate()) == ()


def test_what_was_set_aside_for_one_utility_is_not_for_another(desk, place):
    move(place, "CT")
    let_aside(desk)

    assert blocking(review(place)) == []
    assert blocking(review(place, utility=Utility.GAS)) == ["ct.not_allowed"]


def test_setting_one_rule_aside_leaves_the_others(desk, place):
    move(place, "CT")
    let_aside(desk, rule_id="tx.water.tables")

    assert blocking(review(place)) == ["ct.not_allowed"]


def test_setting_aside_is_in_the_audit_trail_with_the_reason_each_time(desk, cast):
    let_aside(desk)
    let_aside(desk, reason="The court decided.")

    assert PlaceOverride.objects.get().reason == "The court decided."
    events = AuditEvent.objects.filter(verb="place_rule.set_aside").order_by("pk")
    assert [(event.actor, event.note) for event in events] == [
        (cast.accountant, "Counsel agreed."),
        (cast.accountant, "The court decided."),
    ]
    assert events[0].after == {"utility": "water", "place_rule_id": "ct.not_allowed"}
    assert events[0].portfolio == cast.portfolio


def test_nothing_is_set_aside_without_the_audit_trail(desk):
    with audit_down():
        let_aside(desk)

    assert not PlaceOverride.objects.exists()


def use(desk: Desk, rule: RuleInput) -> None:
    put_in_force(desk.bill, rule, by=desk.cast.manager, now=desk.now)


FEE = AdminFee(flat_cents=500)


def warned_of_fees(desk: Desk) -> bool:
    calculation = desk.calculate()
    return "everywhere.ceiling_with_fees" in {each["rule_id"] for each in calculation.findings}


def test_fees_that_make_tenants_pay_more_than_the_bill_are_warned_of(desk):
    use(desk, replace(BY_AREA, common_area_percent=0, admin_fee=FEE))

    assert warned_of_fees(desk)
    assert blockers(desk.bill.calculations.latest("version")) == ()


def test_fees_within_what_the_owner_bears_are_not(desk):
    use(desk, replace(BY_AREA, admin_fee=FEE))

    assert not warned_of_fees(desk)


def test_a_line_that_is_not_passed_on_makes_no_room_for_fees(desk):
    use(desk, replace(BY_AREA, common_area_percent=0, admin_fee=FEE))
    lines = {LineKind.USAGE: desk.bill.amount_cents - 5_000, LineKind.LATE_FEE: 5_000}
    for position, (kind, cents) in enumerate(lines.items(), start=1):
        desk.bill.lines.create(position=position, kind=kind, amount_cents=cents)

    assert warned_of_fees(desk)


def test_the_rule_in_force_can_be_reviewed_as_stored(place):
    move(place, "CT")
    stored = place.share_rules.get(is_active=True)

    assert blocking(review(place, rule_input(stored))) == ["ct.not_allowed"]

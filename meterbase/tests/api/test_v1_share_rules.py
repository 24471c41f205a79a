"""Share rules: the defaults, what may be set, and what becomes of what was calculated."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billing.models import Method, ShareRule, Utility
from billing.operations.calculations import calculate_bill
from billing.operations.share_rules import withdraw_share_rule
from billing.queries import changes_since
from portfolios.models import AuditEvent


@pytest.fixture
def program(programs):
    return programs["manager"]


@pytest.fixture
def rules(small):
    return f"/api/v1/properties/{small.property_id}/sharerules"


@pytest.fixture
def water(small):
    return f"/api/v1/sharerules/{small.property_id}-water"


def test_every_utility_has_a_rule_and_the_defaults_share_nothing(program, rules):
    answer = program.get(rules).json()
    assert [rule["utilityType"] for rule in answer["data"]] == Utility.values
    assert answer["pagination"] == {"total": 6, "page": 1, "limit": 20, "totalPages": 1}
    (gas,) = (rule for rule in answer["data"] if rule["utilityType"] == "gas")
    assert (gas["splitMethod"], gas["vacancy"]) == ("square_feet", "owner_pays")
    assert (gas["commonAreaPercent"], gas["isActive"], gas["version"]) == (0, False, None)
    assert [rule["utilityType"] for rule in answer["data"] if rule["isActive"]] == ["water"]


def test_a_default_that_is_saved_is_in_force(program, rules, small):
    saved = program.call("PATCH", f"/api/v1/sharerules/{small.property_id}-gas", {})
    assert (saved.json()["isActive"], saved.json()["version"]) == (True, 1)


def test_a_new_rule_takes_the_place_of_the_one_in_force(program, rules, small, cast, now):
    calculation = calculate_bill(bill=small, by=cast.manager, now=now)
    made = program.post(rules, {"utilityType": "water", "splitMethod": "equal"})

    assert made.status_code == 201
    assert (made.json()["splitMethod"], made.json()["version"]) == ("equal", 2)
    assert ShareRule.objects.get(is_active=True).method == Method.EQUAL
    assert changes_since(calculation) == ("the share rule is no longer version 1",)


def test_a_change_keeps_what_it_does_not_name(program, water):
    before = program.get(water).json()
    changed = program.call("PATCH", water, {"splitMethod": "bedrooms"}).json()
    new = {"splitMethod": "bedrooms", "version": 2, "createdAt": changed["createdAt"]}
    assert changed == before | new
    assert before["commonAreaPercent"] == 10
    again = program.call("PATCH", water, {"splitMethod": "bedrooms"}).json()
    assert again["version"] == 2


def test_methods_are_mixed(program, water):
    mix = [{"splitMethod": "square_feet", "percent": 60}, {"splitMethod": "equal", "percent": 40}]
    changed = program.call("PATCH", water, {"splitMethod": "mix", "mix": mix})
    assert changed.json()["mix"] == mix
    assert program.call("PATCH", water, {"splitMethod": "equal"}).json()["mix"] == []


def test_what_a_rule_says_of_vacancy_goes_with_what_it_was_for(program, water):
    people = {"splitMethod": "occupants", "vacantUnitOccupants": 1}
    assert program.call("PATCH", water, people).json()["vacantUnitOccupants"] == 1
    area = program.call("PATCH", water, {"splitMethod": "square_feet"}).json()
    assert area["vacantUnitOccupants"] is None
    part = program.call("PATCH", water, {"vacancy": "partial", "vacancyOwnerPercent": 40}).json()
    assert (part["vacancy"], part["vacancyOwnerPercent"]) == ("partial", 40)
    whole = program.call("PATCH", water, {"vacancy": "owner_pays"}).json()
    assert (whole["vacancy"], whole["vacancyOwnerPercent"]) == ("owner_pays", None)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"splitMethod": "by_guess"}, "splitMethod"),
        ({"commonAreaPercent": Decimal("50.5")}, "commonAreaPercent"),
        ({"commonAreaPercent": "10"}, "commonAreaPercent"),
        ({"vacancy": "nobody"}, "vacancy"),
        ({"splitMethod": "occupants"}, "vacantUnitOccupants"),
        ({"vacantUnitOccupants": Decimal("1.5")}, "vacantUnitOccupants"),
        ({"splitMethod": "mix", "mix": []}, "mix"),
        ({"chargeCode": "NONE_SUCH"}, "chargeCode"),
        ({"effectiveFrom": "yesterday"}, "effectiveFrom"),
        ({"isActive": True}, "isActive"),
    ],
)
def test_what_no_rule_can_be_is_refused_and_nothing_is_stored(program, water, wrong, field):
    refused = program.call("PATCH", water, wrong)
    assert refused.status_code == 422
    assert list(refused.json()["error"]["details"]) == [field]
    assert ShareRule.objects.count() == 1


def test_a_deleted_rule_leaves_the_default_and_nothing_can_be_calculated(
    program, water, small, cast, now
):
    calculation = calculate_bill(bill=small, by=cast.manager, now=now)
    left = program.call("DELETE", water)

    assert (left.status_code, left.json()["isActive"]) == (200, False)
    assert changes_since(calculation) == ("the share rule is no longer version 1",)
    again = programs_calculate(program, small)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "no_share_rule")
    assert AuditEvent.objects.filter(verb="share_rule.withdrawn").count() == 1
    assert program.call("DELETE", water).json()["error"]["code"] == "not_active"


def programs_calculate(program, bill):
    return program.post("/api/rubs/calculate", {"bill_id": bill.pk})


def test_a_rule_can_be_set_again_after_it_was_deleted(program, water, rules, small):
    program.call("DELETE", water)
    made = program.post(rules, {"utilityType": "water", "splitMethod": "equal"}).json()
    assert (made["version"], made["isActive"]) == (2, True)
    assert programs_calculate(program, small).status_code == 201


def test_earlier_versions_do_not_come_back_when_a_rule_is_withdrawn(small, cast, now):
    place = small.property
    asked = {"place": place, "utility": Utility.WATER, "by": cast.manager, "now": now}
    assert withdraw_share_rule(**asked) is True
    assert withdraw_share_rule(**asked) is False
    assert not ShareRule.objects.filter(withdrawn_at=None).exists()


@pytest.mark.parametrize("wrong", ["7", "abc", "7-plasma", "-water", "7-water-2"])
def test_an_id_that_is_no_rule_is_not_found(program, wrong):
    assert program.get(f"/api/v1/sharerules/{wrong}").status_code == 404

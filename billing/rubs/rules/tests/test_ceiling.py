from __future__ import annotations

from dataclasses import replace

import pytest

from billing.rubs.rules import Place, Severity, review_calculation
from billing.rubs.rules.checks.ceiling import Ceiling
from billing.rubs.rules.tests.making import limits, outcome, severities, water
from billing.rubs.rules.verdicts import Missed, Unknown


@pytest.mark.parametrize("state", ["", "ZZ", "TX", "WY", "CO", "GA"])
def test_tenants_never_pay_a_cent_more_than_the_bill_anywhere(state: str) -> None:
    place, rule = Place(state), water("occupants")
    assert "everywhere.ceiling" not in severities(
        review_calculation(place, outcome(rule, 1000, (500, 0), (500, 0)))
    )
    found = review_calculation(place, outcome(rule, 1000, (500, 0), (501, 0)))
    ceiling = next(one for one in found if one.rule_id == "everywhere.ceiling")
    assert ceiling.severity is Severity.BLOCK
    assert (
        "The tenants pay $10.01; $10.00 may be billed, so that is $0.01 too much."
        in ceiling.message
    )


def test_fees_on_top_are_a_warning_where_no_rule_lets_them_be() -> None:
    made = outcome(water("occupants"), 1000, (1000, 5))
    found = review_calculation(Place("WY"), made)
    assert severities(found) == {"everywhere.ceiling_with_fees": Severity.WARN}
    assert "The tenants pay $10.05 with their fees" in found[0].message


@pytest.mark.parametrize(("state", "fee"), [("CO", 20), ("GA", 20), ("IN", 20), ("AZ", 20)])
def test_fees_may_come_on_top_where_a_place_says_so(state: str, fee: int) -> None:
    made = outcome(water("occupants"), 1000, (1000, fee), common_area_cents=0)
    assert severities(review_calculation(Place(state), made)) == {}


def test_where_it_is_not_sure_that_fees_are_inside_both_rules_speak() -> None:
    electric = replace(water("square_feet"), utility="electric")
    found = severities(review_calculation(Place("TX"), outcome(electric, 1000, (999, 2))))
    assert found == {
        "everywhere.ceiling_with_fees": Severity.WARN,
        "tx.electric.ceiling": Severity.CONFIRM,
    }


def test_a_credit_may_be_kept_but_never_turned_into_a_charge() -> None:
    check = Ceiling.read(limits())
    rule = water("occupants")
    assert check.audit(outcome(rule, -1000, (-600, 0))) is None
    assert check.audit(outcome(rule, -1000, (-1000, 0))) is None
    assert isinstance(check.audit(outcome(rule, -1000, (1, 0))), Missed)


def test_the_owners_own_use_lowers_the_ceiling_where_the_place_says_so() -> None:
    check = Ceiling.read(limits(less_own_use=True))
    rule = water("occupants")
    assert check.audit(outcome(rule, 1000, (900, 0), common_area_cents=100)) is None
    assert isinstance(check.audit(outcome(rule, 1000, (901, 0), common_area_cents=100)), Missed)
    assert check.audit(outcome(rule, 1000, (900, 0))) == Unknown(
        "what the owner's own use comes to"
    )

"""Setting share rules: each change is a new version, one of them in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from billing.inputs import rule_for, rule_input
from billing.models import Method, ShareRule, Utility, UtilityBill, VacancyPolicy
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.calculations import NoShareRule, calculate_bill
from billing.operations.share_rules import ShareRuleEntry, entry_for, set_share_rule
from billing.queries import changes_since
from billing.rubs import (
    AdminFee,
    CommonAreaBase,
    Limits,
    MixPart,
    Proration,
    RatioTable,
    RuleInput,
    Vacancy,
)
from billing.tests.audit_down import audit_down
from billing.tests.small_place import small_place
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import AuditEvent, Property

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(cast, now) -> Property:
    """Make a property of three units."""
    return small_place(cast, now)


ENTRY = ShareRuleEntry(
    method=Method.SQUARE_FEET,
    vacancy=VacancyPolicy.OWNER_PAYS,
    common_area_percent=Decimal("12.5"),
)


@pytest.fixture
def set_rule(place, cast, now):
    """Give a function that sets the water rule."""

    def set_it(entry: ShareRuleEntry = ENTRY, utility: Utility = Utility.WATER) -> ShareRule:
        return set_share_rule(place=place, utility=utility, entry=entry, by=cast.manager, now=now)

    return set_it


def test_the_first_rule_is_version_1_and_in_force(set_rule, cast):
    rule = set_rule()

    rule.refresh_from_db()
    assert (rule.version, rule.is_active, rule.created_by) == (1, True, cast.manager)
    assert rule.common_area_percent == Decimal("12.50")


def test_a_changed_rule_takes_the_place_of_the_one_before(set_rule):
    first = set_rule()

    second = set_rule(replace(ENTRY, common_area_percent=Decimal(20)))

    first.refresh_from_db()
    assert (first.is_active, first.common_area_percent) == (False, Decimal("12.5"))
    assert (second.version, second.is_active) == (2, True)
    event = AuditEvent.objects.filter(verb="share_rule.set").latest("pk")
    assert event.before["common_area_percent"] == "12.50"
    assert event.after["common_area_percent"] == "20"


def test_the_same_rule_again_changes_nothing(set_rule):
    first = set_rule()

    assert set_rule(replace(ENTRY, common_area_percent=Decimal("12.500"))) == first
    assert ShareRule.objects.count() == 1
    assert AuditEvent.objects.filter(verb="share_rule.set").count() == 1


def test_an_earlier_rule_set_again_is_a_version_of_its_own(set_rule):
    set_rule()
    set_rule(replace(ENTRY, common_area_percent=Decimal(20)))

    assert set_rule().version == 3


def test_each_utility_has_a_rule_of_its_own(set_rule):
    set_rule()

    assert set_rule(utility=Utility.TRASH).version == 1
    assert ShareRule.objects.filter(is_active=True).count() == 2


def test_it_changes_nothing_that_cannot_be_written_into_the_audit_trail(set_rule):
    first = set_rule()

    with audit_down():
        set_rule(replace(ENTRY, common_area_percent=Decimal(20)))

    assert list(ShareRule.objects.filter(is_active=True)) == [first]


FULL = RuleInput(
    method="mix",
    vacancy=Vacancy.PARTIAL,
    common_area_percent=Decimal("7.25"),
    vacant_unit_occupants=2,
    strict_floor=True,
    bedroom_factor=Decimal("0.75"),
    bathroom_factor=Fraction(1, 3),
    studio_bedrooms=Decimal("0.5"),
    proration=Proration.BY_DAY,
    mix=(
        MixPart(method="occupants", percent=Decimal("33.3"), denominator_at_least=100),
        MixPart(method="bedrooms", percent=Decimal("66.7")),
    ),
    vacancy_owner_percent=Decimal("62.5"),
    common_area_base=CommonAreaBase.SHARED_LINES,
    common_area_cents=1_234,
    common_area_usage=Decimal("3.5"),
    total_usage=70,
    occupancy_ratios=RatioTable(1, (1, Decimal("1.5")), Decimal("0.25")),
    bedroom_ratios=RatioTable(0, (1, 2), 1),
    limits=Limits(minimum_cents=100, cap_cents=20_000),
    limits_by_days=False,
    admin_fee=AdminFee(percent=Decimal("2.5"), at_most_cents=1_000),
)


def test_every_option_is_stored_and_read_back_as_it_was(place, cast, now):
    entry = entry_for(FULL, charge_code="RUBS", effective_from=date(2026, 3, 1))
    made = set_share_rule(place=place, utility=Utility.WATER, entry=entry, by=cast.manager, now=now)

    rule = ShareRule.objects.get(pk=made.pk)
    assert rule_input(rule) == FULL
    assert (rule.charge_code, rule.effective_from) == ("RUBS", date(2026, 3, 1))


def test_a_rule_that_was_read_back_is_the_same_rule_again(place, cast, now, set_rule):
    first = set_rule(entry_for(FULL))

    assert set_rule(entry_for(rule_input(ShareRule.objects.get(pk=first.pk)))) == first


def test_a_rule_without_options_is_read_with_the_usual_ones(set_rule):
    assert rule_input(set_rule()) == RuleInput(
        method="square_feet", vacancy=Vacancy.OWNER_PAYS, common_area_percent=Decimal("12.5")
    )


MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
APRIL = Period(date(2026, 4, 1), date(2026, 5, 1))


@pytest.fixture
def enter(place, cast, now):
    """Give a function that enters a water bill."""

    def enter_it(period: Period) -> UtilityBill:
        entry = BillEntry(utility=Utility.WATER, period=period, amount=Cents(34_561))
        return enter_bill(place=place, entry=entry, by=cast.manager, now=now)

    return enter_it


def test_each_bill_is_shared_by_the_version_of_its_first_day(set_rule, enter, cast, now):
    since_ever = set_rule()
    since_april = set_rule(replace(ENTRY, method=Method.EQUAL, effective_from=APRIL.start))

    made = {
        bill.period: calculate_bill(bill=bill, by=cast.manager, now=now)
        for bill in (enter(MARCH), enter(APRIL))
    }

    assert made[MARCH].share_rule == since_ever
    assert made[APRIL].share_rule == since_april
    assert made[APRIL].inputs["rule"]["method"] == "equal"


def test_a_day_earlier_the_new_version_does_not_count_yet(set_rule, enter):
    since_ever = set_rule()
    set_rule(replace(ENTRY, method=Method.EQUAL, effective_from=APRIL.start))

    over_the_change = enter(Period(date(2026, 3, 31), date(2026, 4, 30)))

    assert rule_for(over_the_change) == since_ever


def test_of_versions_that_count_the_newest_does(set_rule, enter):
    set_rule(replace(ENTRY, effective_from=date(2026, 1, 1)))
    newest = set_rule(replace(ENTRY, method=Method.EQUAL))

    assert rule_for(enter(MARCH)) == newest


def test_a_rule_that_begins_later_is_no_rule_for_an_earlier_bill(set_rule, enter, cast, now):
    set_rule(replace(ENTRY, effective_from=APRIL.start))

    with pytest.raises(NoShareRule, match="no share rule for water"):
        calculate_bill(bill=enter(MARCH), by=cast.manager, now=now)


def test_a_later_version_does_not_put_an_earlier_bill_out_of_date(set_rule, enter, cast, now):
    set_rule()
    calculation = calculate_bill(bill=enter(MARCH), by=cast.manager, now=now)

    set_rule(replace(ENTRY, method=Method.EQUAL, effective_from=APRIL.start))
    assert changes_since(calculation) == ()

    set_rule(replace(ENTRY, method=Method.EQUAL, effective_from=MARCH.start))
    assert changes_since(calculation) == ("the share rule is no longer version 1",)

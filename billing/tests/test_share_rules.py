"""Setting share rules: each change is a new version, one of them in force."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from billing.models import Method, ShareRule, Utility, VacancyPolicy
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from billing.tests.audit_down import audit_down
from billing.tests.small_place import small_place
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

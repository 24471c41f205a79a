"""The bills and rules of a property."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from billing.models import ShareRule
from billing.tests.acts import alert_of, row_of
from portfolios.tests.pages import check_page, text_of, the

RULE = {
    "method": "square_feet",
    "vacancy": "owner_pays",
    "common_area_percent": "12.5",
    "vacant_unit_occupants": "",
}


def rule_url(place, utility: str = "gas") -> str:
    return reverse("billing:share-rule-edit", args=[place.pk, utility])


def property_url(place) -> str:
    return reverse("billing:property-detail", args=[place.pk])


def rules_url(place) -> str:
    return reverse("billing:property-rules", args=[place.pk])


@time_machine.travel(datetime(2026, 4, 20, 12, tzinfo=UTC), tick=False)
def test_the_page_shows_bills_by_month_and_the_other_tabs(cast, place, bill, signed_in):
    page = check_page(signed_in(cast.manager).get(property_url(place)))
    assert page.find("a", href=reverse("billing:bill-detail", args=[bill.pk]))
    assert page.find("a", href=reverse("billing:bill-create", args=[place.pk]))
    assert page.find("a", href=reverse("portfolios:property-detail", args=[place.pk]))
    assert page.find("a", href=reverse("integrations:property-sync", args=[place.pk]))
    billed = the(page, "a.month.tone-success")
    assert billed["href"] == reverse("billing:bill-detail", args=[bill.pk])


def test_the_rules_stand_on_a_page_of_their_own(cast, place, bill, signed_in):
    page = check_page(signed_in(cast.manager).get(rules_url(place)))
    assert "Square footage" in row_of(page, rule_url(place, "water"))
    assert "No rule yet" in row_of(page, rule_url(place))
    viewers = check_page(signed_in(cast.viewer).get(rules_url(place)))
    assert "Only a property manager" in text_of(viewers)
    assert signed_in(cast.stranger).get(rules_url(place)).status_code == 404


def test_viewers_are_told_who_enters_bills(cast, place, signed_in):
    page = check_page(signed_in(cast.viewer).get(property_url(place)))
    assert "Only a property manager" in text_of(page)
    assert not page.find("a", href=reverse("billing:bill-create", args=[place.pk]))


def test_strangers_see_no_property(cast, place, signed_in):
    client = signed_in(cast.stranger)
    assert client.get(property_url(place)).status_code == 404
    assert client.get(rule_url(place)).status_code == 404
    assert client.post(rule_url(place), RULE).status_code == 404


def test_a_manager_sets_a_rule(cast, place, signed_in):
    client = signed_in(cast.manager)
    check_page(client.get(rule_url(place)))
    assert client.post(rule_url(place), RULE).url == rules_url(place)
    rule = ShareRule.objects.get()
    assert (rule.utility, rule.version, rule.is_active) == ("gas", 1, True)
    assert rule.common_area_percent == Decimal("12.50")


def test_the_form_shows_the_rule_in_force_and_its_history(cast, place, signed_in):
    client = signed_in(cast.manager)
    client.post(rule_url(place), RULE)
    client.post(rule_url(place), RULE | {"common_area_percent": "5"})
    page = check_page(client.get(rule_url(place)))
    assert the(page, '[name="common_area_percent"]')["value"] == "5.00"
    versions = [text_of(the(row, "th")) for row in page.select("tbody tr")]
    assert versions == ["2 In force", "1"]


def test_the_same_rule_again_makes_no_version(cast, place, signed_in):
    client = signed_in(cast.manager)
    client.post(rule_url(place), RULE)
    page = check_page(client.post(rule_url(place), RULE, follow=True))
    assert "stays as it was" in text_of(page)
    assert ShareRule.objects.count() == 1


def test_sharing_by_people_while_the_owner_pays_needs_an_assumption(cast, place, signed_in):
    client = signed_in(cast.manager)
    by_people = RULE | {"method": "occupants"}
    page = check_page(client.post(rule_url(place), by_people))
    assert "nobody lives in them to be counted" in alert_of(page)
    assert not ShareRule.objects.exists()
    client.post(rule_url(place), by_people | {"vacant_unit_occupants": "2"})
    assert ShareRule.objects.get().vacant_unit_occupants == 2


def test_an_assumption_that_is_not_used_is_not_kept(cast, place, signed_in):
    signed_in(cast.manager).post(rule_url(place), RULE | {"vacant_unit_occupants": "2"})
    assert ShareRule.objects.get().vacant_unit_occupants is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"method": "by_eye"}, "Shared by must be chosen"),
        ({"vacancy": ""}, "Who pays for vacant days must be chosen"),
        ({"common_area_percent": "50.01"}, "from 0 to 50"),
        ({"common_area_percent": "-1"}, "from 0 to 50"),
        ({"common_area_percent": "1.234"}, "at most two decimals"),
        ({"common_area_percent": "ten"}, "from 0 to 50"),
        ({"common_area_percent": ""}, "from 0 to 50"),
        ({"vacant_unit_occupants": "0"}, "whole number from 1 to 30"),
        ({"vacant_unit_occupants": "1.5"}, "whole number from 1 to 30"),
    ],
)
def test_a_wrong_value_is_answered_by_a_sentence(cast, place, signed_in, change, sentence):
    page = check_page(signed_in(cast.manager).post(rule_url(place), RULE | change))
    assert sentence in alert_of(page)
    assert not ShareRule.objects.exists()


@pytest.mark.parametrize("who", ["viewer", "accountant"])
def test_others_see_the_rule_but_cannot_set_it(cast, place, signed_in, who):
    client = signed_in(getattr(cast, who))
    page = check_page(client.get(rule_url(place)))
    assert "Only a property manager" in text_of(page)
    assert not the(page, "main").find("input", attrs={"name": "method"})
    assert client.post(rule_url(place), RULE).status_code == 403
    assert not ShareRule.objects.exists()


def test_an_unknown_utility_is_nothing(cast, place, signed_in):
    assert signed_in(cast.manager).get(rule_url(place, "steam")).status_code == 404

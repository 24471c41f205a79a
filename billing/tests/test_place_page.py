"""What the law asks about a property, and setting a rule of its place aside."""

from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import PlaceFacts, PlaceOverride
from billing.place_review import read_facts
from billing.rubs.rules import Irrigation, PropertyKind, Severity, load_places
from billing.tests.acts import alert_of
from billing.tests.small_place import small_place
from portfolios.models import AuditEvent
from portfolios.tests.pages import check_page, text_of, the

FACTS = {
    "kind": "apartments",
    "unit_count": "48",
    "irrigation": "metered",
    "common_areas_metered": "yes",
    "rent_controlled": "no",
    "construction_began_on": "1987-06-30",
}


@pytest.fixture
def place(cast, now):
    """Make a property in Texas."""
    place = small_place(cast, now)
    place.state, place.city, place.unit_count = "TX", "Austin", 50
    place.save()
    return place


def facts_url(place) -> str:
    return reverse("billing:place-facts", args=[place.pk])


def aside_url(place, rule_id: str, utility: str = "water") -> str:
    return reverse("billing:place-set-aside", args=[place.pk, utility, rule_id])


def rule_of(severity: Severity) -> str:
    rules = load_places().for_place("TX", "Austin", "water")
    return next(rule.id for rule in rules if rule.severity is severity)


def test_facts_are_kept_and_shown_again(cast, place, signed_in):
    client = signed_in(cast.manager)
    assert client.post(facts_url(place), FACTS).status_code == 302
    facts = read_facts(place)
    assert (facts.kind, facts.irrigation) == (PropertyKind.APARTMENTS, Irrigation.METERED)
    assert (facts.unit_count, facts.common_areas_metered) == (48, True)
    assert (facts.rent_controlled, facts.tax_credit) == (False, None)
    assert str(facts.construction_began_on) == "1987-06-30"
    page = check_page(client.get(facts_url(place)))
    chosen = {
        str(choice["name"]): str(the(choice, "option[selected]")["value"])
        for choice in page.select("main select")
        if choice.select_one("option[selected]")
    }
    assert chosen["rent_controlled"] == "no"
    assert chosen["tax_credit"] == ""
    assert the(page, '[name="construction_began_on"]')["value"] == "1987-06-30"
    assert "Last set by Manager" in text_of(page)


def test_what_nobody_says_stays_unknown(cast, place, signed_in):
    client = signed_in(cast.manager)
    client.post(facts_url(place), FACTS)
    client.post(facts_url(place), {})
    assert PlaceFacts.objects.get().facts == {}
    assert read_facts(place).kind is None
    assert read_facts(place).unit_count == 50


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "castle"}, "Kind of property must be chosen"),
        ({"unit_count": "0"}, "whole number from 1"),
        ({"unit_count": "many"}, "whole number from 1"),
        ({"irrigation": "rain"}, "Irrigation of the grounds must be chosen"),
        ({"tax_credit": "perhaps"}, "must be chosen from the list"),
        ({"permitted_on": "1700-01-01"}, "from 1800 on"),
        ({"permitted_on": "last year"}, "must be a date"),
    ],
)
def test_a_wrong_fact_is_answered_by_a_sentence(cast, place, signed_in, change, sentence):
    page = check_page(signed_in(cast.manager).post(facts_url(place), FACTS | change))
    assert sentence in alert_of(page)
    assert not PlaceFacts.objects.exists()


@pytest.mark.parametrize("who", ["viewer", "accountant"])
def test_others_read_the_facts(cast, place, signed_in, who):
    signed_in(cast.manager).post(facts_url(place), FACTS)
    client = signed_in(getattr(cast, who))
    text = text_of(check_page(client.get(facts_url(place))))
    assert "Only a property manager" in text
    assert "Kind of property Apartments" in text
    assert "The units are under rent control No" in text
    assert "Federal tax-credit housing Not known" in text
    assert client.post(facts_url(place), {}).status_code == 403
    assert read_facts(place).kind is PropertyKind.APARTMENTS


def test_strangers_see_no_place(cast, place, signed_in):
    client = signed_in(cast.stranger)
    assert client.get(facts_url(place)).status_code == 404
    assert client.get(aside_url(place, rule_of(Severity.BLOCK))).status_code == 404


def test_an_accountant_sets_a_block_aside_with_a_reason(cast, place, signed_in):
    client = signed_in(cast.accountant)
    url = aside_url(place, rule_of(Severity.BLOCK))
    assert "It is set aside already" not in text_of(check_page(client.get(url)))
    answer = client.post(url, {"reason": "Counsel has cleared this."})
    assert answer.url == reverse("billing:share-rule-edit", args=[place.pk, "water"])
    override = PlaceOverride.objects.get()
    assert (override.place_rule_id, override.utility) == (rule_of(Severity.BLOCK), "water")
    assert (override.decided_by, override.reason) == (cast.accountant, "Counsel has cleared this.")
    assert AuditEvent.objects.get(verb="place_rule.set_aside").note == "Counsel has cleared this."
    assert "It is set aside already" in text_of(check_page(client.get(url)))


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_a_reason_is_needed(cast, place, signed_in, reason):
    url = aside_url(place, rule_of(Severity.BLOCK))
    page = check_page(signed_in(cast.accountant).post(url, {"reason": reason}))
    assert "Reason" in alert_of(page)
    assert not PlaceOverride.objects.exists()


@pytest.mark.parametrize("who", ["viewer", "manager"])
def test_nobody_else_sets_it_aside(cast, place, signed_in, who):
    client = signed_in(getattr(cast, who))
    url = aside_url(place, rule_of(Severity.BLOCK))
    assert client.get(url).status_code == 403
    assert client.post(url, {"reason": "Because."}).status_code == 403
    assert not PlaceOverride.objects.exists()


@pytest.mark.parametrize("rule_id", ["no.such.rule", "mn.allocation"])
def test_a_rule_of_no_such_place_is_nothing(cast, place, signed_in, rule_id):
    client = signed_in(cast.accountant)
    assert client.post(aside_url(place, rule_id), {"reason": "Because."}).status_code == 404


def test_a_warning_stands_in_nobodys_way_and_is_not_set_aside(cast, place, signed_in):
    url = aside_url(place, rule_of(Severity.WARN))
    assert signed_in(cast.accountant).post(url, {"reason": "Because."}).status_code == 404
    assert not PlaceOverride.objects.exists()

"""The editor of a share rule: every method and option, the preview, the place's rules beside it."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse

from billing.inputs import rule_input
from billing.models import Calculation, Charge, ShareRule, Utility
from billing.operations.places import set_aside
from billing.rubs import Proration, RuleInput, Vacancy
from billing.tests.acts import alert_of
from billing.tests.desk import Desk
from billing.tests.small_place import small_bill, small_place
from portfolios.tests.pages import check_page, check_part, text_of, the

RULE = {"method": "square_feet", "vacancy": "owner_pays", "common_area_percent": "10"}
FULL_MIX = {
    "method": "mix",
    "mix_method_1": "square_feet",
    "mix_percent_1": "50",
    "mix_least_1": "4000",
    "mix_method_2": "ratio_occupancy",
    "mix_percent_2": "30",
    "mix_method_3": "equal",
    "mix_percent_3": "20",
    "vacancy": "partial",
    "vacancy_owner_percent": "62.5",
    "vacant_unit_occupants": "2",
    "common_area_percent": "7.25",
    "common_area_base": "shared_lines",
    "common_area_dollars": "$1,020.50",
    "common_area_usage": "12.5",
    "total_usage": "100",
    "proration": "by_day",
    "minimum": "5",
    "cap": "80.25",
    "limits_count": "in_full",
    "fee_percent": "9",
    "fee_at_most": "4.50",
    "fee_at_most_percent": "20",
    "bedroom_factor": "1.5",
    "bathroom_factor": "1/3",
    "studio_bedrooms": "0.5",
    "occupancy_ratios": "1, 1.7, 2.4",
    "occupancy_more": "0.5",
    "bedroom_ratios": "1, 2",
    "bedroom_more": "1",
    "strict_floor": "on",
    "charge_code": "RUBS",
    "effective_from": "2026-05-01",
}


@pytest.fixture
def bill(cast, now):
    """Enter a bill of three units, with a rule by square footage."""
    return small_bill(cast, now)


@pytest.fixture
def place(bill):
    return bill.property


@pytest.fixture
def manager(cast, signed_in):
    return signed_in(cast.manager)


def url(place, name: str = "share-rule-edit", utility: str = "water") -> str:
    return reverse(f"billing:{name}", args=[place.pk, utility])


def active(place) -> ShareRule:
    return ShareRule.objects.get(property=place, utility="water", is_active=True)


def htmx(client, place, values: dict[str, str]) -> BeautifulSoup:
    return check_part(
        client.post(url(place, "share-rule-preview"), values, headers={"HX-Request": "true"})
    )


def test_every_option_is_stored_as_it_was_chosen(place, manager):
    assert manager.post(url(place), FULL_MIX).status_code == 302
    stored = active(place)
    rule = rule_input(stored)
    assert (stored.version, stored.charge_code) == (2, "RUBS")
    assert stored.effective_from == date(2026, 5, 1)
    assert [(part.method, part.percent) for part in rule.mix] == [
        ("square_feet", 50),
        ("ratio_occupancy", 30),
        ("equal", 20),
    ]
    assert [part.denominator_at_least for part in rule.mix] == [4000, None, None]
    assert (rule.vacancy, rule.vacancy_owner_percent) == (Vacancy.PARTIAL, Fraction(125, 2))
    assert (rule.common_area_cents, rule.common_area_usage) == (102_050, Fraction(25, 2))
    assert (rule.proration, rule.strict_floor) == (Proration.BY_DAY, True)
    assert (rule.limits.minimum_cents, rule.limits.cap_cents) == (500, 8025)
    assert rule.limits_by_days is False
    assert rule.admin_fee is not None
    assert (rule.admin_fee.percent, rule.admin_fee.at_most_cents) == (9, 450)
    assert (rule.bathroom_factor, rule.studio_bedrooms) == (Fraction(1, 3), Fraction(1, 2))
    assert rule.occupancy_ratios.ratios == (1, Fraction(17, 10), Fraction(12, 5))
    assert rule.bedroom_ratios.each_more == 1


def test_the_form_shows_what_was_stored_and_saves_it_unchanged(place, manager):
    manager.post(url(place), FULL_MIX)
    page = check_page(manager.get(url(place)))
    sent = sent_by(page)
    assert sent["bathroom_factor"] == "1/3"
    assert sent["common_area_dollars"] == "1020.50"
    assert "stays as it was" in text_of(check_page(manager.post(url(place), sent, follow=True)))
    assert ShareRule.objects.filter(property=place).count() == 2


def test_saving_a_rule_as_it_is_makes_no_version(place, manager):
    sent = sent_by(check_page(manager.get(url(place))))
    assert "stays as it was" in text_of(check_page(manager.post(url(place), sent, follow=True)))
    assert active(place).version == 1


def sent_by(page: BeautifulSoup) -> dict[str, str]:
    """Give what a browser would send for the rule's form."""
    form = the(page, "main form")
    sent = {
        str(field["name"]): str(field.get("value", "on" if field.has_attr("checked") else ""))
        for field in form.select("input")
        if field.get("type") not in {"checkbox", "hidden"} or field.has_attr("checked")
    }
    for choice in form.select("select"):
        chosen = choice.select_one("option[selected]") or choice.select_one("option")
        assert chosen is not None
        sent[str(choice["name"])] = str(chosen["value"])
    return sent


@pytest.mark.parametrize(
    "method",
    [
        "bedrooms",
        "bed_bath",
        "estimated_occupancy",
        "equal",
        "custom_weight",
        "percentage",
        "submeter",
    ],
)
def test_each_method_that_counts_no_people_needs_nothing_more(place, manager, method):
    assert manager.post(url(place), RULE | {"method": method}).status_code == 302
    assert rule_input(active(place)) == RuleInput(
        method=method, vacancy=Vacancy.OWNER_PAYS, common_area_percent=10
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"method": "mix"}, "all together 100"),
        ({"method": "mix", "mix_method_1": "equal", "mix_percent_1": "99"}, "add up to 99 %"),
        ({"method": "mix", "mix_method_1": "equal"}, "Percent of method 1 must be given"),
        ({"mix_percent_2": "10"}, "Method 2 must be chosen"),
        ({"mix_method_1": "equal", "mix_percent_1": "100"}, "but its method is square_feet"),
        ({"mix_method_1": "by_eye"}, "Method 1 must be chosen from the list"),
        ({"mix_method_1": "equal", "mix_percent_1": "0"}, "a percentage above 0"),
        ({"vacancy": "partial"}, "more than 0 and less than 100 %"),
        ({"vacancy_owner_percent": "30"}, "choose partial, or drop the percentage"),
        ({"vacancy_owner_percent": "half"}, "percentage from 0 to 100"),
        ({"method": "ratio_occupancy"}, "nobody lives in them to be counted"),
        ({"method": "occupants", "vacancy": "partial"}, "nobody lives in them to be counted"),
        ({"common_area_usage": "10"}, "what the master meter counted"),
        ({"common_area_usage": "10", "total_usage": "5"}, "enter 0 to 5"),
        ({"total_usage": "0"}, "a number above 0"),
        ({"common_area_dollars": "-3"}, "dollars from 0 up"),
        ({"common_area_dollars": "3.001"}, "at most two decimals"),
        ({"common_area_base": "roof"}, "Percentage taken of must be chosen"),
        ({"proration": "weekly"}, "How days count must be chosen"),
        ({"flat": "20", "cap": "30"}, "keep one of them"),
        ({"minimum": "40", "cap": "30"}, "minimum above its cap"),
        ({"fee_percent": "9", "fee_flat": "3"}, "give one of the two"),
        ({"fee_at_most": "3"}, "give one of the two"),
        ({"fee_percent": "16"}, "at most 15 %"),
        ({"bathroom_factor": "-1"}, "a number from 0 up"),
        ({"bathroom_factor": "1/0"}, "a number from 0 up"),
        ({"occupancy_ratios": "1; 2"}, "with commas between them"),
        ({"occupancy_ratios": "1, 0"}, "numbers above 0"),
        ({"denominator_at_least": "0"}, "a number above 0"),
        ({"charge_code": "NOPE"}, "Charge code must be chosen from the list"),
        ({"effective_from": "soon"}, "must be a date such as"),
    ],
)
def test_what_cannot_be_is_answered_by_a_sentence_on_its_field(place, manager, change, sentence):
    page = check_page(manager.post(url(place), RULE | change))
    assert sentence in alert_of(page)
    links = [str(link["href"]) for link in the(page, "main [role=alert]").select("a")]
    assert links
    assert all(page.select_one(link) for link in links)
    assert ShareRule.objects.filter(property=place).count() == 1


def test_the_page_shows_what_the_rule_makes_of_the_last_bill(place, bill, manager):
    preview = text_of(the(check_page(manager.get(url(place))), "#rule-preview"))
    # 10 % of $345.61 is the owner's, and all three units are let.
    assert "Tenants $311.05" in preview
    assert "Owner $34.56" in preview
    assert "Recovery 90.0 %" in preview
    assert "Every unit's tenants pay the same." in preview


def test_the_preview_follows_the_values_without_storing_them(place, manager):
    part = htmx(manager, place, RULE | {"method": "equal", "cap": "100"})
    text = text_of(part)
    # $311.05 in three is $103.68 and two thirds; each is capped at $100.
    assert "Tenants $300.00" in text
    assert "Caps $11.05" in text
    assert "All 3 changes" in text
    rows = [text_of(row) for row in part.select("tbody tr")]
    assert rows[0].startswith("101 $151.58 $100.00 −$51.58")
    assert ShareRule.objects.filter(property=place).count() == 1
    assert not Calculation.objects.exists()
    assert not Charge.objects.exists()


def test_the_preview_without_javascript_is_the_page_with_the_same_values(place, manager):
    page = check_page(
        manager.post(url(place, "share-rule-preview"), RULE | {"method": "equal", "cap": "100"})
    )
    assert "Tenants $300.00" in text_of(the(page, "#rule-preview"))
    assert the(page, '[name="cap"]')["value"] == "100"
    assert the(page, '[name="method"] option[selected]')["value"] == "equal"
    assert ShareRule.objects.filter(property=place).count() == 1


def test_the_preview_names_fees_beside_the_bill(place, manager):
    assert "Fees, beside the bill $9.00" in text_of(htmx(manager, place, RULE | {"fee_flat": "3"}))


def test_the_preview_says_which_values_are_not_a_rule_yet(place, manager):
    part = htmx(manager, place, RULE | {"common_area_percent": "70"})
    assert "from 0 to 50" in text_of(part)
    assert the(part, "a")["href"] == "#id_common_area_percent"


def test_the_preview_links_what_is_missing_to_where_it_is_entered(place, manager):
    part = htmx(manager, place, RULE | {"method": "custom_weight"})
    assert "cannot be shared by this rule yet" in text_of(part)
    assert part.find("a", href=url(place, "unit-terms"))


def test_without_a_bill_there_is_no_preview(cast, now, signed_in):
    place = small_place(cast, now)
    page = check_page(signed_in(cast.manager).get(url(place)))
    assert "No water bill has been entered yet" in text_of(the(page, "#rule-preview"))


@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("accountant", 403), ("stranger", 404)]
)
def test_only_managers_try_values_in_the_editor(cast, place, signed_in, who, status):
    client = signed_in(getattr(cast, who))
    assert client.post(url(place, "share-rule-preview"), RULE).status_code == status


def test_others_read_the_rule_and_its_outcome(cast, place, manager, signed_in):
    manager.post(url(place), FULL_MIX)
    page = check_page(signed_in(cast.viewer).get(url(place)))
    facts = text_of(page.select("main dl.facts")[0])
    assert "50 % by square footage, divided by at least 4,000" in facts
    assert "62.5 % of a vacant unit's share; 2 people assumed" in facts
    assert "9 % of the charge, at most $4.50, at most 20 % of the charge" in facts
    assert "Counts for bills from 2026-05-01" in facts
    assert not page.select("main form")


def test_versions_say_from_when_they_count(place, manager):
    answer = manager.post(url(place), RULE | {"effective_from": "2026-05-01"}, follow=True)
    assert "begins on 2026-05-01 or later" in text_of(check_page(answer))
    page = check_page(manager.get(url(place)))
    rows = [text_of(row) for row in page.select("[aria-label='Versions of the rule'] tbody tr")]
    assert rows[0].startswith("2 In force 1 May 2026")
    assert rows[1].startswith("1 the beginning")


def in_connecticut(place) -> None:
    place.state, place.city = "CT", "Hartford"
    place.save()


def test_a_block_of_the_place_stands_beside_the_rule(cast, place, manager, signed_in):
    in_connecticut(place)
    part = text_of(the(check_page(manager.get(url(place))), "#rule-preview"))
    assert "Blocks" in part
    assert "Only an accountant of this portfolio can set it aside." in part
    page = check_page(signed_in(cast.accountant).get(url(place)))
    aside = [
        str(link["href"]) for link in page.select("#rule-preview a") if "set-aside" in link["href"]
    ]
    assert aside
    assert all(signed_in(cast.accountant).get(link).status_code == 200 for link in aside)


def test_a_block_that_was_set_aside_says_by_whom_and_why(cast, place, signed_in, now):
    in_connecticut(place)
    accountant = signed_in(cast.accountant)
    page = check_page(accountant.get(url(place)))
    links = [
        str(link["href"]) for link in page.select("#rule-preview a") if "set-aside" in link["href"]
    ]
    for link in links:
        set_aside(
            place=place,
            utility=Utility.WATER,
            place_rule_id=link.rstrip("/").rsplit("/", 1)[1],
            reason="Counsel has cleared this.",
            by=cast.accountant,
            now=now,
        )
    preview = the(check_page(accountant.get(url(place))), "#rule-preview")
    assert "Set aside by Accountant" in text_of(preview)
    assert "Counsel has cleared this." in text_of(preview)
    assert not [link for link in preview.select("a") if "set-aside" in link["href"]]


def test_an_unknown_state_is_said(place, manager):
    part = htmx(manager, place, RULE)
    assert "The property's state is not known." in text_of(part)


def test_the_rules_charge_code_is_what_posting_suggests(cast, place, bill, manager, signed_in, now):
    manager.post(url(place), RULE | {"charge_code": "RUBS"})
    desk = Desk(bill, cast, now)
    calculation = desk.in_review()
    desk.approve(calculation)
    ask = reverse("billing:posting-create", args=[calculation.pk])
    page = check_page(signed_in(cast.accountant).get(ask))
    assert the(page, '[name="charge_code"] option[selected]')["value"] == "RUBS"

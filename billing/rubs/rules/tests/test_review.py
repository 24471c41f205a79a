from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from billing.rubs.rules import (
    Irrigation,
    Place,
    PropertyFacts,
    PropertyKind,
    RuleProposal,
    Severity,
    load_places,
    review_rule,
)
from billing.rubs.rules.conditions import read_conditions, unknown_facts
from billing.rubs.rules.tests.making import RULE, limits, water
from billing.rubs.rules.vocabulary import ALL_UTILITIES, STATES

PLACE = Place("TX")


def book(folder: Path, text: str = RULE) -> Path:
    (folder / "testland.toml").write_text(text)
    return folder


def test_a_finding_tells_the_rule_what_was_found_and_the_source(tmp_path: Path) -> None:
    rulebook = load_places(book(tmp_path))
    (finding,) = review_rule(PLACE, replace(water(), due_days=10), rulebook=rulebook)
    assert finding.severity is Severity.BLOCK
    assert finding.message == (
        "A bill falls due after 16 days. This rule gives 10 days."
        " (Code 1; its text seen, as of 2025-03-28; confidence: high)"
    )
    assert finding.remedy == "Give 16 days."
    assert (finding.rule_id, finding.citation, finding.seen_on) == (
        "tx.one",
        "Code 1",
        "2025-03-28",
    )


def test_what_keeps_the_rule_is_not_found(tmp_path: Path) -> None:
    rulebook = load_places(book(tmp_path))
    assert review_rule(PLACE, replace(water(), due_days=16), rulebook=rulebook) == ()


def test_an_unknown_value_is_to_be_confirmed(tmp_path: Path) -> None:
    (finding,) = review_rule(PLACE, water(), rulebook=load_places(book(tmp_path)))
    assert finding.severity is Severity.CONFIRM
    assert finding.message.startswith(
        "To confirm: it is not known how many days tenants have to pay. A bill falls due"
    )
    assert finding.remedy == "Find this out. If the rule is not kept: Give 16 days."


def test_an_unknown_fact_matters_only_where_the_rule_would_not_be_kept(tmp_path: Path) -> None:
    text = f"{RULE}[rules.when]\nmin_units = 5\nproperty_kinds = ['apartments']\n"
    rulebook = load_places(book(tmp_path, text))
    assert review_rule(PLACE, replace(water(), due_days=16), rulebook=rulebook) == ()
    (finding,) = review_rule(PLACE, replace(water(), due_days=15), rulebook=rulebook)
    assert finding.severity is Severity.CONFIRM
    assert (
        "not known how many units the property has; what kind of property it is. A bill"
        in finding.message
    )
    few = replace(water(), due_days=15, facts=PropertyFacts(unit_count=4))
    assert review_rule(PLACE, few, rulebook=rulebook) == ()


@pytest.mark.parametrize(
    ("evidence", "seen_on", "words"),
    [
        ("text", "undated", "its text seen, undated"),
        ("summary", "2024/2025-06", "a summary of it seen, as of 2024/2025-06"),
        ("recalled", "undated", "recalled, not read yet"),
    ],
)
def test_a_finding_says_what_was_read(
    tmp_path: Path, evidence: str, seen_on: str, words: str
) -> None:
    text = RULE.replace('"block"', '"warn"').replace('"text"', f'"{evidence}"')
    rulebook = load_places(book(tmp_path, text.replace("2025-03-28", seen_on)))
    (finding,) = review_rule(PLACE, replace(water(), due_days=1), rulebook=rulebook)
    assert finding.message.endswith(f"(Code 1; {words}; confidence: high)")


def test_the_gravest_finding_comes_first() -> None:
    proposal = replace(water("equal"), due_days=1, tenants_sign=True)
    order = [finding.severity for finding in review_rule(PLACE, proposal)]
    assert order == sorted(order, key=list(Severity).index)
    assert {Severity.BLOCK, Severity.CONFIRM, Severity.NOTE} <= set(order)


@pytest.mark.parametrize("utility", ALL_UTILITIES)
@pytest.mark.parametrize("method", [None, "submeter", "square_feet", "mix"])
def test_every_finding_of_every_place_carries_its_citation(
    utility: str, method: str | None
) -> None:
    proposal = RuleProposal(utility=utility, method=method)
    for state, city in {(rule.state, rule.city) for rule in load_places().rules}:
        for finding in review_rule(Place(state, city), proposal):
            assert finding.citation in finding.message
            assert finding.seen_on
            assert finding.remedy.endswith(".")


@pytest.mark.parametrize("state", sorted(STATES))
def test_nothing_is_blocked_before_anything_is_known(state: str) -> None:
    for utility in ALL_UTILITIES:
        findings = review_rule(Place(state), RuleProposal(utility=utility))
        assert Severity.BLOCK not in {finding.severity for finding in findings}


@pytest.mark.parametrize(
    ("condition", "met", "unmet", "unknown"),
    [
        (
            {"min_units": 5},
            PropertyFacts(unit_count=5),
            PropertyFacts(unit_count=4),
            "how many units the property has",
        ),
        (
            {"property_kinds": ["apartments"]},
            PropertyFacts(kind=PropertyKind.APARTMENTS),
            PropertyFacts(kind=PropertyKind.RV_SPACES),
            "what kind of property it is",
        ),
        (
            {"except_property_kinds": ["condominium"]},
            PropertyFacts(kind=PropertyKind.APARTMENTS),
            PropertyFacts(kind=PropertyKind.CONDOMINIUM),
            "what kind of property it is",
        ),
        (
            {"irrigation": ["unmetered"]},
            PropertyFacts(irrigation=Irrigation.UNMETERED),
            PropertyFacts(irrigation=Irrigation.NONE),
            "whether there is irrigation, and with a meter of its own",
        ),
        (
            {"rent_controlled": True},
            PropertyFacts(rent_controlled=True),
            PropertyFacts(rent_controlled=False),
            "whether the units are under rent control",
        ),
        (
            {"common_areas_metered": False},
            PropertyFacts(common_areas_metered=False),
            PropertyFacts(common_areas_metered=True),
            "whether all common areas have meters of their own",
        ),
        (
            {"construction_began_from": date(2003, 1, 2)},
            PropertyFacts(construction_began_on=date(2003, 1, 2)),
            PropertyFacts(construction_began_on=date(2003, 1, 1)),
            "when construction began",
        ),
        (
            {"permit_sought_from": date(2027, 7, 1)},
            PropertyFacts(permit_sought_on=date(2027, 7, 1)),
            PropertyFacts(permit_sought_on=date(2027, 6, 30)),
            "when the building permit was applied for",
        ),
        (
            {"permitted_from": date(2012, 7, 1)},
            PropertyFacts(permitted_on=date(2012, 7, 1)),
            PropertyFacts(permitted_on=date(2012, 6, 30)),
            "when the building was permitted",
        ),
        (
            {"water_connected_from": date(2018, 1, 2)},
            PropertyFacts(water_connected_on=date(2018, 1, 2)),
            PropertyFacts(water_connected_on=date(2018, 1, 1)),
            "when the water was connected",
        ),
    ],
)
def test_a_condition_is_met_or_not_or_asks_for_its_fact(
    condition: dict[str, object], met: PropertyFacts, unmet: PropertyFacts, unknown: str
) -> None:
    conditions = read_conditions(limits(**condition))
    assert unknown_facts(conditions, replace(water(), facts=met)) == ()
    assert unknown_facts(conditions, replace(water(), facts=unmet)) is None
    assert unknown_facts(conditions, water()) == (unknown,)

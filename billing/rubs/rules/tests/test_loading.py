from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from billing.rubs.rules import Confidence, Evidence, MalformedPlace, Severity, load_places
from billing.rubs.rules.checks import CHECKS
from billing.rubs.rules.loading import PLACES
from billing.rubs.rules.rulebook import PlaceRule
from billing.rubs.rules.tests.making import RULE

FILES = sorted(PLACES.glob("*.toml"))
RULES = load_places().rules


def load(folder: Path, text: str) -> tuple[PlaceRule, ...]:
    (folder / "testland.toml").write_text(text)
    return load_places(folder).rules


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_data_file_gives_each_rule_its_source_date_and_confidence(file: Path) -> None:
    rows = tomllib.loads(file.read_text())["rules"]
    assert rows
    for row in rows:
        given = {"citation", "seen_on", "confidence", "evidence", "message", "remedy", "severity"}
        assert given <= row.keys()


def test_every_rule_of_every_file_is_in_the_rulebook() -> None:
    rows = [row["id"] for file in FILES for row in tomllib.loads(file.read_text())["rules"]]
    assert sorted(rows) == sorted(rule.id for rule in RULES)


def test_only_what_we_are_sure_of_blocks() -> None:
    blocking = [rule for rule in RULES if rule.severity is Severity.BLOCK]
    assert blocking
    assert {rule.confidence for rule in blocking} == {Confidence.HIGH}
    assert Evidence.RECALLED not in {rule.evidence for rule in blocking}


def test_every_kind_of_check_is_asked_for_by_a_place() -> None:
    assert {rule.kind for rule in RULES} == set(CHECKS)


def test_no_two_rules_of_a_place_say_the_same_thing() -> None:
    told = [(rule.state, rule.city, rule.message, rule.utilities) for rule in RULES]
    assert len(set(told)) == len(told)


def test_general_rules_come_before_a_states_and_those_before_its_cities() -> None:
    order = [rule.id for rule in load_places().for_place("CA", "San Jose")]
    assert order[0].startswith("everywhere.")
    assert order.index("us.tax_credit_rent") < order.index("ca.neutral")
    assert order[-1] == "ca.san_jose.rent_control"


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    (rule,) = load(tmp_path, RULE)
    assert (rule.id, rule.kind, rule.utilities) == ("tx.one", "due_days", frozenset({"water"}))


@pytest.mark.parametrize(
    ("old", "new", "field", "reason"),
    [
        ('state = "TX"', 'state = "XX"', "state", "is not a state"),
        ('place = "Testland"', "", "place", "is missing"),
        ('place = "Testland"', 'place = " "', "place", "is not a text"),
        ('state = "TX"', 'state = "TX"\nmayor = "A"', "mayor", "is not known"),
        ("[[rules]]", "[rules]", "rules", "is not a list of tables"),
        ('id = "tx.one"', 'id = "ok.one"', "rules[ok.one].id", "begins with 'tx.'"),
        ('citation = "Code 1"', "", "rules[tx.one].citation", "is missing"),
        ('seen_on = "2025-03-28"', "", "rules[tx.one].seen_on", "is missing"),
        ('"2025-03-28"', '"last spring"', "rules[tx.one].seen_on", "neither a date nor undated"),
        ('confidence = "high"', "", "rules[tx.one].confidence", "is missing"),
        ('"high"', '"sure"', "rules[tx.one].confidence", "known are high, medium, low"),
        ('"high"', '"medium"', "rules[tx.one].severity", "the confidence is not high"),
        ('"text"', '"recalled"', "rules[tx.one].severity", "nothing was read for it"),
        ('"block"', '"confirm"', "rules[tx.one].severity", "only an unknown fact"),
        ('"Give 16 days."', '"give 16 days"', "rules[tx.one].remedy", "is not a sentence"),
        ('["water"]', '["wine"]', "rules[tx.one].utilities", "does not know 'wine'"),
        ('["water"]', '["water", "water"]', "rules[tx.one].utilities", "a word twice"),
        ('["water"]', "[]", "rules[tx.one].utilities", "is empty"),
        ('["water"]', "[1]", "rules[tx.one].utilities", "is not a list of words"),
        ('["water"]', '["all", "gas"]', "rules[tx.one].utilities", "names some besides"),
        ('"due_days"', '"mood"', "rules[tx.one].checks", "does not know 'mood'"),
        ("= 16\n", '= "16"\n', "rules[tx.one].limits.minimum_days", "is not a whole number"),
        ("= 16\n", "= true\n", "rules[tx.one].limits.minimum_days", "is not a whole number"),
        ("= 16\n", "= -1\n", "rules[tx.one].limits.minimum_days", "is not a whole number"),
        ("= 16\n", "= 16\nmore = 1\n", "rules[tx.one].limits.more", "is not known"),
        ("[rules.limits]", "limits = 1\n[rules.when]", "rules[tx.one].limits", "is not a table"),
        (
            "= 16\n",
            '= 16\n[rules.when]\nmood = "good"',
            "rules[tx.one].when.mood",
            "not a known condition",
        ),
        (
            "[rules.limits]",
            'in_force_from = "2025"\n[rules.limits]',
            "rules[tx.one].in_force_from",
            "is not a date",
        ),
        (
            "[rules.limits]",
            'replaces = "tx.two"\n[rules.limits]',
            "rules[tx.one].replaces",
            "names no known rule: tx.two",
        ),
        ("[[rules]]", "[[rules", "the file", "is not TOML"),
    ],
)
def test_it_names_the_file_and_the_field_that_is_wrong(
    tmp_path: Path, old: str, new: str, field: str, reason: str
) -> None:
    assert old in RULE
    with pytest.raises(MalformedPlace) as refusal:
        load(tmp_path, RULE.replace(old, new, 1))
    assert (refusal.value.file, refusal.value.field) == ("testland.toml", field)
    assert reason in str(refusal.value)


def test_it_refuses_a_city_without_a_state(tmp_path: Path) -> None:
    text = RULE.replace('"TX"', '"*"').replace("tx.one", "everywhere.one")
    with pytest.raises(MalformedPlace, match="city is given without a state"):
        load(tmp_path, text.replace('"Code 1"', '"Code 1"\ncity = "Austin"'))


def test_it_refuses_one_name_for_two_rules_of_two_files(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(RULE)
    (tmp_path / "two.toml").write_text(RULE)
    with pytest.raises(MalformedPlace, match=r"^two\.toml: rules\[tx\.one\]\.id is given twice$"):
        load_places(tmp_path)


@pytest.mark.parametrize(
    ("checks", "limits", "field", "reason"),
    [
        ("fee_limit", "per = 'bill'", "maximum_percent", "both missing"),
        ("fee_limit", "maximum_percent = 1\nmaximum_dollars = 1", "together", "is missing"),
        ("fee_limit", "maximum_dollars = 1.005", "maximum_dollars", "not an amount in whole cents"),
        ("fee_limit", "maximum_percent = nan", "maximum_percent", "not a number of 0 or more"),
        ("fee_limit", "maximum_percent = inf", "maximum_percent", "not a number of 0 or more"),
        ("fee_limit", "maximum_percent = -0.5", "maximum_percent", "not a number of 0 or more"),
        ("fee_limit", "maximum_percent = '9'", "maximum_percent", "is not a number"),
        ("fee_limit", "maximum_dollars = 1\nper = 'day'", "per", "known are bill, month"),
        ("late_fee_limit", "once = true", "maximum_percent", "both missing"),
        ("late_fee_limit", "maximum_percent = 5\nonce = 1", "once", "neither true nor false"),
        ("allowed_methods", "methods = ['by_mood']", "methods", "does not know 'by_mood'"),
        ("weight_floor", "method = ['ratio_occupancy']\nweights = []", "weights", "not a list of"),
        ("disclosure", "shown_in = 'dream'", "shown_in", "known are statement, lease, notice"),
    ],
)
def test_it_refuses_limits_that_cannot_be(
    tmp_path: Path, checks: str, limits: str, field: str, reason: str
) -> None:
    text = RULE.replace("due_days", checks).replace("minimum_days = 16", limits)
    with pytest.raises(MalformedPlace) as refusal:
        load(tmp_path, text)
    assert refusal.value.field == f"rules[tx.one].limits.{field}"
    assert reason in str(refusal.value)

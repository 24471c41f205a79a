"""Holding a share rule, or a calculation by it, against the rules of its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from billing.rubs.rules.conditions import unknown_facts
from billing.rubs.rules.loading import load_places
from billing.rubs.rules.proposal import CalculationOutcome, Place, RuleProposal
from billing.rubs.rules.rulebook import PlaceRule, Rulebook, StatementField
from billing.rubs.rules.verdicts import (
    Missed,
    ReviewsCalculation,
    ReviewsRule,
    Unknown,
    Verdict,
)
from billing.rubs.rules.vocabulary import Confidence, Severity, ShownIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a place's rules have to say, in a sentence that carries where they say it.

    Shape: `seen_on` is the date of the text seen, in parts or "undated".
    """

    rule_id: str
    severity: Severity
    message: str
    remedy: str
    citation: str
    seen_on: str
    confidence: Confidence


def review_rule(
    place: Place, proposal: RuleProposal, *, rulebook: Rulebook | None = None
) -> tuple[Finding, ...]:
    """Tell where a share rule does not keep the rules of its place, the gravest first."""
    findings = (
        _finding(rule, rule.check.review(proposal), proposal)
        for rule in _rules(place, proposal, rulebook)
        if isinstance(rule.check, ReviewsRule)
    )
    return _by_severity(findings)


def review_calculation(
    place: Place, outcome: CalculationOutcome, *, rulebook: Rulebook | None = None
) -> tuple[Finding, ...]:
    """Tell where the amounts do not keep the rules of their place, the gravest first."""
    findings = (
        _finding(rule, rule.check.audit(outcome), outcome.proposal)
        for rule in _rules(place, outcome.proposal, rulebook)
        if isinstance(rule.check, ReviewsCalculation)
    )
    return _by_severity(findings)


def statement_fields(
    state: str,
    city: str,
    utility: str,
    *,
    shown_in: ShownIn = ShownIn.STATEMENT,
    proposal: RuleProposal | None = None,
) -> tuple[StatementField, ...]:
    """List what residents of a place must be told, each thing once.

    Shape: a proposal leaves out what its property is surely not held to.
    """
    return load_places().statement_fields(
        state, city, utility, shown_in=shown_in, proposal=proposal
    )


def _rules(
    place: Place, proposal: RuleProposal, rulebook: Rulebook | None
) -> tuple[PlaceRule, ...]:
    book = load_places() if rulebook is None else rulebook
    return book.for_proposal(place, proposal)


def _finding(rule: PlaceRule, verdict: Verdict, proposal: RuleProposal) -> Finding | None:
    unknown = unknown_facts(rule.conditions, proposal)
    if verdict is None or unknown is None:
        return None
    missing = [*unknown, *([verdict.what] if isinstance(verdict, Unknown) else [])]
    found = verdict.found if isinstance(verdict, Missed) else ""
    to_confirm = bool(missing) and rule.severity is not Severity.NOTE
    return Finding(
        rule_id=rule.id,
        severity=Severity.CONFIRM if to_confirm else rule.severity,
        message=_message(rule, found, missing if to_confirm else []),
        remedy=_remedy(rule, missing if to_confirm else []),
        citation=rule.citation,
        seen_on=rule.seen_on,
        confidence=rule.confidence,
    )


def _message(rule: PlaceRule, found: str, missing: list[str]) -> str:
    asked = f"To confirm: it is not known {'; '.join(missing)}." if missing else ""
    return " ".join(part for part in (asked, rule.message, found, f"({rule.source})") if part)


def _remedy(rule: PlaceRule, missing: list[str]) -> str:
    return f"Find this out. If the rule is not kept: {rule.remedy}" if missing else rule.remedy


def _by_severity(findings: Iterator[Finding | None]) -> tuple[Finding, ...]:
    order = list(Severity)
    found = [finding for finding in findings if finding is not None]
    return tuple(sorted(found, key=lambda finding: order.index(finding.severity)))

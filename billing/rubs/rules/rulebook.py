"""The rules of all places, and which of them govern one property."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from billing.rubs.rules.checks import Disclosure
from billing.rubs.rules.conditions import Conditions, unknown_facts
from billing.rubs.rules.proposal import Place, RuleProposal
from billing.rubs.rules.verdicts import Check
from billing.rubs.rules.vocabulary import (
    EVERYWHERE,
    FEDERAL,
    STATES,
    UNDATED,
    Confidence,
    Evidence,
    Item,
    Severity,
    ShownIn,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRule:
    """One rule of one place.

    Shape: `kind` names the check; the text seen bears the date `seen_on`: a year, a month, a day,
    two of them with a slash between, or "undated"; in force from the first day up to, but without,
    `in_force_until`.
    """

    id: str
    place: str
    state: str
    city: str
    utilities: frozenset[str]
    kind: str
    check: Check
    conditions: Conditions
    severity: Severity
    message: str
    remedy: str
    citation: str
    seen_on: str
    confidence: Confidence
    evidence: Evidence
    in_force_from: date | None
    in_force_until: date | None
    replaces: frozenset[str]

    @property
    def source(self) -> str:
        """Tell where the rule stands, what of it was read and how sure we are."""
        return f"{self.citation}; {self._reading}; confidence: {self.confidence.value}"

    @property
    def _reading(self) -> str:
        if self.evidence is Evidence.RECALLED:
            return "recalled, not read yet"
        read = "its text" if self.evidence is Evidence.TEXT else "a summary of it"
        return (
            f"{read} seen, {self.seen_on if self.seen_on == UNDATED else f'as of {self.seen_on}'}"
        )

    def governs(self, state: str, city: str) -> bool:
        """Tell whether the rule is one of this place."""
        if self.state == EVERYWHERE:
            return True
        if self.state == FEDERAL:
            return _state(state) in STATES
        return self.state == _state(state) and _city(self.city) in {"", _city(city)}

    def is_in_force(self, day: date | None) -> bool:
        """Tell whether the rule is in force on a day; a day that is not known is later than any."""
        if day is None:
            return self.in_force_until is None
        began = self.in_force_from is None or self.in_force_from <= day
        return began and (self.in_force_until is None or day < self.in_force_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementField:
    """Something that a place wants residents to be told.

    Shape: `name` is a stable key, `label` the words for it.
    """

    name: str
    label: str
    shown_in: ShownIn
    rule_id: str
    citation: str
    seen_on: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Rulebook:
    """The rules of all places, those for everywhere first, a city's after its state's."""

    rules: tuple[PlaceRule, ...]

    def covers(self, state: str, city: str = "") -> bool:
        """Tell whether anything is known of this place beyond what holds everywhere."""
        general = {EVERYWHERE, FEDERAL}
        return any(rule.state not in general for rule in self.for_place(state, city))

    def for_place(
        self, state: str, city: str = "", utility: str | None = None
    ) -> tuple[PlaceRule, ...]:
        """List the rules of a place, without those that others of the same place replace.

        Shape: for one utility or, without it, for all.
        """
        rules = self._governing(state, city, utility)
        return tuple(rule for rule in rules if not _is_replaced(rule, rules, utility))

    def for_proposal(self, place: Place, proposal: RuleProposal) -> tuple[PlaceRule, ...]:
        """List the rules that a share rule is held to, or may be as long as facts are not known."""
        utility = proposal.utility
        rules = [
            rule
            for rule in self._governing(place.state, place.city, utility)
            if rule.is_in_force(proposal.effective_on)
        ]
        unknown = {rule.id: unknown_facts(rule.conditions, proposal) for rule in rules}
        sure = frozenset().union(*(rule.replaces for rule in rules if unknown[rule.id] == ()))
        return tuple(
            rule
            for rule in rules
            if unknown[rule.id] is not None
            and rule.id not in sure
            and not _is_replaced(rule, rules, utility)
        )

    def _governing(self, state: str, city: str, utility: str | None) -> list[PlaceRule]:
        return [
            rule
            for rule in self.rules
            if rule.governs(state, city) and (utility is None or utility in rule.utilities)
        ]

    def statement_fields(
        self,
        state: str,
        city: str,
        utility: str,
        *,
        shown_in: ShownIn = ShownIn.STATEMENT,
        proposal: RuleProposal | None = None,
    ) -> tuple[StatementField, ...]:
        """List what residents must be told, each thing once.

        Shape: a proposal leaves out what its property is surely not held to.
        """
        fields: dict[Item, StatementField] = {}
        for rule in self.for_place(state, city, utility):
            check = rule.check
            if not isinstance(check, Disclosure) or check.shown_in is not shown_in:
                continue
            if proposal is None or _may_apply(rule, proposal):
                for item in check.items:
                    fields.setdefault(item, _field(item, rule, shown_in))
        return tuple(fields.values())


def _is_replaced(rule: PlaceRule, rules: Iterable[PlaceRule], utility: str | None) -> bool:
    """Tell whether another rule stands in for this one wherever this one would apply."""
    return any(
        rule.id in other.replaces
        and (utility is not None or rule.utilities <= other.utilities)
        and set(other.conditions) <= set(rule.conditions)
        for other in rules
    )


def _may_apply(rule: PlaceRule, proposal: RuleProposal) -> bool:
    known_not_to = unknown_facts(rule.conditions, proposal) is None
    return rule.is_in_force(proposal.effective_on) and not known_not_to


def _field(item: Item, rule: PlaceRule, shown_in: ShownIn) -> StatementField:
    return StatementField(
        name=item.value,
        label=item.label,
        shown_in=shown_in,
        rule_id=rule.id,
        citation=rule.citation,
        seen_on=rule.seen_on,
        confidence=rule.confidence,
    )


def _state(state: str) -> str:
    return state.strip().upper()


def _city(city: str) -> str:
    """Fold a city's name, so that "San José" is "san jose"."""
    plain = unicodedata.normalize("NFKD", " ".join(city.split()))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()

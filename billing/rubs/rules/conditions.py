"""When a place's rule applies: what must be so about the property and the proposal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from billing.rubs.rules.proposal import RuleProposal
from billing.rubs.rules.table import Table
from billing.rubs.rules.vocabulary import Irrigation, PropertyKind


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to know, and how to say that it is not known."""

    unknown: str
    of: Callable[[RuleProposal], object | None]


@dataclass(frozen=True, slots=True)
class Condition:
    """A fact that must be one of some answers, or none of them."""

    fact: Fact
    answers: frozenset[object]
    wanted: bool = True

    def holds(self, proposal: RuleProposal) -> bool | None:
        """Tell whether it is so, or None when that is not known."""
        answer = self.fact.of(proposal)
        return None if answer is None else (answer in self.answers) is self.wanted


@dataclass(frozen=True, slots=True)
class Threshold:
    """A fact that is a number or a day, and must be at least so much."""

    fact: Fact
    lowest: int | date

    def holds(self, proposal: RuleProposal) -> bool | None:
        """Tell whether it is reached, or None when that is not known."""
        answer = self.fact.of(proposal)
        if isinstance(answer, date) and isinstance(self.lowest, date):
            return answer >= self.lowest
        if isinstance(answer, int) and isinstance(self.lowest, int):
            return answer >= self.lowest
        return None


Conditions = tuple[Condition | Threshold, ...]


def unknown_facts(conditions: Conditions, proposal: RuleProposal) -> tuple[str, ...] | None:
    """List what must be found out before the conditions hold; None when one of them does not."""
    answers = [(condition.fact.unknown, condition.holds(proposal)) for condition in conditions]
    if any(holds is False for _, holds in answers):
        return None
    return tuple(unknown for unknown, holds in answers if holds is None)


def read_conditions(table: Table) -> Conditions:
    """Read the conditions of a rule.

    Errors: MalformedPlace.
    """
    return tuple(_read_one(table, name) for name in table)


def _read_one(table: Table, name: str) -> Condition | Threshold:
    if name in _FLAGS:
        return Condition(_FLAGS[name], frozenset({table.flag(name)}))
    if name in _DAYS:
        return Threshold(_DAYS[name], table.day(name))
    if name == "min_units":
        return Threshold(_UNITS, table.whole(name))
    if name == "irrigation":
        return Condition(_IRRIGATION, frozenset(table.choices(name, Irrigation)))
    if name in {"property_kinds", "except_property_kinds"}:
        kinds = frozenset(table.choices(name, PropertyKind))
        return Condition(_KIND, kinds, wanted=name == "property_kinds")
    raise table.refuse(name, "is not a known condition")


_UNITS = Fact("how many units the property has", lambda proposal: proposal.facts.unit_count)
_KIND = Fact("what kind of property it is", lambda proposal: proposal.facts.kind)
_IRRIGATION = Fact(
    "whether there is irrigation, and with a meter of its own",
    lambda proposal: proposal.facts.irrigation,
)

_FLAGS = {
    "allocates": Fact(
        "whether the bill is shared by a formula", lambda proposal: proposal.allocates
    ),
    "submeters": Fact(
        "whether the bill is shared by submeters", lambda proposal: proposal.submeters
    ),
    "common_areas_metered": Fact(
        "whether all common areas have meters of their own",
        lambda proposal: proposal.facts.common_areas_metered,
    ),
    "rent_controlled": Fact(
        "whether the units are under rent control", lambda proposal: proposal.facts.rent_controlled
    ),
    "tax_credit": Fact(
        "whether this is federal tax-credit housing", lambda proposal: proposal.facts.tax_credit
    ),
    "previously_submetered": Fact(
        "whether tenants were billed by submeters before",
        lambda proposal: proposal.facts.previously_submetered,
    ),
    "changes_method": Fact(
        "whether this changes how tenants have been billed",
        lambda proposal: proposal.changes_method,
    ),
}

_DAYS = {
    "construction_began_from": Fact(
        "when construction began", lambda proposal: proposal.facts.construction_began_on
    ),
    "permit_sought_from": Fact(
        "when the building permit was applied for",
        lambda proposal: proposal.facts.permit_sought_on,
    ),
    "permitted_from": Fact(
        "when the building was permitted", lambda proposal: proposal.facts.permitted_on
    ),
    "water_connected_from": Fact(
        "when the water was connected", lambda proposal: proposal.facts.water_connected_on
    ),
}

"""Whether a utility may be shared at all, and by which methods and weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from billing.rubs.figures import plain
from billing.rubs.numbers import Number, exact
from billing.rubs.rules.proposal import RuleProposal, WeightTable
from billing.rubs.rules.table import Table
from billing.rubs.rules.verdicts import Missed, Unknown, Verdict
from billing.rubs.rules.vocabulary import METHOD_NOUNS, listed

_METHOD_UNKNOWN = Unknown("by which method the bill is shared")


@dataclass(frozen=True, slots=True)
class UtilityAllowed:
    """Whether the utility may be billed in this way; the conditions say which way."""

    allowed: bool

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        return cls(limits.flag("allowed"))

    def review(self, proposal: RuleProposal) -> Verdict:
        """Refuse whatever meets the conditions, unless it is allowed."""
        del proposal
        return None if self.allowed else Missed()


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know, whatever the rule is."""

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read nothing: a note has no limits."""
        del limits
        return cls()

    def review(self, proposal: RuleProposal) -> Verdict:
        """Say it always."""
        del proposal
        return Missed()


@dataclass(frozen=True, slots=True)
class AllowedMethods:
    """The methods that may be used, alone or in a mix."""

    methods: frozenset[str]

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        return cls(frozenset(limits.words("methods", METHOD_NOUNS)))

    def review(self, proposal: RuleProposal) -> Verdict:
        """Name the methods that are not among those allowed."""
        if proposal.shares is None:
            return _METHOD_UNKNOWN
        others = [part.method for part in proposal.shares if part.method not in self.methods]
        if not others:
            return None
        names = listed([METHOD_NOUNS.get(method, method) for method in others])
        return Missed(f"This rule shares by {names}.")


@dataclass(frozen=True, slots=True)
class ShareCap:
    """How much of a mix one method may have at most.

    Units: percent.
    """

    method: str
    maximum_percent: Number

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        (method,) = limits.words("method", METHOD_NOUNS)
        return cls(method, limits.number("maximum_percent"))

    def review(self, proposal: RuleProposal) -> Verdict:
        """Add up what the mix gives to the method."""
        if proposal.shares is None:
            return _METHOD_UNKNOWN
        share = sum(exact(part.percent) for part in proposal.shares if part.method == self.method)
        if share <= self.maximum_percent:
            return None
        noun = METHOD_NOUNS[self.method]
        return Missed(f"This rule shares {plain(share)} % by {noun}.")


@dataclass(frozen=True, slots=True)
class WeightFloor:
    """The weights that a table may not go below, step by step."""

    method: str
    floor: WeightTable

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        (method,) = limits.words("method", ("ratio_occupancy", "estimated_occupancy"))
        return cls(method, WeightTable(limits.numbers("weights"), limits.number("each_further")))

    def review(self, proposal: RuleProposal) -> Verdict:
        """Compare the proposal's table, where the method is used."""
        if proposal.shares is None:
            return _METHOD_UNKNOWN
        if not any(part.method == self.method for part in proposal.shares):
            return None
        by_people = self.method == "ratio_occupancy"
        table = proposal.ratio_table if by_people else proposal.bedroom_table
        if table is None:
            return Unknown(f"which weights the rule gives for {METHOD_NOUNS[self.method]}")
        return self._compare(table, "people" if by_people else "bedrooms", int(by_people))

    def _compare(self, table: WeightTable, counted: str, first: int) -> Verdict:
        steps = max(len(table.weights), len(self.floor.weights))
        for step in range(steps + 1):
            weight, floor = table.weight(step), self.floor.weight(step)
            if weight < floor:
                return Missed(
                    f"This rule counts {plain(weight)} for {step + first} {counted}; the least is"
                    f" {plain(floor)}."
                )
        if table.each_further < self.floor.each_further:
            added, least = exact(table.each_further), exact(self.floor.each_further)
            return Missed(
                f"Beyond its table this rule adds {plain(added)} for each of the further {counted};"
                f" the least is {plain(least)}."
            )
        return None

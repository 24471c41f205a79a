"""What residents must be told, and what may not be passed on to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from billing.rubs.rules.proposal import RuleProposal
from billing.rubs.rules.table import Table
from billing.rubs.rules.verdicts import Missed, Unknown, Verdict
from billing.rubs.rules.vocabulary import BillLine, Item, ShownIn, listed


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What a statement, lease or notice must say."""

    shown_in: ShownIn
    items: tuple[Item, ...]

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        return cls(limits.choice("shown_in", ShownIn), limits.choices("items", Item))

    def review(self, proposal: RuleProposal) -> Verdict:
        """Name what is missing."""
        shown = {
            ShownIn.STATEMENT: proposal.statement_items,
            ShownIn.LEASE: proposal.lease_items,
            ShownIn.NOTICE: proposal.notice_items,
        }[self.shown_in]
        if shown is None:
            return Unknown(f"whether the {self.shown_in} tells all that it must")
        missing = [item.label for item in self.items if item not in shown]
        if not missing:
            return None
        return Missed(f"The {self.shown_in} does not tell: {listed(missing)}.")


@dataclass(frozen=True, slots=True)
class ExcludedLines:
    """The lines of a utility's bill that tenants may not be charged with."""

    lines: tuple[BillLine, ...]

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        return cls(limits.choices("lines", BillLine))

    def review(self, proposal: RuleProposal) -> Verdict:
        """Name the lines that are passed on all the same."""
        if proposal.passed_on_lines is None:
            return Unknown("which lines of the utility's bill are passed on")
        wrong = [line.replace("_", " ") for line in self.lines if line in proposal.passed_on_lines]
        return Missed(f"This rule passes on: {listed(wrong)}.") if wrong else None

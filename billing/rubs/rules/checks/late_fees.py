"""What a late payment may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from billing.rubs.figures import dollars, plain
from billing.rubs.numbers import Number, exact
from billing.rubs.rules.proposal import RuleProposal
from billing.rubs.rules.table import Table
from billing.rubs.rules.verdicts import Missed, Unknown, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFeeLimit:
    """The highest late fee, and whether it may come again or grow.

    Shape: a late fee of the sort that has no limit is asked about, or refused where the other is 0.
    Units: percent of the late amount; cents.
    """

    maximum_percent: Number | None
    maximum_cents: int | None
    once: bool
    compounding: bool

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        read = cls(
            maximum_percent=limits.number_or_none("maximum_percent"),
            maximum_cents=limits.cents_or_none("maximum_dollars"),
            once=limits.flag("once", default=False),
            compounding=limits.flag("compounding", default=True),
        )
        if read.maximum_percent is None and read.maximum_cents is None:
            raise limits.refuse("maximum_percent", "and maximum_dollars are both missing")
        return read

    def review(self, proposal: RuleProposal) -> Verdict:
        """Compare the late fee of the rule."""
        if proposal.late_fee_percent is None or proposal.late_fee_cents is None:
            return Unknown("how high the late fee is")
        percent, cents = exact(proposal.late_fee_percent), proposal.late_fee_cents
        if not percent and not cents:
            return None
        if self.maximum_percent is not None and percent > self.maximum_percent:
            return Missed(f"This rule charges {plain(percent)} %.")
        if self.maximum_cents is not None and cents > self.maximum_cents:
            return Missed(f"This rule charges {dollars(cents)}.")
        return self._other_sort(percent, cents) or self._repetition(proposal)

    def _other_sort(self, percent: Number, cents: int) -> Verdict:
        if percent and self.maximum_percent is None:
            return self._forbidden(f"{plain(exact(percent))} %", self.maximum_cents)
        if cents and self.maximum_cents is None:
            return self._forbidden(dollars(cents), self.maximum_percent)
        return None

    def _forbidden(self, charged: str, other_limit: Number | None) -> Verdict:
        if not other_limit:
            return Missed(f"This rule charges {charged}.")
        return Unknown(f"whether a late fee of {charged} stays within the limit for each amount")

    def _repetition(self, proposal: RuleProposal) -> Verdict:
        if self.once and proposal.late_fee_repeats is None:
            return Unknown("whether the late fee is charged more than once")
        if self.once and proposal.late_fee_repeats:
            return Missed("This rule charges it more than once.")
        if not self.compounding and proposal.late_fee_compounds is None:
            return Unknown("whether late fees are charged on late fees")
        if not self.compounding and proposal.late_fee_compounds:
            return Missed("This rule charges late fees on late fees.")
        return None

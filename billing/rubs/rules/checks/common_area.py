"""What must be taken off for common areas before tenants share a bill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from billing.rubs.figures import dollars, plain
from billing.rubs.numbers import Number, exact
from billing.rubs.rules.proposal import CalculationOutcome, RuleProposal
from billing.rubs.rules.table import Table
from billing.rubs.rules.verdicts import Missed, Unknown, Verdict
from billing.rubs.rules.vocabulary import CommonAreaKind, DeductionBase


@dataclass(frozen=True, slots=True)
class CommonAreaDeduction:
    """The least that is taken off, or the kind of deduction that it must be.

    Shape: without a percentage, anything more than nothing will do.
    Units: percent of the bill.
    """

    minimum_percent: Number | None
    metered: bool

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        return cls(limits.number_or_none("minimum_percent"), limits.flag("metered", default=False))

    def review(self, proposal: RuleProposal) -> Verdict:
        """Compare the deduction of the rule, as far as it is known before a bill comes."""
        kind = _kind(proposal)
        if kind is None:
            return Unknown("what is taken off for common areas")
        if self.metered:
            return None if kind is CommonAreaKind.METERED else Missed(_NOT_METERED)
        if kind is not CommonAreaKind.PERCENT:
            return self._found_with_the_bill(kind)
        if proposal.common_area_percent is None:
            return Unknown("which percentage is taken off for common areas")
        return self._compare(exact(proposal.common_area_percent))

    def audit(self, outcome: CalculationOutcome) -> Verdict:
        """Compare the cents that were taken off; rounding down to the cent is no fault."""
        if self.minimum_percent is None or outcome.common_area_cents is None:
            return None
        least = abs(outcome.bill_cents) * exact(self.minimum_percent) // 100
        if abs(outcome.common_area_cents) >= least:
            return None
        return Missed(
            f"This calculation takes off {dollars(abs(outcome.common_area_cents))} of"
            f" {dollars(abs(outcome.bill_cents))}; the least is {dollars(least)}."
        )

    def _found_with_the_bill(self, kind: CommonAreaKind) -> Verdict:
        if self.minimum_percent is None:
            return None
        named = "a fixed amount" if kind is CommonAreaKind.FIXED else "metered use"
        least = plain(exact(self.minimum_percent))
        return Unknown(f"whether {named} for common areas comes to {least} % of each bill")

    def _compare(self, percent: Number) -> Verdict:
        enough = percent > 0 if self.minimum_percent is None else percent >= self.minimum_percent
        return None if enough else Missed(f"This rule takes off {plain(exact(percent))} %.")


@dataclass(frozen=True, slots=True)
class CommonAreaBase:
    """What the percentage must be taken of."""

    base: DeductionBase

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        return cls(limits.choice("base", DeductionBase))

    def review(self, proposal: RuleProposal) -> Verdict:
        """Compare the base, where a percentage is taken at all."""
        if _kind(proposal) is not CommonAreaKind.PERCENT or proposal.common_area_percent == 0:
            return None
        if proposal.common_area_base is None:
            return Unknown("what the common-area percentage is taken of")
        if proposal.common_area_base == self.base:
            return None
        return Missed(f"This rule takes it of {_BASES[proposal.common_area_base]}.")


def _kind(proposal: RuleProposal) -> CommonAreaKind | None:
    if proposal.common_area_kind is None and proposal.common_area_percent is not None:
        return CommonAreaKind.PERCENT
    return proposal.common_area_kind


_NOT_METERED = "This rule takes off something other than the metered use."

_BASES = {
    DeductionBase.BILL: "the whole bill",
    DeductionBase.AFTER_FIXED_CHARGES: "what is left of the bill after fixed charges",
}

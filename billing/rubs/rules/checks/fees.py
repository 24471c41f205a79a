"""What an owner may add for administration."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Self

from billing.rubs.figures import dollars, plain
from billing.rubs.numbers import Number, exact
from billing.rubs.rules.proposal import CalculationOutcome, RuleProposal, TenantCharge
from billing.rubs.rules.table import Table
from billing.rubs.rules.verdicts import Missed, Unknown, Verdict
from billing.rubs.rules.vocabulary import listed

_UNITS_NAMED = 5
_DAYS_OF_A_MONTH = 31
_FEE_UNKNOWN = Unknown("how high the administrative fee is")


class Per(StrEnum):
    """What a flat fee is counted by."""

    BILL = "bill"
    MONTH = "month"


class Together(StrEnum):
    """How a percentage and a flat amount limit a fee together."""

    ONE_OF_THEM = "one_of_them"
    LESSER = "lesser"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLimit:
    """The highest fee, as a percentage of a tenant's charge, a flat amount, or both.

    Shape: a fee of the sort that has no limit is held against the other one in dollars, unless
    `other_sort_is_free`.
    Units: percent; cents.
    """

    maximum_percent: Number | None
    maximum_cents: int | None
    per: Per
    together: Together | None
    other_sort_is_free: bool

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        percent = limits.number_or_none("maximum_percent")
        cents = limits.cents_or_none("maximum_dollars")
        if percent is None and cents is None:
            raise limits.refuse("maximum_percent", "and maximum_dollars are both missing")
        both = percent is not None and cents is not None
        return cls(
            maximum_percent=percent,
            maximum_cents=cents,
            per=limits.choice("per", Per) if "per" in limits else Per.BILL,
            together=limits.choice("together", Together) if both else None,
            other_sort_is_free=limits.flag("other_sort_is_free", default=False),
        )

    def review(self, proposal: RuleProposal) -> Verdict:
        """Compare the fee of the rule, as far as it can be told without amounts."""
        if proposal.admin_fee_percent is None or proposal.admin_fee_cents is None:
            return _FEE_UNKNOWN
        percent, cents = exact(proposal.admin_fee_percent), proposal.admin_fee_cents
        if not percent and not cents:
            return None
        if percent and cents and (self.together is Together.ONE_OF_THEM or self._forbids):
            return Missed(f"This rule charges {plain(percent)} % and {dollars(cents)}.")
        if self.maximum_percent is not None and percent > self.maximum_percent:
            return Missed(f"This rule charges {plain(percent)} %.")
        if self.maximum_cents is not None and cents > self.maximum_cents:
            return Missed(f"This rule charges {dollars(cents)}.")
        return None if self.other_sort_is_free else self._told_by_amounts(percent, cents)

    def audit(self, outcome: CalculationOutcome) -> Verdict:
        """Compare the fee of each tenant."""
        if self.other_sort_is_free:
            return None
        over = [charge for charge in outcome.charges if charge.fee_cents > self._limit(charge)]
        if not over:
            return None
        if self.per is Per.MONTH and _longer_than_a_month(outcome):
            return Unknown(
                "how many months the bill is for, so that the limit for a month can be applied"
            )
        return Missed(f"Higher is the fee of {_named(over)}.")

    @property
    def _forbids(self) -> bool:
        return not self.maximum_percent and not self.maximum_cents

    def _told_by_amounts(self, percent: Number, cents: int) -> Verdict:
        if self._forbids:
            charged = f"{plain(exact(percent))} %" if percent else dollars(cents)
            return Missed(f"This rule charges {charged}.")
        lesser = self.together is Together.LESSER
        if percent and (lesser or self.maximum_percent is None):
            return Unknown("how many dollars the percentage comes to; the calculation will tell")
        if cents and (lesser or self.maximum_cents is None):
            return Unknown(
                "which percentage of a charge the flat fee comes to; the calculation will tell"
            )
        return None

    def _limit(self, charge: TenantCharge) -> Fraction:
        share = max(charge.share_cents, 0)
        limits = []
        if self.maximum_percent is not None:
            limits.append(Fraction(share * exact(self.maximum_percent), 100))
        if self.maximum_cents is not None:
            limits.append(Fraction(self.maximum_cents))
        return min(limits) if self.together is Together.LESSER else max(limits)


@dataclass(frozen=True, slots=True)
class ActualCostFee:
    """Only what billing really costs the owner may be added."""

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read nothing: there is only one way to keep this."""
        del limits
        return cls()

    def review(self, proposal: RuleProposal) -> Verdict:
        """Ask for the cost, where there is a fee."""
        if proposal.admin_fee_percent is None or proposal.admin_fee_cents is None:
            return _FEE_UNKNOWN
        if not proposal.admin_fee_percent and not proposal.admin_fee_cents:
            return None
        if proposal.admin_fee_is_actual_cost is None:
            return Unknown("whether the fee is what billing really costs")
        return None if proposal.admin_fee_is_actual_cost else Missed("This rule charges more.")


def _longer_than_a_month(outcome: CalculationOutcome) -> bool:
    return outcome.period_days is None or outcome.period_days > _DAYS_OF_A_MONTH


def _named(charges: list[TenantCharge]) -> str:
    names = [
        f"{charge.unit_label} ({dollars(charge.fee_cents)})" for charge in charges[:_UNITS_NAMED]
    ]
    if len(charges) > _UNITS_NAMED:
        names.append(f"{len(charges) - _UNITS_NAMED} more")
    return listed(names)

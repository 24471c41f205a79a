"""What all tenants together may be charged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from billing.rubs.figures import dollars
from billing.rubs.rules.proposal import CalculationOutcome
from billing.rubs.rules.table import Table
from billing.rubs.rules.verdicts import Missed, Unknown, Verdict


@dataclass(frozen=True, slots=True)
class Ceiling:
    """All tenants together pay no more than the bill.

    Shape: `fees_inside` counts their fees too; `less_own_use` takes the owner's own use off.
    """

    fees_inside: bool
    less_own_use: bool

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        return cls(
            limits.flag("fees_inside", default=False), limits.flag("less_own_use", default=False)
        )

    def audit(self, outcome: CalculationOutcome) -> Verdict:
        """Compare the tenants' total; of a credit they may be given less, never charged."""
        if self.less_own_use and outcome.common_area_cents is None:
            return Unknown("what the owner's own use comes to")
        own_use = (outcome.common_area_cents or 0) if self.less_own_use else 0
        limit = max(outcome.bill_cents - own_use, 0)
        total = outcome.shares_cents + (outcome.fees_cents if self.fees_inside else 0)
        if total <= limit:
            return None
        fees = " with their fees" if self.fees_inside else ""
        over = dollars(total - limit)
        return Missed(
            f"The tenants pay {dollars(total)}{fees}; {dollars(limit)} may be billed, so that is"
            f" {over} too much."
        )

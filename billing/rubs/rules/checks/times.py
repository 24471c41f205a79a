"""How long tenants must be given, and how long papers must be kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from billing.rubs.rules.proposal import RuleProposal
from billing.rubs.rules.table import Table
from billing.rubs.rules.verdicts import Missed, Unknown, Verdict


@dataclass(frozen=True, slots=True)
class DueDays:
    """The least time between a bill and the day on which it falls due.

    Units: days.
    """

    minimum_days: int

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        return cls(limits.whole("minimum_days"))

    def review(self, proposal: RuleProposal) -> Verdict:
        """Compare the days to pay."""
        if proposal.due_days is None:
            return Unknown("how many days tenants have to pay")
        if proposal.due_days >= self.minimum_days:
            return None
        return Missed(f"This rule gives {_counted(proposal.due_days, 'day')}.")


@dataclass(frozen=True, slots=True)
class NoticeDays:
    """The least time between a notice and what it announces, and whether tenants must sign.

    Units: days.
    """

    minimum_days: int
    signature: bool

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        return cls(limits.whole("minimum_days"), limits.flag("signature", default=False))

    def review(self, proposal: RuleProposal) -> Verdict:
        """Compare the days of notice, then the signature."""
        if proposal.notice_days is None:
            return Unknown("how many days before it takes effect tenants are told")
        if proposal.notice_days < self.minimum_days:
            return Missed(f"Tenants are told {_counted(proposal.notice_days, 'day')} before.")
        if self.signature and proposal.tenants_sign is None:
            return Unknown("whether the tenants sign")
        if self.signature and not proposal.tenants_sign:
            return Missed("The tenants do not sign.")
        return None


@dataclass(frozen=True, slots=True)
class Records:
    """How long bills and calculations must be kept.

    Units: months.
    """

    minimum_months: int

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        return cls(limits.whole("minimum_months"))

    def review(self, proposal: RuleProposal) -> Verdict:
        """Compare the time for which they are kept."""
        if proposal.records_months is None:
            return Unknown("how long bills and calculations are kept")
        if proposal.records_months >= self.minimum_months:
            return None
        return Missed(f"They are kept for {_counted(proposal.records_months, 'month')}.")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

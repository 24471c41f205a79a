"""What tenants may not be made to pay for vacant units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from billing.rubs.rule_input import Vacancy
from billing.rubs.rules.proposal import RuleProposal
from billing.rubs.rules.table import Table
from billing.rubs.rules.verdicts import Missed, Unknown, Verdict
from billing.rubs.rules.vocabulary import VacantPart

_TENANTS_PAY = "Under this rule the tenants of the other units pay it."


@dataclass(frozen=True, slots=True)
class VacantUse:
    """The vacant units' part of what is shared must be the owner's."""

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read nothing: there is only one way to keep this."""
        del limits
        return cls()

    def review(self, proposal: RuleProposal) -> Verdict:
        """See who pays for vacant days."""
        if proposal.vacancy is None:
            return Unknown("who pays for vacant units")
        return None if proposal.vacancy is Vacancy.OWNER_PAYS else Missed(_TENANTS_PAY)


@dataclass(frozen=True, slots=True)
class VacantFixedCharge:
    """The vacant units' part of a fixed charge must be the owner's."""

    charge: str

    @classmethod
    def read(cls, limits: Table) -> Self:
        """Read the limits."""
        (charge,) = limits.words("charge", ("base_charge", "service_charge"))
        return cls(charge)

    def review(self, proposal: RuleProposal) -> Verdict:
        """See who pays the fixed charge of vacant units."""
        is_base = self.charge == "base_charge"
        payer = proposal.base_charge_vacant if is_base else proposal.service_charge_vacant
        if payer is None:
            name = self.charge.replace("_", " ")
            return Unknown(f"who pays the {name} of vacant units")
        return Missed(_TENANTS_PAY) if payer is VacantPart.TENANTS else None

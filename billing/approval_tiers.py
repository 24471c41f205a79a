"""How many people have to approve a calculation, and who has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from billing.models import Approval, Calculation, CalculationState, Decision
from portfolios.models import Portfolio, User


@dataclass(frozen=True, slots=True)
class Approvals:
    """Who has approved a calculation so far, the first one first.

    Shape: `needed` is that of today's setting where it asks for more than the submission did.
    """

    given: tuple[Approval, ...]
    needed: int

    @property
    def count(self) -> int:
        """Count the approvals."""
        return len(self.given)

    @property
    def is_last_missing(self) -> bool:
        """Tell whether one more approval locks the figures."""
        return self.count >= self.needed - 1

    @property
    def has_tiers(self) -> bool:
        """Tell whether one approval is not enough."""
        return self.needed > 1

    @property
    def words(self) -> str:
        """Say how far it has come: "1 of 2 approvals"."""
        return f"{self.count} of {self.needed} approvals"

    def are_of(self, user: User) -> bool:
        """Tell whether a person is among those who have approved."""
        return any(approval.decided_by_id == user.pk for approval in self.given)


def charged_cents(calculation: Calculation) -> int:
    """Tell what residents are charged, which is what the tiers go by.

    Units: cents, without a sign: a large credit wants two people as well.
    """
    return abs(calculation.tenants_cents + calculation.fees_cents)


def tier_of(calculation: Calculation, portfolio: Portfolio) -> int:
    """Tell how many approvals a portfolio wants for a calculation as it is set now."""
    above = portfolio.second_approval_above_cents
    return 2 if above is not None and charged_cents(calculation) > above else 1


def approvals_of(calculation: Calculation) -> Approvals:
    """Tell who has approved a calculation, and how many have to."""
    return approvals_of_all([calculation])[calculation.pk]


def approvals_of_all(calculations: Sequence[Calculation]) -> dict[int, Approvals]:
    """Tell of several calculations who has approved them, in two queries.

    Shape: once it is approved, what was enough is enough.
    """
    found = Approval.objects.filter(
        calculation__in=[calculation.pk for calculation in calculations],
        decision=Decision.APPROVED,
    )
    given: dict[int, list[Approval]] = {calculation.pk: [] for calculation in calculations}
    for approval in found.select_related("decided_by").order_by("decided_at", "pk"):
        given[approval.calculation_id].append(approval)
    portfolios = _portfolios(calculations)
    return {
        calculation.pk: Approvals(
            given=tuple(given[calculation.pk]),
            needed=_needed(calculation, portfolios[calculation.pk]),
        )
        for calculation in calculations
    }


def _needed(calculation: Calculation, portfolio: Portfolio) -> int:
    if calculation.state not in (CalculationState.DRAFT, CalculationState.IN_REVIEW):
        return calculation.approvals_needed
    return max(calculation.approvals_needed, tier_of(calculation, portfolio))


def _portfolios(calculations: Sequence[Calculation]) -> dict[int, Portfolio]:
    """Read the portfolios afresh: the setting may have changed since the rows were read."""
    keys = {row.pk: row.bill.property.portfolio_id for row in calculations}
    found = Portfolio.objects.in_bulk(set(keys.values()))
    return {pk: found[portfolio_id] for pk, portfolio_id in keys.items()}

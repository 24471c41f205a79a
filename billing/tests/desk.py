"""The acts on one bill, each done by whoever does it as a rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing.models import Approval, Calculation, UtilityBill
from billing.operations.approvals import approve_calculation, reject_calculation
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.operations.posting_jobs import PostingOrder, create_posting_job
from billing.tests.small_place import ORDER, gateway_to_nowhere
from conftest import Cast


@dataclass(frozen=True)
class Desk:
    """The acts on one bill, each by whoever does it as a rule."""

    bill: UtilityBill
    cast: Cast
    now: datetime

    def calculate(self) -> Calculation:
        """Calculate the bill."""
        return calculate_bill(bill=self.bill, by=self.cast.manager, now=self.now)

    def submit(self, calculation: Calculation) -> None:
        """Submit a calculation."""
        submit_calculation(calculation=calculation, by=self.cast.manager, now=self.now)

    def approve(self, calculation: Calculation) -> Approval:
        """Approve a calculation."""
        return approve_calculation(calculation=calculation, by=self.cast.accountant, now=self.now)

    def reject(self, calculation: Calculation, reason: str = "Unit 101 is empty.") -> Approval:
        """Send a calculation back."""
        return reject_calculation(
            calculation=calculation, reason=reason, by=self.cast.accountant, now=self.now
        )

    def post(self, calculation: Calculation, order: PostingOrder = ORDER) -> None:
        """Confirm its posting."""
        create_posting_job(
            calculation=calculation,
            order=order,
            gateway=gateway_to_nowhere(),
            by=self.cast.accountant,
            now=self.now,
        )

    def in_review(self) -> Calculation:
        """Calculate and submit."""
        calculation = self.calculate()
        self.submit(calculation)
        return calculation

"""What a utility bills a property for, and what its bills leave open."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.models.bill import Utility
from portfolios.models import Property
from portfolios.models.scope import PortfolioRow


class UtilityAccount(PortfolioRow):
    """How far the bills of an account reach, kept with each bill that is entered, changed or void.

    Shape: the number is empty where nobody entered one. No month before `unbilled_from` lacks a
        bill; later ones may. `billed_until` is the end of the last bill. Both are empty while no
        bill of the months that the calendar shows stands.
    """

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(
        Property, on_delete=models.CASCADE, related_name="utility_accounts", db_index=False
    )
    utility = models.CharField(max_length=20, choices=Utility.choices)
    account_number = models.CharField(max_length=60, blank=True)
    unbilled_from = models.DateField(null=True, blank=True)
    billed_until = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["property", "utility", "account_number"]
        constraints = [
            models.UniqueConstraint(
                fields=["property", "utility", "account_number"], name="account_once"
            ),
            models.CheckConstraint(
                condition=Q(utility__in=Utility.values), name="account_utility_known"
            ),
            models.CheckConstraint(
                condition=Q(unbilled_from__isnull=True, billed_until__isnull=True)
                | Q(unbilled_from__isnull=False, billed_until__isnull=False),
                name="account_days_go_together",
            ),
            models.CheckConstraint(
                condition=Q(unbilled_from__isnull=True) | Q(unbilled_from__day=1),
                name="account_unbilled_from_a_first",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_utility_display()} {self.account_number} of {self.property}"

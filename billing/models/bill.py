"""What a utility billed for a property."""

from __future__ import annotations

import builtins

from django.db import models
from django.db.models import F, Q

from meterbase.lib.periods import Period
from portfolios.models import Property, User
from portfolios.models.scope import PortfolioRow


class Utility(models.TextChoices):
    """What is supplied."""

    ELECTRIC = "electric", "Electricity"
    GAS = "gas", "Gas"
    WATER = "water", "Water"
    SEWER = "sewer", "Sewer"
    TRASH = "trash", "Trash"
    INTERNET = "internet", "Internet"


class UtilityBill(PortfolioRow):
    """One bill for one service period: the start day belongs to it, the end day does not."""

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="bills")
    utility = models.CharField(max_length=20, choices=Utility.choices)
    account_number = models.CharField(max_length=60, blank=True)
    period_start = models.DateField("service from")
    period_end = models.DateField("service to")
    amount_cents = models.BigIntegerField("amount")
    usage = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    usage_unit = models.CharField(max_length=20, blank=True)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        ordering = ["-period_start", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period_end__gt=F("period_start")), name="bill_period_not_empty"
            ),
            models.CheckConstraint(condition=~Q(amount_cents=0), name="bill_amount_not_zero"),
            models.CheckConstraint(
                condition=Q(utility__in=Utility.values), name="bill_utility_known"
            ),
            models.UniqueConstraint(
                fields=["property", "utility", "account_number", "period_start", "period_end"],
                name="bill_once_per_account_and_period",
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.get_utility_display()} bill of {self.property}, "
            f"{self.period_start} to {self.period_end}"
        )

    @builtins.property  # the column "property" has taken the short name
    def period(self) -> Period:
        """Tell the service period."""
        return Period(self.period_start, self.period_end)

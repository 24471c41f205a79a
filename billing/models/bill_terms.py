"""What is set for single units on one bill alone."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.models.bill import UtilityBill
from portfolios.models import Unit, User
from portfolios.models.scope import PortfolioRow


class BillTermKind(models.TextChoices):
    """What is done with a unit on one bill."""

    EXCLUDED = "excluded", "Left out"
    CAP = "cap", "Cap"
    FLAT = "flat", "Flat amount"


class BillTerms(PortfolioRow):
    """What one bill says of one unit; the next bill follows the rule and the unit's terms again.

    Units: cents, for the bill's whole period.
    """

    portfolio_path = "bill__property__portfolio"

    bill = models.ForeignKey(UtilityBill, on_delete=models.PROTECT, related_name="unit_terms")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="bill_terms")
    kind = models.CharField(max_length=10, choices=BillTermKind.choices)
    amount_cents = models.BigIntegerField("amount", null=True, blank=True)
    reason = models.CharField(max_length=200)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "bill terms"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["bill", "unit"], name="bill_terms_once"),
            models.CheckConstraint(
                # It names every kind, so it also tells which kinds there are.
                condition=Q(kind="excluded", amount_cents__isnull=True)
                | Q(kind__in=["cap", "flat"], amount_cents__isnull=False, amount_cents__gte=0),
                name="bill_terms_amount_unless_excluded",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="bill_terms_have_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of unit {self.unit} on {self.bill}"

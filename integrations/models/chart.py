"""A property's chart of accounts, as the PMS last showed it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portfolios.models import Property
from portfolios.models.scope import PortfolioRow


class AccountKind(models.TextChoices):
    """What an entry of a chart is; a PMS may want one of them with a charge, or both."""

    CHARGE_CODE = "charge_code", "Charge code"
    FINANCIAL_ACCOUNT = "financial_account", "Financial account"


class ChartAccount(PortfolioRow):
    """An entry of a property's chart of accounts; what the PMS no longer shows stays, marked.

    Shape: `code` is what the accountant calls it, `remote_id` what Propexo wants to be told;
        `gl_account` is the account that the entry itself names.
    """

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="chart_accounts")
    kind = models.CharField(max_length=20, choices=AccountKind.choices)
    remote_id = models.CharField("id in Propexo", max_length=100)
    code = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True)
    gl_account = models.CharField("GL account", max_length=100, blank=True)
    first_seen_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["property", "kind", "code", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["property", "kind", "remote_id"], name="chart_account_once_per_property"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=AccountKind.values), name="chart_account_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}".strip()


class ChartReading(PortfolioRow):
    """When a property's chart of accounts was last read whole, and why a later try failed.

    Shape: `failed_at` and `error` are of the last try, empty once one has succeeded.
    """

    portfolio_path = "property__portfolio"

    property = models.OneToOneField(
        Property, on_delete=models.CASCADE, related_name="chart_reading"
    )
    read_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(failed_at__isnull=True, error="")
                | (Q(failed_at__isnull=False) & ~Q(error="")),
                name="chart_reading_failed_when_and_why",
            ),
        ]

    def __str__(self) -> str:
        return f"Chart of accounts of {self.property}"

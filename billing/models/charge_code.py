"""MeterBase's own charge codes, and what each is in a property's chart of accounts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper

from billing.models.bill import Utility
from integrations.models import ChartAccount
from portfolios.models import Portfolio, Property, User
from portfolios.models.scope import PortfolioRow

LONGEST_CODE = 40


class ChargeCode(PortfolioRow):
    """A code under which a portfolio's charges are posted, whatever each PMS calls it.

    Shape: `code` never changes, as postings are known by it; one that is no longer wanted is
        retired.
    """

    portfolio_path = "portfolio"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="charge_codes")
    code = models.CharField(max_length=LONGEST_CODE)
    name = models.CharField(max_length=100)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["portfolio", "code"]
        constraints = [
            models.UniqueConstraint(
                "portfolio", Upper("code"), name="charge_code_once_per_portfolio"
            ),
            models.CheckConstraint(condition=~Q(code=""), name="charge_code_not_empty"),
        ]

    def __str__(self) -> str:
        return self.code


class UtilityChargeCode(PortfolioRow):
    """Which code a utility's charges have unless its rule or a person says otherwise."""

    portfolio_path = "portfolio"

    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.PROTECT, related_name="utility_charge_codes"
    )
    utility = models.CharField(max_length=20, choices=Utility.choices)
    charge_code = models.ForeignKey(
        ChargeCode, on_delete=models.PROTECT, related_name="usual_for_utilities"
    )

    class Meta:
        ordering = ["portfolio", "utility"]
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "utility"], name="utility_charge_code_once"
            ),
            models.CheckConstraint(
                condition=Q(utility__in=Utility.values), name="utility_charge_code_utility_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_utility_display()} as {self.charge_code}"


class ChargeCodeMapping(PortfolioRow):
    """What a charge code is in one property's chart of accounts.

    Shape: a charge code, a financial account or both, as the PMS wants them; without `set_by` it
        was found by itself. Without either a person has said that it is nothing there.
    """

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(
        Property, on_delete=models.PROTECT, related_name="charge_code_mappings"
    )
    charge_code = models.ForeignKey(ChargeCode, on_delete=models.PROTECT, related_name="mappings")
    pms_charge_code = models.ForeignKey(
        ChartAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    financial_account = models.ForeignKey(
        ChartAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    set_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    set_at = models.DateTimeField()

    class Meta:
        ordering = ["property", "charge_code"]
        constraints = [
            models.UniqueConstraint(
                fields=["property", "charge_code"], name="charge_code_mapped_once_per_property"
            ),
            models.CheckConstraint(
                condition=Q(set_by__isnull=False)
                | Q(pms_charge_code__isnull=False)
                | Q(financial_account__isnull=False),
                name="charge_code_mapping_emptied_by_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charge_code} at {self.property}"

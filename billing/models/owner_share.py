"""What the owner bears of a bill, kept by its reason so that many bills can be added up at once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.models.calculation import Calculation
from billing.rubs.buckets import Bucket as RubsBucket
from portfolios.models.scope import PortfolioRow


class OwnerBucket(models.TextChoices):
    """Why the owner bears a part of a bill."""

    COMMON_AREA = RubsBucket.COMMON_AREA.value, "Common area"
    VACANCY = RubsBucket.VACANCY.value, "Vacant days"
    EXCLUDED = RubsBucket.EXCLUDED.value, "Excluded units"
    NOT_PASSED_ON = RubsBucket.NOT_PASSED_ON.value, "Not passed on"
    FIXED_CHARGE = RubsBucket.FIXED_CHARGE.value, "Fixed charges"
    NOT_GIVEN = RubsBucket.NOT_GIVEN.value, "Not given to units"
    CAP = RubsBucket.CAP.value, "Caps"
    MINIMUM = RubsBucket.MINIMUM.value, "Minimums"
    FLAT = RubsBucket.FLAT.value, "Flat amounts"
    ROUNDING = RubsBucket.ROUNDING.value, "Rounding"


class OwnerShare(PortfolioRow):
    """What the owner bears of a calculated bill for one reason.

    Shape: the shares of a calculation add up to its `owner_cents`; reasons that come to nothing
        have no row. Negative where a minimum or a flat amount makes the tenants pay more.
    Units: cents.
    """

    portfolio_path = "calculation__bill__property__portfolio"

    calculation = models.ForeignKey(
        Calculation, on_delete=models.PROTECT, related_name="owner_shares"
    )
    bucket = models.CharField("reason", max_length=20, choices=OwnerBucket.choices)
    amount_cents = models.BigIntegerField("amount")

    class Meta:
        ordering = ["calculation", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["calculation", "bucket"], name="owner_share_once_per_reason"
            ),
            models.CheckConstraint(
                condition=Q(bucket__in=OwnerBucket.values), name="owner_share_reason_known"
            ),
            models.CheckConstraint(condition=~Q(amount_cents=0), name="owner_share_not_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.get_bucket_display()} of {self.calculation}"

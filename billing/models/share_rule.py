"""How a property's bills for a utility are shared."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.models.bill import Utility
from portfolios.models import Property, User
from portfolios.models.scope import PortfolioRow


class Method(models.TextChoices):
    """What a unit's share is measured by."""

    SQUARE_FEET = "square_feet", "Square footage"
    OCCUPANTS = "occupants", "Occupants"
    BED_BATH = "bed_bath", "Bedrooms and bathrooms"


class VacancyPolicy(models.TextChoices):
    """Who pays for the days on which nobody lives in a unit."""

    OWNER_PAYS = "owner_pays", "The owner pays"
    OCCUPIED_ONLY = "occupied_only", "The occupied units pay"


class ShareRule(PortfolioRow):
    """One version of a rule; versions are never edited, a new one takes their place."""

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="share_rules")
    utility = models.CharField(max_length=20, choices=Utility.choices)
    version = models.PositiveIntegerField()
    is_active = models.BooleanField(default=True)
    method = models.CharField(max_length=20, choices=Method.choices)
    common_area_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    vacancy = models.CharField(max_length=20, choices=VacancyPolicy.choices)
    vacant_unit_occupants = models.PositiveIntegerField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["property", "utility", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["property", "utility", "version"], name="share_rule_version_once"
            ),
            models.UniqueConstraint(
                fields=["property", "utility"],
                condition=Q(is_active=True),
                name="share_rule_one_active",
            ),
            models.CheckConstraint(
                condition=Q(common_area_percent__gte=0, common_area_percent__lte=50),
                name="share_rule_common_area_0_to_50",
            ),
            models.CheckConstraint(
                condition=Q(method__in=Method.values), name="share_rule_method_known"
            ),
            models.CheckConstraint(
                condition=Q(vacancy__in=VacancyPolicy.values), name="share_rule_vacancy_known"
            ),
            models.CheckConstraint(
                condition=~Q(method="occupants", vacancy="owner_pays")
                | Q(vacant_unit_occupants__isnull=False, vacant_unit_occupants__gte=1),
                name="share_rule_headcount_needs_assumption",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_utility_display()} rule of {self.property}, version {self.version}"

"""How a property's bills for a utility are shared."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.models.bill import Utility
from portfolios.models import Property, Unit, User
from portfolios.models.scope import PortfolioRow


class Method(models.TextChoices):
    """What a unit's share is measured by."""

    SQUARE_FEET = "square_feet", "Square footage"
    OCCUPANTS = "occupants", "Occupants"
    RATIO_OCCUPANCY = "ratio_occupancy", "Ratio occupancy (a table by people)"
    BEDROOMS = "bedrooms", "Bedrooms"
    BED_BATH = "bed_bath", "Bedrooms and bathrooms"
    ESTIMATED_OCCUPANCY = "estimated_occupancy", "Estimated occupancy (a table by bedrooms)"
    EQUAL = "equal", "Equal shares"
    CUSTOM_WEIGHT = "custom_weight", "Weights of your own"
    PERCENTAGE = "percentage", "Percentages of your own"
    SUBMETER = "submeter", "Submeter readings"
    MIX = "mix", "A mix of methods"


class VacancyPolicy(models.TextChoices):
    """Who pays for the days on which nobody lives in a unit."""

    OWNER_PAYS = "owner_pays", "The owner pays"
    PARTIAL = "partial", "The owner pays a part"
    OCCUPIED_ONLY = "occupied_only", "The occupied units pay"


class ShareRule(PortfolioRow):
    """One version of a rule; versions are never edited, a new one takes their place.

    Shape: `options` are the fields of `billing.rubs.RuleInput` that have no column, as
        `billing.rubs.wire_rule` writes them. Without `effective_from` a version counts since ever;
        one that is withdrawn counts for no bill.
    """

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="share_rules")
    utility = models.CharField(max_length=20, choices=Utility.choices)
    version = models.PositiveIntegerField()
    is_active = models.BooleanField(default=True)
    method = models.CharField(max_length=20, choices=Method.choices)
    common_area_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    vacancy = models.CharField(max_length=20, choices=VacancyPolicy.choices)
    vacant_unit_occupants = models.PositiveIntegerField(null=True, blank=True)
    options = models.JSONField(default=dict, blank=True)
    charge_code = models.CharField(max_length=40, blank=True)
    effective_from = models.DateField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

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
                condition=~Q(method__in=["occupants", "ratio_occupancy"], vacancy="owner_pays")
                | Q(vacant_unit_occupants__isnull=False, vacant_unit_occupants__gte=1),
                name="share_rule_headcount_needs_assumption",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False, is_active=False),
                name="share_rule_withdrawn_by_and_at",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_utility_display()} rule of {self.property}, version {self.version}"


class UnitTerms(PortfolioRow):
    """What a property's rule for a utility says of one unit alone.

    Units: percent of the amount to share; cents for a whole period.
    """

    portfolio_path = "unit__property__portfolio"

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="terms")
    utility = models.CharField(max_length=20, choices=Utility.choices)
    weight = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    percent = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    excluded_because = models.CharField(max_length=200, blank=True)
    minimum_cents = models.BigIntegerField("minimum", null=True, blank=True)
    cap_cents = models.BigIntegerField("cap", null=True, blank=True)
    flat_cents = models.BigIntegerField("flat amount", null=True, blank=True)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "unit terms"
        constraints = [
            models.UniqueConstraint(fields=["unit", "utility"], name="unit_terms_once"),
            models.CheckConstraint(
                condition=Q(utility__in=Utility.values), name="unit_terms_utility_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_utility_display()} terms of unit {self.unit}"

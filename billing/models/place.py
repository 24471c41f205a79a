"""What the rules of places need to know of a property, and where somebody set one aside."""

from __future__ import annotations

from django.db import models

from billing.models.bill import Utility
from portfolios.models import Property, User
from portfolios.models.scope import PortfolioRow


class PlaceFacts(PortfolioRow):
    """What the law asks about a property; empty is unknown, which is never guessed.

    Shape: `facts` by the field names of `billing.rubs.rules.PropertyFacts`, as plain JSON.
    """

    portfolio_path = "property__portfolio"

    property = models.OneToOneField(Property, on_delete=models.CASCADE, related_name="place_facts")
    facts = models.JSONField(default=dict, blank=True)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "place facts"

    def __str__(self) -> str:
        return f"Facts of {self.property}"


class PlaceOverride(PortfolioRow):
    """A rule of the place that an accountant set aside, and why."""

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="place_overrides")
    utility = models.CharField(max_length=20, choices=Utility.choices)
    place_rule_id = models.CharField(max_length=100)
    reason = models.TextField()
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["property", "utility", "place_rule_id"], name="place_override_once"
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="place_override_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.place_rule_id} set aside for {self.property}"

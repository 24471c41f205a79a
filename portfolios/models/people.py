"""Portfolios and the people who work in them."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from portfolios.models.scope import PortfolioRow

# Every month has this day.
LATEST_APPROVE_BY_DAY = 28


class User(AbstractUser):
    """Somebody who signs in, or for whom a program acts.

    Shape: `confined_to` holds the ids of the portfolios to which a program's key is confined; None
        means all of the person's own. It belongs to one request and is not stored.
    """

    confined_to: frozenset[int] | None = None

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Role(models.TextChoices):
    """What a member may do in a portfolio."""

    MANAGER = "manager", "Property manager"
    ACCOUNTANT = "accountant", "Accountant"
    VIEWER = "viewer", "Viewer"


class Portfolio(PortfolioRow):
    """A set of properties that the same people look after.

    Shape: without `second_approval_above_cents` one approval is always enough; `approve_by_day` is
        the day of the month by which its charges are to be approved, None for no such day.
    Units: cents.
    """

    portfolio_path = ""

    name = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()
    second_approval_above_cents = models.BigIntegerField(
        "second approval above", null=True, blank=True
    )
    approve_by_day = models.PositiveSmallIntegerField("approve by day", null=True, blank=True)
    members = models.ManyToManyField(User, through="Membership", related_name="portfolios")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(second_approval_above_cents__isnull=True)
                | models.Q(second_approval_above_cents__gte=0),
                name="portfolio_second_approval_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(approve_by_day__isnull=True)
                | models.Q(approve_by_day__range=(1, LATEST_APPROVE_BY_DAY)),
                name="portfolio_approve_by_day_in_every_month",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's role in one portfolio."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "portfolio"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} of {self.portfolio}"

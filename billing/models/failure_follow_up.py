"""What people do about a charge that failed: whose it is, and until when it rests."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.models.posting import Posting
from portfolios.models import User
from portfolios.models.scope import PortfolioRow


class FollowUpAct(models.TextChoices):
    """By which act a failure left the list without being closed by hand."""

    RETRIED = "retried", "Sent again"
    SENT_AGAIN = "sent_again", "Sent again on the word of two people"
    LINKED = "linked", "Found in the PMS and linked"


class FailureFollowUp(PortfolioRow):
    """One failure in people's hands; the engine neither reads nor writes it.

    Shape: a rest ends by itself when its day comes, or when the charge has moved since. `acted_as`
        is the last act by which somebody sent the charge again or linked it.
    """

    portfolio_path = "posting__job__calculation__bill__property__portfolio"

    posting = models.OneToOneField(Posting, on_delete=models.PROTECT, related_name="follow_up")
    assigned_to = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="failures"
    )
    assigned_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    assigned_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateField(null=True, blank=True)
    snoozed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    snoozed_at = models.DateTimeField(null=True, blank=True)
    acted_as = models.CharField(max_length=20, choices=FollowUpAct.choices, blank=True)
    acted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    acted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    assigned_to__isnull=True, assigned_by__isnull=True, assigned_at__isnull=True
                )
                | Q(
                    assigned_to__isnull=False, assigned_by__isnull=False, assigned_at__isnull=False
                ),
                name="follow_up_assigned_by_and_at",
            ),
            models.CheckConstraint(
                condition=Q(
                    snoozed_until__isnull=True, snoozed_by__isnull=True, snoozed_at__isnull=True
                )
                | Q(
                    snoozed_until__isnull=False, snoozed_by__isnull=False, snoozed_at__isnull=False
                ),
                name="follow_up_snoozed_by_and_at",
            ),
            models.CheckConstraint(
                condition=Q(acted_as="", acted_by__isnull=True, acted_at__isnull=True)
                | Q(
                    acted_as__in=["retried", "sent_again", "linked"],
                    acted_by__isnull=False,
                    acted_at__isnull=False,
                ),
                name="follow_up_acted_as_by_and_at",
            ),
        ]

    def __str__(self) -> str:
        return f"Follow-up of {self.posting.reference}"

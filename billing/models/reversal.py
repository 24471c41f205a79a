"""Asking for posted charges to be taken back, and what a second person made of it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from billing.models.posting import Posting, PostingJob
from portfolios.models import User
from portfolios.models.scope import PortfolioRow


class ReversalState(models.TextChoices):
    """Where the wish to reverse charges stands."""

    REQUESTED = "requested", "Waiting for approval"
    APPROVED = "approved", "Approved"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Reversal(PortfolioRow):
    """One wish to take posted charges of a job back; nothing is sent before it is approved.

    Shape: an approved one has the job that sends its credits, or was done `by_hand` in the PMS and
        then names what the PMS calls it.
    """

    portfolio_path = "job__calculation__bill__property__portfolio"

    public_id = models.CharField("reversal", max_length=40, unique=True)
    job = models.ForeignKey(PostingJob, on_delete=models.PROTECT, related_name="reversals")
    state = models.CharField(
        max_length=20, choices=ReversalState.choices, default=ReversalState.REQUESTED
    )
    reason = models.TextField()
    charge_date = models.DateField("date of the credits")
    by_hand = models.BooleanField("reversed by hand in the PMS", default=False)
    pms_reference = models.CharField("what the PMS calls it", max_length=200, blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    verdict = models.TextField(blank=True)
    reversing_job = models.OneToOneField(
        PostingJob, null=True, blank=True, on_delete=models.PROTECT, related_name="reversal"
    )

    class Meta:
        ordering = ["-requested_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ReversalState.values), name="reversal_state_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="reversal_has_reason"),
            models.CheckConstraint(
                condition=Q(state="requested", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="requested") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="reversal_decided_by_and_at",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "refused"]) | ~Q(decided_by=F("requested_by")),
                name="reversal_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(by_hand=False, pms_reference="")
                | (Q(by_hand=True) & ~Q(pms_reference="")),
                name="reversal_by_hand_has_reference",
            ),
            models.CheckConstraint(
                condition=Q(state="approved", by_hand=False, reversing_job__isnull=False)
                | (Q(reversing_job__isnull=True) & (~Q(state="approved") | Q(by_hand=True))),
                name="reversal_approved_has_job",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class ReversalItem(PortfolioRow):
    """One posted charge that a reversal takes back.

    Shape: `is_open` while nobody has decided, so that a charge is in one open reversal at most.
    """

    portfolio_path = "reversal__job__calculation__bill__property__portfolio"

    reversal = models.ForeignKey(Reversal, on_delete=models.PROTECT, related_name="items")
    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="reversal_items")
    is_open = models.BooleanField(default=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["reversal", "posting"], name="reversal_item_once"),
            models.UniqueConstraint(
                fields=["posting"], condition=Q(is_open=True), name="reversal_item_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.posting.reference} in {self.reversal}"

"""A bill shared over the units, checked and approved."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from billing.models.bill import UtilityBill
from billing.models.share_rule import ShareRule
from portfolios.models import Lease, Unit, User
from portfolios.models.scope import PortfolioRow


class CalculationState(models.TextChoices):
    """Where a calculation stands; what became of its charges is told by its posting jobs."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in_review", "In review"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Sent back"
    SUPERSEDED = "superseded", "Superseded"


class Calculation(PortfolioRow):
    """One version of a bill's division, with everything that it was made from, frozen.

    Shape: `inputs` and `result` are what `billing.rubs.wire` writes; `findings` are what the rules
        of the place said when it was made. `data_as_of` is when the property had last been read
        from the PMS then, and `data_in_sync` tells that it was being read again. Fees are beside
        the bill. `approvals_needed` is how many people had to approve it when it was submitted.
    Units: cents.
    """

    portfolio_path = "bill__property__portfolio"

    bill = models.ForeignKey(UtilityBill, on_delete=models.PROTECT, related_name="calculations")
    share_rule = models.ForeignKey(ShareRule, on_delete=models.PROTECT, related_name="calculations")
    version = models.PositiveIntegerField()
    state = models.CharField(
        max_length=20, choices=CalculationState.choices, default=CalculationState.DRAFT
    )
    inputs = models.JSONField()
    inputs_digest = models.CharField(max_length=64)
    result = models.JSONField()
    engine_version = models.CharField(max_length=20)
    bill_cents = models.BigIntegerField()
    tenants_cents = models.BigIntegerField()
    owner_cents = models.BigIntegerField()
    fees_cents = models.BigIntegerField(default=0)
    findings = models.JSONField(default=list, blank=True)
    data_as_of = models.DateTimeField("PMS data from", null=True, blank=True)
    data_in_sync = models.BooleanField("made while a sync was running", default=False)
    prepared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    prepared_at = models.DateTimeField()
    submitted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    approvals_needed = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["-prepared_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["bill", "version"], name="calculation_version_once"),
            models.UniqueConstraint(
                fields=["bill"],
                condition=Q(state__in=["draft", "in_review", "approved"]),
                name="calculation_one_live_per_bill",
            ),
            models.CheckConstraint(
                condition=Q(bill_cents=F("tenants_cents") + F("owner_cents")),
                name="calculation_conserves_every_cent",
            ),
            models.CheckConstraint(
                condition=Q(submitted_by__isnull=True, submitted_at__isnull=True)
                | Q(submitted_by__isnull=False, submitted_at__isnull=False),
                name="calculation_submitted_by_and_at",
            ),
            models.CheckConstraint(
                condition=Q(state__in=CalculationState.values), name="calculation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(approvals_needed__in=[1, 2]), name="calculation_needs_one_or_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bill}, calculation {self.version}"


class Decision(models.TextChoices):
    """What an accountant decided."""

    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Sent back"


class Approval(PortfolioRow):
    """A decision on a calculation, by somebody who did not prepare it.

    Shape: each person approves once at most; whoever approved first may still send it back.
    """

    portfolio_path = "calculation__bill__property__portfolio"

    calculation = models.ForeignKey(Calculation, on_delete=models.PROTECT, related_name="approvals")
    decision = models.CharField(max_length=20, choices=Decision.choices)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-decided_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["calculation", "decided_by", "decision"], name="approval_once_per_person"
            ),
            models.UniqueConstraint(
                fields=["calculation"],
                condition=Q(decision="rejected"),
                name="approval_rejected_once",
            ),
            models.CheckConstraint(
                condition=Q(decision="approved") | (Q(decision="rejected") & ~Q(reason="")),
                name="approval_rejection_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_decision_display()} by {self.decided_by}"


class ChargeKind(models.TextChoices):
    """What a charge is for."""

    SHARE = "share", "Share of the bill"
    FEE = "fee", "Administrative fee"


class Charge(PortfolioRow):
    """What one lease owes of one bill, and why.

    Shape: the PMS's ids are those of the moment of calculation.
    Units: cents.
    """

    portfolio_path = "calculation__bill__property__portfolio"

    calculation = models.ForeignKey(Calculation, on_delete=models.PROTECT, related_name="charges")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="charges")
    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, related_name="charges")
    kind = models.CharField(max_length=10, choices=ChargeKind.choices, default=ChargeKind.SHARE)
    unit_label = models.CharField(max_length=401)
    resident_name = models.CharField(max_length=401, blank=True)
    propexo_unit_id = models.CharField(max_length=100)
    propexo_lease_id = models.CharField(max_length=100)
    propexo_resident_id = models.CharField(max_length=100, blank=True)
    amount_cents = models.BigIntegerField("amount")
    explanation = models.JSONField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["calculation", "unit", "lease", "kind"],
                name="charge_once_per_unit_lease_and_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ChargeKind.values), name="charge_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Charge of unit {self.unit_label}"

"""What a comparison of MeterBase with the PMS's ledger found."""

from __future__ import annotations

import builtins

from django.db import models
from django.db.models import Q

from billing.models.posting import Posting, PostingJob
from portfolios.models import Property, User
from portfolios.models.scope import PortfolioRow


class LedgerCheck(PortfolioRow):
    """One reading of a property's ledger, charge by charge, with its counts.

    Shape: `job` narrows it to one posting job. `sent` is the number of charges that MeterBase
        calls posted; there + differs + missing = sent, each doubled one counts in one of them.
    """

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="ledger_checks")
    job = models.ForeignKey(
        PostingJob, null=True, blank=True, on_delete=models.PROTECT, related_name="ledger_checks"
    )
    requested_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    sent = models.PositiveIntegerField(default=0)
    there = models.PositiveIntegerField(default=0)
    differs = models.PositiveIntegerField(default=0)
    missing = models.PositiveIntegerField(default=0)
    extra = models.PositiveIntegerField(default=0)
    doubled = models.PositiveIntegerField(default=0)
    unsettled = models.PositiveIntegerField("not settled yet", default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(sent=models.F("there") + models.F("differs") + models.F("missing")),
                name="ledger_check_adds_up",
            )
        ]

    def __str__(self) -> str:
        return f"Ledger of {self.property}, {self.started_at:%Y-%m-%d %H:%M}"

    @builtins.property  # the column "property" has taken the short name
    def is_clean(self) -> bool:
        """Tell whether nothing is lost, doubled, different or unknown to MeterBase."""
        return not (self.error or self.differences.exists())


class DifferenceKind(models.TextChoices):
    """In what way MeterBase and the ledger disagree."""

    DIFFERS = "differs", "Differs"
    MISSING = "missing", "Missing in the PMS"
    EXTRA = "extra", "Not known to MeterBase"
    DOUBLED = "doubled", "Twice in the PMS"


class LedgerDifference(PortfolioRow):
    """One charge on which MeterBase and the ledger disagree."""

    portfolio_path = "check_run__property__portfolio"

    check_run = models.ForeignKey(LedgerCheck, on_delete=models.CASCADE, related_name="differences")
    kind = models.CharField(max_length=20, choices=DifferenceKind.choices)
    posting = models.ForeignKey(
        Posting, null=True, blank=True, on_delete=models.PROTECT, related_name="differences"
    )
    reference = models.CharField(max_length=20)
    remote_charge_id = models.CharField("charge id in the PMS", max_length=100, blank=True)
    message = models.TextField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=DifferenceKind.values), name="ledger_difference_kind_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reference}"

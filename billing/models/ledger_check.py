"""What a comparison of MeterBase with the PMS's ledger found."""

from __future__ import annotations

import builtins

from django.db import models
from django.db.models import F, Q

from billing.models.posting import Posting, PostingJob
from portfolios.models import Property, User
from portfolios.models.scope import PortfolioRow


class LedgerCheck(PortfolioRow):
    """One reading of a property's ledger, charge by charge, with its counts.

    Shape: `job` narrows it to one posting job. `sent` is the number of charges that MeterBase
        calls posted; there + differs + missing = sent, each doubled one counts in one of them.
        It is read page by page: until `finished_at`, `mark` says where the next page starts, and
        nobody goes on before `continue_at`. The ledger shows what was made until `shown_until`.
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
    finished_at = models.DateTimeField(null=True, blank=True)
    shown_until = models.DateTimeField(null=True, blank=True)
    mark = models.TextField("where the next page starts", blank=True)
    token = models.CharField(max_length=40, blank=True)
    continue_at = models.DateTimeField(null=True, blank=True)
    waits_for = models.CharField(max_length=300, blank=True)
    rests = models.PositiveIntegerField("rests without a page", default=0)
    rows_read = models.PositiveIntegerField("rows of the ledger read", default=0)
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
                condition=Q(sent=F("there") + F("differs") + F("missing")),
                name="ledger_check_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=False) | Q(continue_at__isnull=False),
                name="ledger_check_goes_on_or_is_over",
            ),
            models.UniqueConstraint(
                fields=["property"],
                condition=Q(finished_at__isnull=True, job__isnull=True),
                name="ledger_check_one_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["job"],
                condition=Q(finished_at__isnull=True),
                name="ledger_check_one_at_a_time_of_job",
            ),
        ]

    def __str__(self) -> str:
        return f"Ledger of {self.property}, {self.started_at:%Y-%m-%d %H:%M}"

    @builtins.property  # the column "property" has taken the short name
    def is_over(self) -> bool:
        """Tell whether the whole ledger was read, or could not be."""
        return self.finished_at is not None

    @builtins.property
    def is_clean(self) -> bool:
        """Tell whether nothing is lost, doubled, different or unknown to MeterBase."""
        return self.is_over and not (
            self.error or self.differs or self.missing or self.extra or self.doubled
        )


class LedgerSighting(PortfolioRow):
    """A charge that a comparison under way has seen in the ledger; gone when it is over."""

    portfolio_path = "check_run__property__portfolio"

    check_run = models.ForeignKey(LedgerCheck, on_delete=models.CASCADE, related_name="sightings")
    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="+")
    remote_charge_id = models.CharField("charge id in the PMS", max_length=100)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["check_run", "posting"], name="ledger_sighting_once_per_charge"
            )
        ]

    def __str__(self) -> str:
        return f"{self.posting}: {self.remote_charge_id}"


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
        indexes = [
            models.Index(
                fields=["reference"], condition=Q(kind="extra"), name="ledger_difference_extra"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.reference}"

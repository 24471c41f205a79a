"""Files that are made in the background because they take a while: statements, records packs."""

from __future__ import annotations

import builtins

from django.db import models
from django.db.models import F, Q

from billing.models.calculation import Calculation
from portfolios.models import Lease, Property, User
from portfolios.models.scope import PortfolioRow


class FileKind(models.TextChoices):
    """What is made."""

    STATEMENTS_PDF = "statements_pdf", "Statements of a month as one PDF"
    STATEMENTS_ZIP = "statements_zip", "Statements of a month, a PDF for each resident"
    LEASE_RECORDS = "lease_records", "Records pack of a resident"
    CALCULATION_RECORDS = "calculation_records", "Records pack of a calculation"


class PreparedFile(PortfolioRow):
    """A file that somebody asked for: how far it has come, and where it is kept.

    Shape: what it is about is the month of the property, the lease or the calculation, by kind.
        Whoever makes it holds it by `token` until `continue_at`; after that it counts as lost and
        another worker begins it anew. `error` says why none came of it.
    """

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="prepared_files")
    kind = models.CharField(max_length=30, choices=FileKind.choices)
    month = models.DateField(null=True, blank=True)
    lease = models.ForeignKey(
        Lease, null=True, blank=True, on_delete=models.PROTECT, related_name="prepared_files"
    )
    calculation = models.ForeignKey(
        Calculation, null=True, blank=True, on_delete=models.PROTECT, related_name="prepared_files"
    )
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    token = models.CharField(max_length=40, blank=True)
    continue_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    name = models.CharField(max_length=200, blank=True)
    content_type = models.CharField(max_length=60, blank=True)
    size = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [
            models.Index(
                fields=["continue_at"],
                condition=Q(finished_at__isnull=True),
                name="prepared_file_due",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["statements_pdf", "statements_zip"],
                    month__isnull=False,
                    lease__isnull=True,
                    calculation__isnull=True,
                )
                | Q(
                    kind="lease_records",
                    month__isnull=True,
                    lease__isnull=False,
                    calculation__isnull=True,
                )
                | Q(
                    kind="calculation_records",
                    month__isnull=True,
                    lease__isnull=True,
                    calculation__isnull=False,
                ),
                name="prepared_file_is_about_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(month__isnull=True) | Q(month__day=1),
                name="prepared_file_month_is_a_first",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True, continue_at__isnull=False, sha256="")
                | Q(finished_at__isnull=False, sha256="") & ~Q(error="")
                | Q(finished_at__isnull=False, error="") & ~Q(sha256=""),
                name="prepared_file_goes_on_or_is_over",
            ),
            models.CheckConstraint(condition=Q(done__lte=F("total")), name="prepared_file_done"),
            models.UniqueConstraint(
                fields=["property", "kind", "month"],
                condition=Q(finished_at__isnull=True, month__isnull=False),
                name="prepared_file_one_of_month_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["lease"],
                condition=Q(finished_at__isnull=True, lease__isnull=False),
                name="prepared_file_one_of_lease_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["calculation"],
                condition=Q(finished_at__isnull=True, calculation__isnull=False),
                name="prepared_file_one_of_calculation_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.property}"

    @builtins.property  # the column "property" has taken the short name
    def is_over(self) -> bool:
        """Tell whether it was made, or could not be."""
        return self.finished_at is not None

"""One pass over a property's units and leases in the PMS."""

from __future__ import annotations

import builtins

from django.db import models
from django.db.models import Q

from portfolios.models import Property, User
from portfolios.models.scope import PortfolioRow


class SyncState(models.TextChoices):
    """Where a sync stands."""

    QUEUED = "queued", "Waiting for a worker"
    RUNNING = "running", "Running"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"


class SyncRun(PortfolioRow):
    """A sync with its progress and what it found."""

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="sync_runs")
    state = models.CharField(max_length=20, choices=SyncState.choices, default=SyncState.QUEUED)
    phase = models.CharField(max_length=60, blank=True)
    units_read = models.PositiveIntegerField(default=0)
    leases_read = models.PositiveIntegerField(default=0)
    residents_read = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    flagged = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    requested_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-queued_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["property"],
                condition=Q(state__in=["queued", "running"]),
                name="sync_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state__in=SyncState.values), name="sync_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"]) | Q(finished_at__isnull=False),
                name="sync_ended_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Sync of {self.property}, {self.queued_at:%Y-%m-%d %H:%M}"

    @builtins.property  # the column "property" has taken the short name
    def is_over(self) -> bool:
        """Tell whether nothing more will happen."""
        return self.state in (SyncState.COMPLETED, SyncState.FAILED)

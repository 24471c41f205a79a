"""One pass over a property's units, leases and residents in the PMS."""

from __future__ import annotations

import builtins
from datetime import datetime

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


class SyncPhase(models.TextChoices):
    """What a sync does, in the order in which it does it."""

    UNITS = "units", "Reading units"
    LEASES = "leases", "Reading leases"
    RESIDENTS = "residents", "Reading residents"
    CHECKING = "checking", "Comparing the whole property"


class SyncRun(PortfolioRow):
    """A sync with its progress and what it found; any worker can take it up where it stopped.

    Shape: `updated_since` is empty for a reading of everything. `mark` is where the next page of
        the phase starts, stored with the page before it; empty is the beginning. `token` names the
        worker that has the run: only its holder can store anything. `pms_synced_at` is a state of
        Propexo's data that this run covers. `waits` counts the rests since the last page was
        stored, `losses` the workers that were lost since then.
        `asked_again_at` asks for another run after this one.
    """

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="sync_runs")
    state = models.CharField(max_length=20, choices=SyncState.choices, default=SyncState.QUEUED)
    phase = models.CharField(max_length=60, choices=SyncPhase.choices, default=SyncPhase.UNITS)
    mark = models.TextField(blank=True)
    updated_since = models.DateTimeField(null=True, blank=True)
    pms_synced_at = models.DateTimeField(null=True, blank=True)
    pages_read = models.PositiveIntegerField(default=0)
    units_read = models.PositiveIntegerField(default=0)
    leases_read = models.PositiveIntegerField(default=0)
    residents_read = models.PositiveIntegerField(default=0)
    rows_expected = models.PositiveIntegerField(null=True, blank=True)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    flagged = models.PositiveIntegerField(default=0)
    names_missing = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    requested_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    queued_at = models.DateTimeField()
    not_before = models.DateTimeField("waits until", null=True, blank=True)
    waits_for = models.CharField("what it waits for", max_length=300, blank=True)
    waits = models.PositiveIntegerField("waits without progress", default=0)
    losses = models.PositiveIntegerField("lost workers without progress", default=0)
    asked_again_at = models.DateTimeField(null=True, blank=True)
    asked_again_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_again_for_all = models.BooleanField(default=False)
    token = models.CharField(max_length=32, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-queued_at", "-id"]
        indexes = [
            models.Index(
                fields=["state", "queued_at"],
                condition=Q(state__in=["queued", "running"]),
                name="sync_under_way",
            ),
        ]
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

    def rests_at(self, now: datetime) -> bool:
        """Tell whether it rests at a moment, to go on by itself later."""
        return (
            self.state == SyncState.QUEUED and self.not_before is not None and self.not_before > now
        )

    @builtins.property
    def is_full(self) -> bool:
        """Tell whether everything is read, not only what changed."""
        return self.updated_since is None

    @builtins.property
    def rows_read(self) -> int:
        """Count what was read so far."""
        return self.units_read + self.leases_read + self.residents_read


class PropertyReading(PortfolioRow):
    """How far a property has been read.

    Shape: everything that changed before `read_at` is stored, and everything that there was at
        `fully_read_at` was seen. `pms_synced_at` is the state of Propexo's data that was read.
    """

    portfolio_path = "property__portfolio"

    property = models.OneToOneField(Property, on_delete=models.PROTECT, related_name="reading")
    read_at = models.DateTimeField()
    fully_read_at = models.DateTimeField(null=True, blank=True)
    rows_read = models.PositiveIntegerField("records read in full", null=True, blank=True)
    pms_synced_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.property}, read {self.read_at:%Y-%m-%d %H:%M}"


class Tick(models.Model):
    """When something that comes round again was done last, by whichever process was first.

    It holds no customer's data, so no portfolio owns it.
    """

    name = models.CharField(max_length=60, unique=True)
    ticked_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name}, {self.ticked_at:%Y-%m-%d %H:%M}"

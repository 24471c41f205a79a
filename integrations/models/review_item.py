"""What a person must look at because a machine should not guess."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from integrations.models.connection import Connection
from portfolios.models import Portfolio, Property, User
from portfolios.models.scope import PortfolioRow


class ReviewKind(models.TextChoices):
    """Why somebody has to look."""

    UNREADABLE = "unreadable", "Could not be read"
    ODD_VALUE = "odd_value", "Odd value"
    UNKNOWN_STATUS = "unknown_status", "Unknown status"
    OVERLAPPING_LEASES = "overlapping_leases", "Overlapping leases"
    CONTRADICTION = "contradiction", "Contradicts other records"
    VANISHED = "vanished", "No longer in the PMS"
    NEW_PROPERTY = "new_property", "New property in the PMS"
    LEDGER = "ledger", "Differs from the PMS's ledger"


class ReviewItem(PortfolioRow):
    """One thing to decide; the same thing found again stays one item.

    Shape: `digest` stands for exactly what was seen. As long as a record still shows that, an item
        that a person resolved does not come back. `still_there_seen_at` is set where a person said
        of a record that counts as gone that it is still there: when the PMS had last shown it to
        Propexo, and so which sight of it they vouch for.
    """

    portfolio_path = "portfolio"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="review_items")
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="review_items"
    )
    property = models.ForeignKey(
        Property, null=True, blank=True, on_delete=models.PROTECT, related_name="review_items"
    )
    kind = models.CharField(max_length=30, choices=ReviewKind.choices)
    record_kind = models.CharField(max_length=20)
    remote_id = models.CharField(max_length=100)
    label = models.CharField(max_length=200)
    message = models.TextField()
    raw = models.TextField("as the PMS sent it", blank=True)
    digest = models.CharField("digest of what was seen", max_length=64, blank=True)
    found_at = models.DateTimeField()
    last_found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.TextField(blank=True)
    still_there_seen_at = models.DateTimeField(
        "still there, though last shown to Propexo", null=True, blank=True
    )

    class Meta:
        ordering = ["-last_found_at", "id"]
        indexes = [
            models.Index(
                fields=["connection", "record_kind", "remote_id"], name="review_item_record"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "record_kind", "remote_id"],
                condition=Q(resolved_at__isnull=True),
                name="review_item_open_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ReviewKind.values), name="review_item_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(still_there_seen_at__isnull=True)
                | Q(kind="vanished", resolved_at__isnull=False, resolved_by__isnull=False),
                name="review_item_still_there_by_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.label}"

"""What named people say of a connection before charges are posted over it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from integrations.models import Connection
from portfolios.models import User
from portfolios.models.scope import PortfolioRow


class GoLiveItem(models.TextChoices):
    """What has to be true before the first charge reaches a resident."""

    SANDBOX_TRIED = "sandbox_tried", "The whole flow was tried in a sandbox or test PMS"
    CODES_VERIFIED = "codes_verified", "The charge codes were checked against the chart of accounts"
    RESULTS_CHECKED = "results_checked", "The calculated results were checked"
    ACCOUNTING_APPROVED = "accounting_approved", "The accounting team approves"


class GoLiveTick(PortfolioRow):
    """One item of a connection's go-live checklist, ticked by somebody; withdrawn, never deleted.

    Shape: `note` says what was looked at. An item counts while it has a tick without
        `withdrawn_at`.
    """

    portfolio_path = "connection__portfolio"

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="go_live_ticks"
    )
    item = models.CharField(max_length=30, choices=GoLiveItem.choices)
    note = models.CharField("what was looked at", max_length=300)
    ticked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    ticked_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["ticked_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "item"],
                condition=Q(withdrawn_at__isnull=True),
                name="go_live_tick_stands_once",
            ),
            models.CheckConstraint(
                condition=Q(item__in=GoLiveItem.values), name="go_live_tick_item_known"
            ),
            models.CheckConstraint(condition=~Q(note=""), name="go_live_tick_has_a_note"),
            models.CheckConstraint(
                condition=Q(
                    withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawn_because=""
                )
                | (
                    Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False)
                    & ~Q(withdrawn_because="")
                ),
                name="go_live_tick_withdrawn_at_by_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_item_display()} ({self.connection})"

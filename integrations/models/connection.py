"""Connections to a PMS, and which properties came through them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from integrations.pms.catalog import PLATFORMS
from portfolios.models import Portfolio, Property, User
from portfolios.models.scope import PortfolioRow

PMS_CHOICES = [(platform.key, platform.name) for platform in PLATFORMS]


class ConnectionStatus(models.TextChoices):
    """Whether calls may be made over a connection."""

    ACTIVE = "active", "Active"
    LOGIN_EXPIRED = "login_expired", "Needs a new login"


class WireContract(models.TextChoices):
    """The ways in which Propexo can be spoken to; only the client cares which one it is."""

    UNIFIED = "unified", "Unified"
    V1 = "v1", "Version 1"


class Connection(PortfolioRow):
    """A PMS login that Propexo holds; members of its portfolio may use it.

    The posting engine keeps here, for all workers and hosts at once, until when it must wait.

    Shape: `provider` is Propexo's own word for the PMS's interface, such as "yardi_rest".
        `can_post_charges` is what was last proven of it, at `checked_at`; None means never tried.
        `transaction_batch_id` is a value that RealPage gives out, needed for its charges only.
        From `charges_held_at` on no charge is sent over it until a person lets charges go again;
        whatever only reads goes on. `reads_ledgers_first` then asks for a reading of every ledger
        before that, because MeterBase may have forgotten what it sent; `ledger_showed_unknown`
        tells that one has shown what MeterBase sent and forgot.
    """

    portfolio_path = "portfolio"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="connections")
    propexo_connection_id = models.CharField("Propexo Connection ID", max_length=100, unique=True)
    integration_id = models.CharField("Propexo Integration ID", max_length=100, blank=True)
    pms = models.CharField("PMS type", max_length=30, choices=PMS_CHOICES)
    name = models.CharField(max_length=200, blank=True)
    contract = models.CharField(
        max_length=20, choices=WireContract.choices, default=WireContract.UNIFIED
    )
    provider = models.CharField(max_length=100, blank=True)
    transaction_batch_id = models.CharField("RealPage batch ID", max_length=100, blank=True)
    can_post_charges = models.BooleanField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=20, choices=ConnectionStatus.choices)
    status_note = models.TextField(blank=True)
    validated_at = models.DateTimeField()
    last_completed_sync = models.DateTimeField(null=True, blank=True)
    paused_until = models.DateTimeField(null=True, blank=True)
    paused_because = models.CharField(max_length=200, blank=True)
    unknowns_in_row = models.PositiveIntegerField(default=0)
    charges_held_at = models.DateTimeField(null=True, blank=True)
    charges_held_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    charges_held_because = models.TextField(blank=True)
    reads_ledgers_first = models.BooleanField("held until the ledgers were read", default=False)
    ledger_showed_unknown = models.BooleanField("a ledger showed forgotten charges", default=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=ConnectionStatus.values), name="connection_status_known"
            ),
            models.CheckConstraint(
                condition=Q(contract__in=WireContract.values), name="connection_contract_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    charges_held_at__isnull=True,
                    charges_held_by__isnull=True,
                    charges_held_because="",
                )
                | (Q(charges_held_at__isnull=False) & ~Q(charges_held_because="")),
                name="connection_charges_held_at_and_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_pms_display()} · {self.name or self.propexo_connection_id}"


class PropertyLink(PortfolioRow):
    """Which connection a property is read from and posted to."""

    portfolio_path = "property__portfolio"

    property = models.OneToOneField(Property, on_delete=models.PROTECT, related_name="link")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="links")
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    imported_at = models.DateTimeField()
    last_synced_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.property} through {self.connection}"

"""What Propexo reported by webhook, and how many reports were turned away."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from integrations.models.connection import Connection
from portfolios.models import User
from portfolios.models.scope import PortfolioRow


class EventState(models.TextChoices):
    """Where the work on an event stands."""

    RECEIVED = "received", "Waiting for a worker"
    HANDLED = "handled", "Handled"
    IGNORED = "ignored", "Nothing to do"
    FAILED = "failed", "Failed"


class EventShape(models.TextChoices):
    """In which of Propexo's forms the body was written."""

    UNIFIED = "unified", "Unified"
    V1_WRAPPED = "v1_wrapped", "v1, wrapped"
    V1_FLAT = "v1_flat", "v1, flat"
    UNREADABLE = "unreadable", "Unreadable"


class WebhookEvent(PortfolioRow):
    """One event whose signature was valid, stored once, as it was received.

    Shape: `due_at` is when a worker may take it: a worker that takes it moves it on by a lease, so
        that the event of a lost worker comes up again. `token` names the worker that has it.
        Rejected bodies are not stored: `WebhookRejection` counts them.
    """

    portfolio_path = "connection__portfolio"

    connection = models.ForeignKey(
        Connection,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="webhook_events",
        db_index=False,
    )
    propexo_connection_id = models.CharField(
        "connection named in the event", max_length=100, blank=True
    )
    shape = models.CharField(max_length=20, choices=EventShape.choices)
    name = models.CharField(max_length=60, blank=True)
    record_kind = models.CharField(max_length=60, blank=True)
    record_id = models.CharField(max_length=100, blank=True)
    body = models.BinaryField("body as received")
    digest = models.CharField("SHA-256 of the body", max_length=64)
    dedupe_key = models.CharField(max_length=64)
    signature_header = models.CharField("valid signature in header", max_length=30)
    secret_number = models.PositiveSmallIntegerField("made with secret number")
    received_at = models.DateTimeField()
    duplicates = models.PositiveIntegerField("received again", default=0)
    last_duplicate_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=20, choices=EventState.choices, default=EventState.RECEIVED)
    due_at = models.DateTimeField()
    token = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    outcome = models.TextField(blank=True)
    cause = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    replayed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    replayed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state="received"), name="webhook_event_due"
            ),
            models.Index(fields=["digest", "received_at"], name="webhook_event_digest"),
            models.Index(fields=["connection", "received_at"], name="webhook_event_heard"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["dedupe_key"], name="webhook_event_once"),
            models.CheckConstraint(
                condition=Q(state__in=EventState.values), name="webhook_event_state_known"
            ),
            models.CheckConstraint(
                condition=Q(shape__in=EventShape.values), name="webhook_event_shape_known"
            ),
            models.CheckConstraint(
                condition=Q(state="received", finished_at__isnull=True)
                | (~Q(state="received") & Q(finished_at__isnull=False)),
                name="webhook_event_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | (~Q(error="") & ~Q(cause="")),
                name="webhook_event_failed_says_why",
            ),
            models.CheckConstraint(
                condition=Q(replayed_at__isnull=True, replayed_by__isnull=True)
                | Q(replayed_at__isnull=False, replayed_by__isnull=False),
                name="webhook_event_replayed_paired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or 'Unreadable event'} {self.record_kind} {self.record_id}".strip()


class RejectionReason(models.TextChoices):
    """Why a request to the webhook's address was turned away."""

    NOT_CONFIGURED = "not_configured", "No secret is set here"
    NO_SIGNATURE = "no_signature", "No signature"
    WRONG_SIGNATURE = "wrong_signature", "Wrong signature"
    TOO_LARGE = "too_large", "Too large"
    DATABASE_BUSY = "database_busy", "Could not be stored"


class WebhookRejection(models.Model):
    """How many requests of one hour were turned away for one reason; of the bodies, nothing."""

    hour = models.DateTimeField()
    reason = models.CharField(max_length=20, choices=RejectionReason.choices)
    count = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["-hour", "reason"]
        constraints = [
            models.UniqueConstraint(fields=["hour", "reason"], name="webhook_rejection_once"),
            models.CheckConstraint(
                condition=Q(reason__in=RejectionReason.values),
                name="webhook_rejection_reason_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}, {self.hour:%Y-%m-%d %H:%M}: {self.count}"

"""What MeterBase reports to other programs by webhook: where to, what, and how each try went."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from meterbase.lib.sealed_text import SealedTextField
from portfolios.models import Portfolio, User
from portfolios.models.scope import PortfolioRow


class OutgoingKind(models.TextChoices):
    """What is reported."""

    CHARGE_POSTED = "charge.posted", "A charge was posted to the PMS"
    CHARGE_FAILED = "charge.failed", "A charge failed, or needs a decision"
    JOB_COMPLETED = "job.completed", "A posting job came to its end"
    CALCULATION_APPROVED = "calculation.approved", "A calculation was approved"
    LEASE_CREATED = "lease.created", "A lease is new in the PMS"
    LEASE_UPDATED = "lease.updated", "A lease was changed in the PMS"
    LEASE_TERMINATED = "lease.terminated", "A lease has ended in the PMS"
    PAYMENT_RECEIVED = "payment.received", "A resident's payment is new in the PMS"
    SYNC_COMPLETED = "sync.completed", "A property was read from the PMS"
    CONNECTION_NEEDS_LOGIN = "connection.needs_login", "A connection needs a new PMS login"
    # Sent when somebody asks for it, to whoever it was asked for; nobody subscribes to it.
    TEST = "webhook.test", "A test"


class WebhookEndpoint(PortfolioRow):
    """An address of somebody else's program, and what it wants to hear of a portfolio.

    Shape: `events` are values of OutgoingKind. From `disabled_at` on nothing is queued for it, and
        what waits is kept; without `disabled_by` MeterBase disabled it itself. After failures it
        rests until `resting_until`, so that it holds up nobody. `leased_until` and `token` name the
        worker that is sending to it: one at a time.
    """

    portfolio_path = "portfolio"

    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.PROTECT, related_name="webhook_endpoints", db_index=False
    )
    url = models.CharField("URL", max_length=500)
    events = models.JSONField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    disabled_because = models.CharField(max_length=200, blank=True)
    failures_in_row = models.PositiveIntegerField(default=0)
    resting_until = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    token = models.CharField(max_length=32, blank=True)
    last_delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["portfolio", "url", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio", "url"], name="webhook_endpoint_once_per_portfolio"
            ),
            models.CheckConstraint(
                condition=Q(disabled_at__isnull=True, disabled_by__isnull=True, disabled_because="")
                | (Q(disabled_at__isnull=False) & ~Q(disabled_because="")),
                name="webhook_endpoint_disabled_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.url


class WebhookSecret(models.Model):
    """What an endpoint's deliveries are signed with; it is needed itself, so it is kept, sealed.

    It has a table of its own so that no list, page or administration ever loads it along.

    Shape: the current one has no `ends_at`; one that was replaced also signs until then.
    """

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="secrets")
    text = SealedTextField()
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"],
                condition=Q(ends_at__isnull=True),
                name="webhook_secret_one_current",
            ),
        ]

    def __str__(self) -> str:
        return f"A secret of {self.endpoint_id}"


class OutgoingEvent(PortfolioRow):
    """Something that happened, as it was then; the row is made in the transaction that made it so.

    Shape: `body` is what is sent, to the byte. `once_key` keeps what is found out more than once
        from being reported more than once.
    """

    portfolio_path = "portfolio"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="+")
    public_id = models.CharField("event", max_length=40, unique=True)
    kind = models.CharField(max_length=40, choices=OutgoingKind.choices)
    body = models.TextField()
    once_key = models.CharField(max_length=120, null=True, blank=True)  # noqa: DJ001 - NULLs differ
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["once_key"], name="outgoing_event_once"),
            models.CheckConstraint(
                condition=Q(kind__in=OutgoingKind.values), name="outgoing_event_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class DeliveryState(models.TextChoices):
    """Where the delivery of an event to an endpoint stands."""

    QUEUED = "queued", "Waiting"
    FAILED = "failed", "Failed, tried again"
    DELIVERED = "delivered", "Delivered"
    GIVEN_UP = "given_up", "Given up"


OPEN_DELIVERIES = (DeliveryState.QUEUED, DeliveryState.FAILED)


class Delivery(PortfolioRow):
    """One event on its way to one endpoint.

    Shape: `since` is when it was queued, or last replayed; `next_at` is when a worker may send it:
        one that takes it moves it on by a lease, so that what a lost worker had comes up again.
        `tries` counts up before each try and so tells one try from the next; `tries_before` of them
        were made before it was replayed.
    """

    portfolio_path = "endpoint__portfolio"

    event = models.ForeignKey(OutgoingEvent, on_delete=models.CASCADE, related_name="deliveries")
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    state = models.CharField(
        max_length=20, choices=DeliveryState.choices, default=DeliveryState.QUEUED
    )
    since = models.DateTimeField()
    next_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    tries_before = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)
    last_said = models.CharField("what came of the last try", max_length=200, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["endpoint", "next_at"],
                condition=Q(state__in=["queued", "failed"]),
                name="delivery_due",
            ),
            models.Index(fields=["endpoint", "state", "-id"], name="delivery_listed"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["event", "endpoint"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values), name="delivery_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "failed"], finished_at__isnull=True)
                | Q(state__in=["delivered", "given_up"], finished_at__isnull=False),
                name="delivery_ended_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"


class DeliveryAttempt(models.Model):
    """One try to deliver, as far as it is worth keeping.

    Shape: without `status` nothing was answered, and `trouble` says why; `answer` is the beginning
        of what the receiver said.
    Units: milliseconds.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    trouble = models.CharField(max_length=200, blank=True)
    milliseconds = models.PositiveIntegerField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__isnull=False) | ~Q(trouble=""),
                name="delivery_attempt_says_what_came",
            ),
        ]

    def __str__(self) -> str:
        return self.trouble or f"HTTP {self.status}"

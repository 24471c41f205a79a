"""Keys with which programs act for a person, and what is kept of their calls."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import F, Q

from portfolios.models.people import Portfolio, User


class Scope(models.TextChoices):
    """What a key may be used for; its owner's roles limit it further."""

    PROPERTIES_READ = "properties:read", "See connections, properties and units"
    PROPERTIES_WRITE = "properties:write", "Import, create, change and delete properties"
    CONNECTIONS_WRITE = "connections:write", "Connect a PMS"
    SYNC_RUN = "sync:run", "Sync units and leases"
    LEASES_READ = "leases:read", "See leases, tenants and payments"
    BILLS_READ = "bills:read", "See bills"
    BILLS_WRITE = "bills:write", "Enter bills, calculate them and hand them over for approval"
    RULES_READ = "rules:read", "See share rules"
    RULES_WRITE = "rules:write", "Set share rules"
    INVOICES_WRITE = "invoices:write", "Issue statements to residents"
    CHARGES_READ = "charges:read", "See calculations, charges and posting jobs"
    CHARGES_APPROVE = "charges:approve", "Approve calculations or send them back"
    CHARGES_POST = "charges:post", "Post approved charges"
    WEBHOOKS_MANAGE = "webhooks:manage", "Set up the webhooks that MeterBase sends"


def scopes_of_older_keys() -> list[str]:
    """List what every key could be used for before keys had scopes."""
    return [
        Scope.PROPERTIES_READ,
        Scope.PROPERTIES_WRITE,
        Scope.SYNC_RUN,
        Scope.CHARGES_READ,
        Scope.CHARGES_POST,
    ]


class ApiPlan(models.TextChoices):
    """How many requests a minute a key may make."""

    STANDARD = "standard", "Standard: 100 requests a minute, 150 at once"
    PROFESSIONAL = "professional", "Professional: 300 requests a minute, 450 at once"
    ENTERPRISE = "enterprise", "Enterprise: 1,000 requests a minute, 1,500 at once"


@dataclass(frozen=True, slots=True)
class CallLimit:
    """How fast somebody may call.

    Units: requests per minute; `burst` in requests at once.
    """

    per_minute: int
    burst: int


CALL_LIMITS = {
    ApiPlan.STANDARD: CallLimit(100, 150),
    ApiPlan.PROFESSIONAL: CallLimit(300, 450),
    ApiPlan.ENTERPRISE: CallLimit(1000, 1500),
}


class LimitedCaller(models.Model):
    """Somebody whose calls are counted.

    Shape: `spent_until` is the moment up to which the calls made so far use up the plan's rate;
        the further it lies ahead, the fewer calls are left.
    Units: microseconds since 1970.
    """

    spent_until = models.BigIntegerField(default=0)

    class Meta:
        abstract = True

    @property
    def holder(self) -> str:
        """Name whose calls are counted together."""
        raise NotImplementedError


class ApiKey(LimitedCaller):
    """A bearer key: only its SHA-256 is kept, so it can be shown once and never read again.

    Shape: `prefix` is how the key begins. With `every_portfolio` it reaches whatever its owner
        may see; else the `portfolios` alone, as far as its owner is their member.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=scopes_of_older_keys)
    every_portfolio = models.BooleanField(default=True)
    portfolios = models.ManyToManyField(Portfolio, blank=True, related_name="api_keys")
    plan = models.CharField(max_length=20, choices=ApiPlan.choices, default=ApiPlan.STANDARD)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | Q(revoked_at__gte=F("created_at")),
                name="api_key_revoked_after_made",
            ),
            models.CheckConstraint(condition=Q(plan__in=ApiPlan.values), name="api_key_plan_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def holder(self) -> str:
        """Name whose calls are counted together."""
        return self.digest

    @property
    def limit(self) -> CallLimit:
        """Tell how fast it may be used."""
        return CALL_LIMITS[ApiPlan(self.plan)]

    @property
    def is_for_tests(self) -> bool:
        """Tell whether it was made while MeterBase spoke to a test side of Propexo."""
        return self.prefix.startswith(TEST_PREFIX)

    @property
    def scope_labels(self) -> list[str]:
        """Say what it may be used for, in the order of the scopes."""
        return [scope.label for scope in Scope if scope.value in self.scopes]


LIVE_PREFIX = "mb_live_"
TEST_PREFIX = "mb_test_"


class UnknownCaller(LimitedCaller):
    """All who call without a living key from some of the internet's addresses, taken together.

    Shape: `bucket` is a number that is made from the address; the address itself is not kept.
    """

    bucket = models.PositiveSmallIntegerField(unique=True)

    def __str__(self) -> str:
        return f"Callers without a key, {self.bucket}"

    @property
    def holder(self) -> str:
        """Name whose calls are counted together."""
        return f"bucket {self.bucket}"


class KeptAnswer(models.Model):
    """What a call with an Idempotency-Key was answered, to answer the same when it is repeated.

    Shape: `digest` covers method, address and body, and what the key might see and do. `status` is
        null while the call is at work.
    """

    api_key = models.ForeignKey(
        ApiKey, on_delete=models.CASCADE, related_name="kept_answers", db_index=False
    )
    idempotency_key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Its index serves the API key alone as well.
            models.UniqueConstraint(
                fields=["api_key", "idempotency_key"], name="kept_answer_once_per_key"
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_age")]

    def __str__(self) -> str:
        return f"{self.idempotency_key} of {self.api_key}"

"""Keys with which programs act for a person."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portfolios.models.people import User


class ApiKey(models.Model):
    """A bearer key: only its SHA-256 is kept, so it can be shown once and never read again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | Q(revoked_at__gte=models.F("created_at")),
                name="api_key_revoked_after_made",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

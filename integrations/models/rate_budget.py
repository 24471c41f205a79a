"""What is gone of Propexo's rate limit, shared by all workers and hosts."""

from __future__ import annotations

from django.db import models


class RateBudget(models.Model):
    """The requests of one API key at one address in the running minute.

    It holds no customer's data, so no portfolio owns it. Every change is a conditional UPDATE on
    what was read before; nobody holds its lock while waiting.

    Shape: `minute` counts from 1970; `turns_taken` and `reads_taken` are what is gone of it.
    Units: limit in requests per minute, null until an answer has named one.
    """

    base_url = models.CharField(max_length=300)
    key_digest = models.CharField(max_length=64)
    limit = models.PositiveIntegerField(null=True, blank=True)
    minute = models.BigIntegerField(default=0)
    turns_taken = models.PositiveIntegerField(default=0)
    reads_taken = models.PositiveIntegerField(default=0)
    post_asked_at = models.DateTimeField("charges last asked for a turn", null=True, blank=True)
    blocked_until = models.DateTimeField("everybody waits until", null=True, blank=True)

    class Meta:
        ordering = ["base_url", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["base_url", "key_digest"], name="rate_budget_once_per_key"
            ),
        ]

    def __str__(self) -> str:
        return f"Rate limit at {self.base_url}"

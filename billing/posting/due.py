"""What may be sent now."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from billing.models import Posting, PostingState
from integrations.models import ConnectionStatus


def due_postings(*, now: datetime) -> QuerySet[Posting]:
    """Select the charges that a worker may take up: due, and held up by nobody."""
    return Posting.objects.filter(
        state=PostingState.PENDING,
        not_before__lte=now,
        connection__status=ConnectionStatus.ACTIVE,
        connection__charges_held_at=None,
        job__paused_at=None,
    ).exclude(connection__paused_until__gt=now)

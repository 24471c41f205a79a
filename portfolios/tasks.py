"""What the background workers call."""

from __future__ import annotations

from django.utils import timezone

from portfolios.notices import sending


def send_notices() -> None:
    """Send the notices that are due, for a while."""
    sending.send_due_notices(clock=timezone.now)

"""`manage.py declare_schedules`: what the background workers do by the clock."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand
from django.utils import timezone

from integrations.operations.sync_schedule import declare_schedule


class Command(BaseCommand):
    """Declare the schedules; run it as often and on as many machines as you like."""

    help = "Make sure that each schedule of the background workers is there, once."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Declare them."""
        declare_schedule(now=timezone.now())

"""The composition root as a Django app: checks, commands and template tags."""

from __future__ import annotations

from django.apps import AppConfig


class MeterBaseConfig(AppConfig):
    """Register the checks of the installation."""

    name = "meterbase"

    def ready(self) -> None:
        """Load the checks."""
        from meterbase import checks  # noqa: F401

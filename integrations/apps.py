"""The integrations app."""

from __future__ import annotations

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Connections to property management systems through Propexo."""

    name = "integrations"

    def ready(self) -> None:
        """Let the background clusters leave signs of life."""
        from django_q.signals import post_execute, pre_execute

        from integrations.beats import note_monitor, note_worker

        pre_execute.connect(note_worker)
        post_execute.connect(note_monitor)

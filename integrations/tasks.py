"""What the background workers call."""

from __future__ import annotations

from django.utils import timezone

from integrations.gateways import PropexoNotConfigured, open_gateway
from integrations.models import SyncRun
from integrations.sync.run import fail_sync, run_sync


def sync_property(run_id: int) -> None:
    """Carry out a queued sync."""
    try:
        gateway = open_gateway()
    except PropexoNotConfigured as error:
        run = SyncRun.objects.get(pk=run_id)
        fail_sync(run=run, code="NOT_CONFIGURED", message=str(error), now=timezone.now())
        return
    run_sync(run_id=run_id, gateway=gateway, clock=timezone.now)

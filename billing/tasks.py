"""What the background workers call."""

from __future__ import annotations

import logging

from django.utils import timezone

from billing.posting.drain import drain
from billing.posting.sweep import sweep
from integrations.gateways import PropexoNotConfigured, open_gateway

logger = logging.getLogger(__name__)


def drain_connection(connection_id: int) -> None:
    """Send what is due over a connection."""
    try:
        gateway = open_gateway()
    except PropexoNotConfigured as error:
        logger.warning("Charges wait: %s", error)
        return
    drain(connection_id=connection_id, gateway=gateway, clock=timezone.now)


def sweep_postings() -> None:
    """Move on everything whose time has come."""
    try:
        gateway = open_gateway()
    except PropexoNotConfigured as error:
        logger.warning("Charges are not looked after: %s", error)
        return
    sweep(gateway=gateway, clock=timezone.now)

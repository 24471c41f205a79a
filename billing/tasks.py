"""What the background workers call."""

from __future__ import annotations

import logging

from django.utils import timezone

from billing.models import PostingJob
from billing.operations.ledger_checks import check_ledger
from billing.posting.drain import drain
from billing.posting.sweep import sweep
from integrations.gateways import PropexoNotConfigured, open_gateway
from integrations.models import Connection
from portfolios.models import User

logger = logging.getLogger(__name__)


def drain_connection(connection_id: int) -> None:
    """Send what is due over a connection."""
    try:
        gateway = open_gateway(Connection.objects.get(pk=connection_id))
    except PropexoNotConfigured as error:
        logger.warning("Charges wait: %s", error)
        return
    drain(connection_id=connection_id, gateway=gateway, clock=timezone.now)


def check_ledger_of_job(job_id: int, user_id: int) -> None:
    """Compare a job with the PMS's ledger, because somebody asked for it."""
    job = PostingJob.objects.select_related("calculation__bill__property", "connection").get(
        pk=job_id
    )
    check_ledger(
        place=job.calculation.bill.property,
        gateway=open_gateway(job.connection),
        by=User.objects.get(pk=user_id),
        clock=timezone.now,
        job=job,
    )


def sweep_postings() -> None:
    """Move on everything whose time has come."""
    try:
        sweep(gateway_for=open_gateway, clock=timezone.now)
    except PropexoNotConfigured as error:
        logger.warning("Charges are not looked after: %s", error)

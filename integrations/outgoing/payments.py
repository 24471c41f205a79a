"""Reporting payments, of which MeterBase keeps none."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from integrations.models import OutgoingKind
from integrations.outgoing.queueing import Report, queue_events
from portfolios.models import Property


@transaction.atomic
def report_payment(*, place: Property, payment_id: str, now: datetime) -> None:
    """Report that the PMS has a new payment, once however often the PMS says so.

    Shape: ids alone, for a hint is all that MeterBase has; what was paid is read from the PMS.
    Effects: as of `queue_events`.
    """
    data = {
        "propexo_payment_id": payment_id,
        "property_id": place.pk,
        "propexo_property_id": place.propexo_property_id,
        "property": place.name,
    }
    once_key = f"payment:{place.pk}:{payment_id}"
    report = Report(OutgoingKind.PAYMENT_RECEIVED, data, once_key=once_key)
    queue_events(reports=[report], portfolio_id=place.portfolio_id, now=now)

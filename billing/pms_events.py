"""What billing does when the PMS reports something of a charge or of a job."""

from __future__ import annotations

from billing.posting.follow import hasten_job
from billing.posting.nudge import nudge_workers
from integrations.webhooks.events import RecordKind
from integrations.webhooks.listeners import PmsEvent


def nudge_posting(event: PmsEvent) -> None:
    """Let the posting engine look at a connection again; what is due, its own tables say.

    Effects: rows in the queue; a charge whose job the event names is looked at next.
    """
    if event.record_kind == RecordKind.CHARGE_CODE:
        return
    if event.root_job_id:
        hasten_job(
            connection_id=event.connection_id, job_id=event.root_job_id, now=event.received_at
        )
    nudge_workers(connection_id=event.connection_id)

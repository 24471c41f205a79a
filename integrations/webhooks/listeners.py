"""Telling the apps above what the PMS reported, without knowing them.

`PMS_EVENT_LISTENERS` in the settings is the one table of who listens. A listener takes an event as
a hint: it may come twice, late, or never.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True, slots=True)
class PmsEvent:
    """Something that happened to a charge, a charge code or a job in the PMS.

    Shape: `name` and `record_kind` are words of `integrations.webhooks.events`; `connection_id` is
        our own; `root_job_id` is the job id that the answer to a write named; `errors` are the
        PMS's own texts, trimmed. What the event does not say is empty.
    """

    name: str
    connection_id: int
    received_at: datetime
    record_kind: str = ""
    record_id: str = ""
    property_id: str = ""
    job_id: str = ""
    root_job_id: str = ""
    job_type: str = ""
    write_status: str = ""
    errors: tuple[str, ...] = ()


Listener = Callable[[PmsEvent], None]


def tell_listeners(event: PmsEvent) -> int:
    """Call every listener, and tell how many there are.

    Errors: what a listener raises; those after it are not called.
    """
    listeners = [cast("Listener", import_string(path)) for path in settings.PMS_EVENT_LISTENERS]
    for listener in listeners:
        listener(event)
    return len(listeners)

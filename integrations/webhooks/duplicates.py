"""When two deliveries are one event.

The unified contract numbers its events. v1 numbers nothing: where there are job ids, they and the
record name the event; else only the body is left. Two syncs may produce the same body byte by
byte, so the body counts only as long as Propexo may be repeating a delivery.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.webhooks.events import Event

# Propexo tries a delivery ten times, every 15 minutes; some slack for its clock and its queue.
RETRY_WINDOW = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells an event from others.

    Shape: `key` is the same for every delivery of an event. `by_body` marks that only the body was
        left to go by: an event received before with this digest, inside the window, is the same.
    """

    key: str
    digest: str
    by_body: bool


def identify(event: Event, *, body: bytes, now: datetime) -> Identity:
    """Work out by what an event is known."""
    digest = hashlib.sha256(body).hexdigest()
    if event.event_id:
        return Identity(_key("event", event.event_id), digest, by_body=False)
    if event.job_id or event.root_job_id:
        about = (event.name, event.record_kind, event.record_id)
        key = _key("job", event.root_job_id, event.job_id, *about)
        return Identity(key, digest, by_body=False)
    # Two that are received at the same moment meet in the key, by the window that they fall into.
    window = int(now.timestamp() // RETRY_WINDOW.total_seconds())
    return Identity(_key("body", digest, str(window)), digest, by_body=True)


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()

"""Storing an event once, however often it is delivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from integrations.models import EventState, WebhookEvent
from integrations.models.webhook_event import EventShape
from integrations.webhooks.duplicates import RETRY_WINDOW, Identity, identify
from integrations.webhooks.events import Event, read_event

# By the id that Propexo confirmed only: the Integration ID beside it is typed and proves nothing.
# Written out, because Propexo waits for this: to have the ORM build the two queries anew took as
# long as to store the event.
_CONNECTION_NAMED = """
    SELECT id FROM integrations_connection WHERE propexo_connection_id = %s
"""
_SAME_BODY = """
    SELECT dedupe_key FROM integrations_webhookevent WHERE digest = %s AND received_at > %s
    ORDER BY received_at DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Signature:
    """Which header held the valid signature, and which of our secrets made it, from 1."""

    header: str
    secret_number: int


def store_event(*, body: bytes, signature: Signature, now: datetime) -> bool:
    """Store a delivery whose signature is valid; a repeated one is only counted.

    Shape: tells whether there is something new to work on.
    Errors: those of the database; nothing is stored then.
    Effects: a row, or the count of the row that is there.
    """
    event = read_event(body)
    identity = identify(event, body=body, now=now)
    if identity.by_body and (earlier := _received_before(identity.digest, now=now)):
        return _count_again(earlier, identity, now=now)
    try:
        with transaction.atomic():
            WebhookEvent.objects.create(
                body=body, received_at=now, **_columns(event, identity, signature, now=now)
            )
    except IntegrityError:
        if not WebhookEvent.objects.filter(dedupe_key=identity.key).exists():
            raise
        return _count_again(identity.key, identity, now=now)
    return True


def _columns(
    event: Event, identity: Identity, signature: Signature, *, now: datetime
) -> dict[str, object]:
    return {
        "connection_id": find_connection_pk(event.connection_id),
        "propexo_connection_id": event.connection_id,
        "shape": EventShape(event.shape.value),
        "name": event.name,
        "record_kind": event.record_kind,
        "record_id": event.record_id,
        "digest": identity.digest,
        "dedupe_key": identity.key,
        "signature_header": signature.header,
        "secret_number": signature.secret_number,
        "due_at": now,
    }


def find_connection_pk(propexo_id: str) -> int | None:
    """Find the connection that Propexo names; in contract v1 it goes by its integration id."""
    if not propexo_id:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_CONNECTION_NAMED, [propexo_id])
        found = cursor.fetchone()
    return found[0] if found else None


def _received_before(digest: str, *, now: datetime) -> str | None:
    """Find the key of the same body, as long as Propexo may be repeating its delivery."""
    since = connection.ops.adapt_datetimefield_value(now - RETRY_WINDOW)
    with connection.cursor() as cursor:
        cursor.execute(_SAME_BODY, [digest, since])
        found = cursor.fetchone()
    return found[0] if found else None


def _count_again(key: str, identity: Identity, *, now: datetime) -> bool:
    """Count a repeated delivery; where it may be an event of its own, the work is done again.

    An identical body inside the retry window can be a second event that looks like the first.
    Dropping it could lose a change, and doing the work once more only reads again.
    """
    known = WebhookEvent.objects.filter(dedupe_key=key)
    known.update(duplicates=F("duplicates") + 1, last_duplicate_at=now)
    certain = not identity.by_body and known.filter(digest=identity.digest).exists()
    if certain:
        return False
    # Also one that a worker has in hand: it may have read what this delivery is about too early.
    over = known.exclude(state=EventState.RECEIVED, token="")
    return bool(
        over.update(state=EventState.RECEIVED, due_at=now, finished_at=None, attempts=0, token="")
    )

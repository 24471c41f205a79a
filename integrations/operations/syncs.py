"""Asking for syncs, of a property or of everything that came through a connection."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from integrations.expired_logins import note_expired_login
from integrations.gateways import open_gateway
from integrations.models import Connection, PropertyLink, PropertyReading, SyncRun, SyncState
from integrations.operations.property_lists import PropertyNews, read_property_news
from integrations.operations.sync_work import nudge_workers
from integrations.pms import errors
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import ConnectionHealth, PmsConnection
from integrations.sync.queueing import full_reading_due, new_run
from portfolios.models import Property, User

logger = logging.getLogger(__name__)

UNDER_WAY = (SyncState.QUEUED, SyncState.RUNNING)

_TRIES = 5

_LOGIN_EXPIRED = (
    "Propexo can no longer log in to the PMS, so what it shows grows old. Renew the login in the "
    "Propexo dashboard."
)


class NotLinked(Exception):
    """The property came through no connection, so there is nothing to sync it with."""


@dataclass(frozen=True, slots=True)
class ConnectionSync:
    """What became of asking for a sync of a connection.

    Shape: `queued` counts the properties that are read, now or after what is under way; `unchanged`
        those of which Propexo has nothing newer. `pms_synced_at` is when Propexo itself was last
        done, None when it does not say. `trouble` says why the list of properties was not read.
    """

    queued: int
    unchanged: int
    pms_synced_at: datetime | None
    properties: PropertyNews = field(default_factory=PropertyNews)
    trouble: str = ""


def request_sync(*, place: Property, by: User | None, now: datetime, full: bool = False) -> SyncRun:
    """Queue a sync of a property; anybody may ask at any time.

    Shape: while a run waits, that one is returned; while one is under way, that one too, and it is
        followed by one more. One that rests goes on at once when a person asks. `full` reads
        everything, not only what changed.
    Errors: NotLinked.
    Effects: a run, or a note on the one that is there, and a nudge for the workers.
    """
    if not PropertyLink.objects.filter(property=place).exists():
        raise NotLinked(
            f"{place} is not connected to a PMS. Import it through Integrations > Propexo first."
        )
    for _ in range(_TRIES):
        run = SyncRun.objects.filter(property=place, state__in=UNDER_WAY).first()
        if run is None:
            run = _queue(place, by=by, now=now, full=full)
        elif not _join(run, by=by, now=now, full=full):
            run = None
        if run is not None:
            if by is not None:
                _wake([place.pk])
            nudge_workers()
            return run
    raise RuntimeError(f"The syncs of {place} start and end faster than one can be asked for.")


def _wake(places: Iterable[int]) -> None:
    """Let runs that rest go on at once; the rate limit still holds."""
    SyncRun.objects.filter(
        property__in=places, state=SyncState.QUEUED, not_before__isnull=False
    ).update(not_before=None)


def _queue(place: Property, *, by: User | None, now: datetime, full: bool) -> SyncRun | None:
    """Store a new run; None when somebody else was faster."""
    reading = PropertyReading.objects.filter(property=place).first()
    run = new_run(property_id=place.pk, reading=reading, by=by, now=now, full=full)
    try:
        with transaction.atomic():
            run.save()
    except IntegrityError:
        return None
    return run


def _join(run: SyncRun, *, by: User | None, now: datetime, full: bool) -> bool:
    """Let a run that is there answer a request; False when it ended meanwhile."""
    here = SyncRun.objects.filter(pk=run.pk, state__in=UNDER_WAY)
    unread = here.filter(started_at=None)
    if unread.update(updated_since=None) if full else unread.exists():
        return True
    again: dict[str, object] = {"asked_again_at": now, "asked_again_by": by}
    return bool(here.update(**(again | {"asked_again_for_all": True} if full else again)))


def request_connection_sync(
    *, connection: Connection, by: User | None, now: datetime, full: bool = False
) -> ConnectionSync:
    """Queue syncs of a connection's properties, as far as Propexo has news of them.

    Shape: one request tells whether there can be news at all; then the list of properties is read
        once, and each property is asked for its changes, and now and then for everything.
    Errors: PropexoNotConfigured; those of `integrations.pms.errors`.
    Effects: runs, or notes on those that are there, and a nudge for the workers; those of
        `read_property_news`.
    """
    gateway = open_gateway(connection)
    remote = _read_connection(connection, gateway, now=now)
    places = set(
        PropertyLink.objects.filter(connection=connection, property__archived_at=None).values_list(
            "property_id", flat=True
        )
    )
    stamp = remote.last_synced_at
    readings = {row.property_id: row for row in PropertyReading.objects.filter(property__in=places)}
    wanted = {
        key for key in places if full or _has_news(readings.get(key), pms_synced_at=stamp, now=now)
    }
    news, trouble = PropertyNews(), ""
    if wanted or not places:
        news, trouble = _read_properties(connection, gateway, by=by, now=now)
    _queue_many(wanted, readings, by=by, now=now, full=full, pms_synced_at=stamp)
    if wanted:
        if by is not None:
            _wake(wanted)
        nudge_workers()
    return ConnectionSync(len(wanted), len(places) - len(wanted), stamp, news, trouble)


def _read_connection(
    connection: Connection, gateway: PmsGateway, *, now: datetime
) -> PmsConnection:
    mine = Connection.objects.filter(pk=connection.pk)
    try:
        remote = gateway.read_connection(connection_id=connection.propexo_connection_id)
    except errors.PmsLoginExpired as error:
        note_expired_login(mine, message=error.message, now=now)
        raise
    if remote.health is ConnectionHealth.AUTH_FAILED:
        # Propexo goes on showing what it read before, so nothing else would tell.
        note_expired_login(mine, message=_LOGIN_EXPIRED, now=now)
        raise errors.PmsLoginExpired(_LOGIN_EXPIRED)
    return remote


def _read_properties(
    connection: Connection, gateway: PmsGateway, *, by: User | None, now: datetime
) -> tuple[PropertyNews, str]:
    """Read the list of properties; when it cannot be read, their units and leases still can."""
    try:
        return read_property_news(connection=connection, gateway=gateway, by=by, now=now), ""
    except errors.PmsError as error:
        logger.warning("The properties of %s were not read: %s", connection, error)
        return PropertyNews(), error.message


def _has_news(
    reading: PropertyReading | None, *, pms_synced_at: datetime | None, now: datetime
) -> bool:
    """Tell whether Propexo may know something of a property that is not stored here."""
    if reading is None or full_reading_due(reading, now=now):
        return True
    return pms_synced_at is None or reading.pms_synced_at != pms_synced_at


@transaction.atomic
def _queue_many(
    places: set[int],
    readings: dict[int, PropertyReading],
    *,
    by: User | None,
    now: datetime,
    full: bool,
    pms_synced_at: datetime | None,
) -> None:
    there = SyncRun.objects.filter(property__in=places, state__in=UNDER_WAY)
    begun = Q(started_at__isnull=False)
    again = {"asked_again_at": now, "asked_again_by": by}
    there.filter(begun).update(**(again | {"asked_again_for_all": True} if full else again))
    fresh = {"pms_synced_at": pms_synced_at}
    there.exclude(begun).update(**(fresh | {"updated_since": None} if full else fresh))
    news = places - set(there.values_list("property_id", flat=True))
    SyncRun.objects.bulk_create(
        [
            new_run(
                property_id=key,
                reading=readings.get(key),
                by=by,
                now=now,
                full=full,
                pms_synced_at=pms_synced_at,
            )
            for key in sorted(news)
        ],
        # Somebody may ask for one of them in the same moment; that run does as well.
        ignore_conflicts=True,
    )

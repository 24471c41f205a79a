"""What follows from an event: the record is read again, somebody is asked, or others are told.

Each handler may run twice, late, and in any order: it asks for work that is the same however often
it is asked for. Nothing of a payload is stored as the state of a record.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from integrations.models import Connection, EventState
from integrations.operations import syncs
from integrations.operations.property_lists import flag_new_property
from integrations.outgoing.payments import report_payment
from integrations.webhooks.events import Event, EventName, RecordKind
from integrations.webhooks.listeners import PmsEvent, tell_listeners
from integrations.webhooks.places import find_places, named_property
from portfolios.models import Property

_READ_BY_SYNC = (RecordKind.PROPERTY, RecordKind.UNIT, RecordKind.LEASE, RecordKind.RESIDENT)
_FOR_LISTENERS = (RecordKind.CHARGE, RecordKind.CHARGE_CODE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, in a sentence for the reader.

    Shape: `state` is HANDLED or IGNORED.
    """

    state: EventState
    said: str


@dataclass(frozen=True, slots=True)
class Report:
    """An event with the connection that it came over, if that is one of ours."""

    event: Event
    connection: Connection | None
    received_at: datetime


def act_on(report: Report, *, now: datetime) -> Outcome:
    """Do what an event asks for.

    Errors: those of asking Propexo when it last synced, and those of the listeners.
    Effects: syncs asked for, a review item, or whatever the listeners do.
    """
    handler = _HANDLERS.get(report.event.name)
    if handler is None:
        return _ignore(f"MeterBase does not know the event {report.event.name}.")
    return handler(report, now)


def _on_record(report: Report, now: datetime) -> Outcome:
    kind = report.event.record_kind
    if kind in _READ_BY_SYNC:
        return _read_again(report, now)
    if kind in _FOR_LISTENERS:
        return _on_posting(report, now)
    if kind == RecordKind.PAYMENT and report.event.name == EventName.DATA_NEW:
        return _on_payment(report, now)
    return _ignore(f"MeterBase keeps no records of this kind: {kind or 'none is named'}.")


def _read_again(report: Report, now: datetime) -> Outcome:
    event, connection = report.event, report.connection
    places = find_places(event, connection=connection)
    if places:
        return _sync_places(places, now)
    if connection is None:
        return _ignore(_no_such_connection(event))
    is_property = event.record_kind == RecordKind.PROPERTY
    if is_property and event.name == EventName.DATA_NEW and event.record_id:
        return _flag_new_property(event.record_id, connection, now)
    if named_property(event):
        return _ignore(f"The property {named_property(event)} was not imported.")
    return _on_sync(report, now)


def _sync_places(places: list[Property], now: datetime) -> Outcome:
    live = [place for place in places if place.archived_at is None]
    for place in live:
        syncs.request_sync(place=place, by=None, now=now)
    if not live:
        return _ignore(f"{places[0]} is archived.")
    return _handled(f"A sync of {', '.join(map(str, live))} was asked for.")


def _flag_new_property(remote_id: str, connection: Connection, now: datetime) -> Outcome:
    """Ask a person whether the property is to be billed; whoever decided is not asked again."""
    if flag_new_property(connection=connection, remote_id=remote_id, now=now):
        return _handled(f"The new property {remote_id} was flagged for review.")
    return _handled(f"The new property {remote_id} was flagged for review before.")


def _on_sync(report: Report, now: datetime) -> Outcome:
    if report.connection is None:
        return _ignore(_no_such_connection(report.event))
    syncs.request_connection_sync(connection=report.connection, by=None, now=now)
    return _handled(f"A sync of {report.connection} was asked for.")


def _on_posting(report: Report, _now: datetime) -> Outcome:
    event = report.event
    if report.connection is None:
        return _ignore(_no_such_connection(event))
    told = tell_listeners(
        PmsEvent(
            name=event.name,
            connection_id=report.connection.pk,
            received_at=report.received_at,
            record_kind=event.record_kind,
            record_id=event.record_id,
            property_id=event.property_id,
            job_id=event.job_id,
            root_job_id=event.root_job_id,
            job_type=event.job_type,
            write_status=event.write_status,
            errors=event.errors,
        )
    )
    return _handled("The posting of charges was told.") if told else _ignore("Nobody listens.")


def _on_payment(report: Report, now: datetime) -> Outcome:
    """Tell other programs that somebody paid; MeterBase itself keeps no payments."""
    event = report.event
    places = find_places(event, connection=report.connection) if event.record_id else []
    for place in places:
        report_payment(place=place, payment_id=event.record_id, now=now)
    if not places:
        return _ignore("A payment, but of no property that was imported.")
    return _handled("Whoever wants to hear of payments was told.")


def _on_test(_report: Report, _now: datetime) -> Outcome:
    return _handled("A test: webhooks from Propexo arrive here.")


def _no_such_connection(event: Event) -> str:
    if not event.connection_id:
        return "The event names no connection, and no record that is stored here."
    return f"MeterBase has no connection {event.connection_id}."


def _handled(said: str) -> Outcome:
    return Outcome(EventState.HANDLED, said)


def _ignore(said: str) -> Outcome:
    return Outcome(EventState.IGNORED, said)


_HANDLERS: dict[str, Callable[[Report, datetime], Outcome]] = {
    EventName.DATA_NEW: _on_record,
    EventName.DATA_UPDATE: _on_record,
    EventName.SYNC_COMPLETE: _on_sync,
    EventName.FIRST_SYNC_COMPLETE: _on_sync,
    EventName.JOB_SUCCESS: _on_posting,
    EventName.JOB_FAILURE: _on_posting,
    EventName.WRITE_OPERATION_FAILURE: _on_posting,
    EventName.TEST_PING: _on_test,
}

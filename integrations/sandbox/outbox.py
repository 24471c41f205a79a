"""The outbox: queues events and sends them from a thread of its own, again if need be."""

from __future__ import annotations

import secrets
import sqlite3
import threading
from datetime import datetime

from integrations.sandbox.deliveries import (
    Backoff,
    Delivery,
    next_delivery,
    next_due_at,
    queue_event,
    record_try,
)
from integrations.sandbox.event_bodies import events_for, test_event
from integrations.sandbox.faults import FaultBook
from integrations.sandbox.happenings import Happening, Kind
from integrations.sandbox.moments import Clock, moment, stamp
from integrations.sandbox.registrations import Registration, active_registrations
from integrations.sandbox.sending import Line
from integrations.sandbox.store import Store
from integrations.sandbox.syncs import finish_syncs, next_end
from meterbase.lib.exact_json import write_json


class WebhookOutbox:
    """Delivers what happens to all who have registered; requests never wait for it."""

    def __init__(self, *, store: Store, faults: FaultBook, clock: Clock, backoff: Backoff) -> None:
        self._store = store
        self._faults = faults
        self._clock = clock
        self._backoff = backoff
        self._line = Line()
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox outbox", daemon=True)

    def start(self) -> None:
        """Begin to send; what an earlier process left behind comes first."""
        self._thread.start()

    def stop(self) -> None:
        """End the call under way and the thread; what is queued stays queued."""
        self._stopping.set()
        self._woken.set()
        self._line.hang_up()
        self._thread.join()

    def wake(self) -> None:
        """Say that something may be due now."""
        self._woken.set()

    def announce(self, *happenings: Happening) -> None:
        """Queue what happened for everybody who has registered for it.

        Effects: committed when this returns; the changes are kept as data diffs too.
        """
        with self._store.changing() as connection:
            registrations = active_registrations(connection)
            for happening in happenings:
                self._announce(connection, registrations, happening)
        self.wake()

    def ping(self, *, event: str, connection_id: str) -> int:
        """Queue a test event for every registration, whatever it registered for; count them."""
        now = self._clock()
        with self._store.changing() as connection:
            registrations = active_registrations(connection)
            for registration in registrations:
                written = test_event(
                    registration, name=event, connection_id=connection_id, now=stamp(now)
                )
                fault = self._faults.take_for_event(written.name)
                queue_event(connection, registration, written, now=now, fault=fault)
        self.wake()
        return len(registrations)

    def _announce(
        self,
        connection: sqlite3.Connection,
        registrations: tuple[Registration, ...],
        happening: Happening,
    ) -> None:
        now = self._clock()
        vendor, synced = connection.execute(
            "SELECT vendor, last_synced_at FROM connections WHERE id = ?",
            [happening.connection_id],
        ).fetchone()
        if happening.concerns_a_record:
            _keep_diff(connection, happening, now=now)
        for registration in registrations:
            # Contract v1 keeps silent about records until the first sync has brought them all.
            if registration.contract == "v1" and happening.concerns_a_record and synced is None:
                continue
            for event in events_for(happening, registration, vendor=vendor, now=stamp(now)):
                fault = self._faults.take_for_event(event.name)
                queue_event(connection, registration, event, now=now, fault=fault)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            told = finish_syncs(self._store, now=self._clock())
            if told:
                self.announce(*told)
            with self._store.reading() as connection:
                delivery = next_delivery(connection, now=self._clock())
            if delivery is None:
                self._woken.wait(timeout=self._pause())
            else:
                self._deliver(delivery)

    def _deliver(self, delivery: Delivery) -> None:
        outcome = self._line.send(delivery)
        if self._stopping.is_set() and not outcome.succeeded:
            return
        with self._store.changing() as connection:
            record_try(connection, delivery, outcome, now=self._clock(), backoff=self._backoff)

    def _pause(self) -> float | None:
        """Tell for how many seconds there is nothing to do; None for as long as nobody wakes it."""
        with self._store.reading() as connection:
            times = [next_due_at(connection), next_end(connection)]
        moments = [read for text in times if text is not None and (read := moment(text))]
        if not moments:
            return None
        return max(0.0, (min(moments) - self._clock()).total_seconds())


def _keep_diff(connection: sqlite3.Connection, happening: Happening, *, now: datetime) -> None:
    diff = {"new": happening.new, "previous": happening.previous}
    connection.execute(
        "INSERT INTO data_diffs (id, connection_id, model, record_id, event_type, diff, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            f"diff_{secrets.token_hex(8)}",
            happening.connection_id,
            happening.model,
            happening.record_id,
            "NEW" if happening.kind is Kind.DATA_NEW else "UPDATE",
            write_json(diff).decode("ascii"),
            stamp(now),
        ],
    )

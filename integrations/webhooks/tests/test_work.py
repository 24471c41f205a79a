from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError

from integrations.gateways import PropexoNotConfigured
from integrations.models import EventState, WebhookEvent
from integrations.pms.errors import Throttled, Unavailable
from integrations.webhooks import work
from integrations.webhooks.handlers import Outcome
from integrations.webhooks.store import Signature, store_event
from integrations.webhooks.sweep import KEPT_FOR, forget_old_events, sweep_events
from integrations.webhooks.tests.deliveries import encode, unified
from integrations.webhooks.work import LEASE, MOST_ATTEMPTS, claim, work_on_due_events

DONE = Outcome(EventState.HANDLED, "Done.")


class Killed(BaseException):
    """The worker is gone, in the middle of everything."""


@pytest.fixture
def handler(monkeypatch) -> Callable[..., list[str]]:
    """Give a function that sets what the handler does, and lists the events that it saw."""

    def set_up(answer: Outcome | BaseException) -> list[str]:
        seen: list[str] = []

        def act(report, *, now):
            seen.append(report.event.event_id)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        monkeypatch.setattr(work, "act_on", act)
        return seen

    return set_up


def receive(now, number: int = 1, body: object = None) -> WebhookEvent:
    chosen = body if body is not None else unified("test.ping", event_id=f"evt_{number}")
    store_event(body=encode(chosen), signature=Signature("propexo-signature", 1), now=now)
    return WebhookEvent.objects.latest("pk")


def test_due_events_are_worked_on_in_order_and_once(wire, clock, handler):
    seen = handler(DONE)
    for number in range(3):
        receive(clock(), number)
    assert work_on_due_events(clock=clock) == 3
    assert work_on_due_events(clock=clock) == 0
    assert seen == ["evt_0", "evt_1", "evt_2"]
    event = WebhookEvent.objects.latest("pk")
    assert (event.state, event.outcome, event.attempts) == (EventState.HANDLED, "Done.", 1)
    assert event.finished_at == clock()


def test_a_long_queue_is_worked_on_in_rounds(wire, clock, handler, nudges):
    seen = handler(DONE)
    for number in range(3):
        receive(clock(), number)
    assert work_on_due_events(clock=clock, budget=timedelta(0)) == 1
    assert (len(seen), len(nudges)) == (1, 1)
    assert work_on_due_events(clock=clock) == 2


def test_what_is_ignored_is_kept_and_logged(wire, clock, handler, caplog):
    handler(Outcome(EventState.IGNORED, "Not ours."))
    event = receive(clock())
    with caplog.at_level("INFO"):
        work_on_due_events(clock=clock)
    event.refresh_from_db()
    assert (event.state, event.outcome) == (EventState.IGNORED, "Not ours.")
    assert "TEST_PING) ignored: Not ours." in caplog.text


def test_two_workers_never_have_the_same_event(wire, now):
    event = receive(now)
    assert claim(event.pk, now=now) is not None
    assert claim(event.pk, now=now) is None


def test_a_worker_that_dies_in_the_middle_loses_nothing(wire, clock, handler, nudges):
    event = receive(clock())
    handler(Killed())
    with pytest.raises(Killed):
        work_on_due_events(clock=clock)
    event.refresh_from_db()
    assert (event.state, event.finished_at) == (EventState.RECEIVED, None)
    assert not sweep_events(now=clock())  # the lease of the dead worker still runs
    assert len(nudges) == 0
    clock.advance(seconds=LEASE.total_seconds())
    assert sweep_events(now=clock())
    assert len(nudges) == 1
    seen = handler(DONE)
    assert work_on_due_events(clock=clock) == 1
    assert seen == ["evt_1"]
    event.refresh_from_db()
    assert (event.state, event.attempts) == (EventState.HANDLED, 2)


def test_an_event_that_kills_its_workers_ends_as_failed(wire, clock, handler):
    event = receive(clock())
    seen = handler(Killed())
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(Killed):
            work_on_due_events(clock=clock)
        clock.advance(seconds=LEASE.total_seconds())
    work_on_due_events(clock=clock)
    event.refresh_from_db()
    assert len(seen) == MOST_ATTEMPTS
    assert (event.state, event.cause) == (EventState.FAILED, "WORKER_LOST")


def test_a_worker_that_wakes_up_late_overwrites_nothing(wire, clock):
    event = receive(clock())
    frozen = claim(event.pk, now=clock())
    assert frozen is not None
    clock.advance(seconds=LEASE.total_seconds())
    assert claim(event.pk, now=clock()) is not None
    work.fail(frozen, cause="X", error="too late", now=clock())
    event.refresh_from_db()
    assert event.state == EventState.RECEIVED


def test_trouble_with_propexo_is_tried_again_with_growing_pauses(wire, clock, handler):
    event = receive(clock())
    handler(Unavailable("Propexo did not answer."))
    pauses = []
    for _ in range(MOST_ATTEMPTS - 1):
        assert work_on_due_events(clock=clock) == 1
        event.refresh_from_db()
        assert (event.state, event.cause) == (EventState.RECEIVED, "UNAVAILABLE")
        pauses.append(event.due_at - clock())
        clock.time = event.due_at
    work_on_due_events(clock=clock)
    event.refresh_from_db()
    assert pauses == sorted(set(pauses))
    assert (event.state, event.error) == (EventState.FAILED, "Propexo did not answer.")


def test_propexo_says_how_long_to_wait(wire, clock, handler):
    event = receive(clock())
    handler(Throttled("Too many calls.", retry_after=timedelta(hours=2)))
    work_on_due_events(clock=clock)
    event.refresh_from_db()
    assert event.due_at == clock() + timedelta(hours=2)


def test_an_installation_without_a_key_waits_for_it(wire, clock, handler):
    event = receive(clock())
    handler(PropexoNotConfigured("No key."))
    work_on_due_events(clock=clock)
    event.refresh_from_db()
    assert (event.state, event.cause) == (EventState.RECEIVED, "NOT_CONFIGURED")
    handler(DONE)
    clock.time = event.due_at
    work_on_due_events(clock=clock)
    event.refresh_from_db()
    assert (event.state, event.cause, event.error) == (EventState.HANDLED, "", "")


def test_what_nobody_foresaw_fails_the_event_and_is_raised(wire, clock, handler):
    event = receive(clock())
    handler(ZeroDivisionError("division by zero"))
    with pytest.raises(ZeroDivisionError):
        work_on_due_events(clock=clock)
    event.refresh_from_db()
    assert (event.state, event.cause) == (EventState.FAILED, "INTERNAL_ERROR")
    assert event.error == "ZeroDivisionError: division by zero"


def test_a_failed_event_does_not_stop_its_neighbours(wire, clock, handler):
    receive(clock(), 1)
    handler(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        work_on_due_events(clock=clock)
    seen = handler(DONE)
    receive(clock(), 2)
    work_on_due_events(clock=clock)
    assert seen == ["evt_2"]


def test_a_busy_database_leaves_the_event_to_the_next_worker(wire, clock, handler):
    event = receive(clock())
    handler(OperationalError("database is locked"))
    with pytest.raises(OperationalError):
        work_on_due_events(clock=clock)
    event.refresh_from_db()
    assert event.state == EventState.RECEIVED
    handler(DONE)
    clock.time = event.due_at
    assert work_on_due_events(clock=clock) == 1


def test_a_body_that_cannot_be_read_is_kept_as_failed(wire, clock, handler):
    seen = handler(DONE)
    event = receive(clock(), body=b"not json")
    work_on_due_events(clock=clock)
    event.refresh_from_db()
    assert (event.state, event.cause, seen) == (EventState.FAILED, "UNREADABLE", [])


def test_a_connection_that_is_added_later_is_found_by_the_work(cast, clock, handler, request):
    handler(DONE)
    event = receive(clock())
    assert event.connection is None
    wire = request.getfixturevalue("wire")
    work_on_due_events(clock=clock)
    event.refresh_from_db()
    assert event.connection == wire


def test_old_events_are_forgotten_but_not_what_failed(wire, clock, handler):
    handler(DONE)
    receive(clock(), 1)
    work_on_due_events(clock=clock)
    failed = receive(clock(), body=b"not json")
    work_on_due_events(clock=clock)
    assert forget_old_events(now=clock()) == 0
    assert WebhookEvent.objects.count() == 2
    clock.advance(seconds=KEPT_FOR.total_seconds() + 1)
    recent = receive(clock(), 2)
    assert forget_old_events(now=clock()) == 1
    assert set(WebhookEvent.objects.all()) == {failed, recent}

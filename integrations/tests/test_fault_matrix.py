"""Every fault of the sandbox against everything that asks Propexo something, over both contracts.

Whatever goes wrong, nothing crashes, nothing is half-stored, the page says what happened, and once
the fault is over the same act succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations import gateways
from integrations.models import (
    Connection,
    EventState,
    PropertyLink,
    SyncRun,
    SyncState,
    WebhookEvent,
)
from integrations.operations.sync_work import work_on_syncs
from integrations.operations.syncs import request_sync
from integrations.pms.transport import Timeouts
from integrations.sandbox.faults import REQUEST_KINDS, Fault, FaultKind
from integrations.sandbox.logins import expire_login, renew_logins
from integrations.sandbox.server import RunningSandbox, running_sandbox
from integrations.webhooks.tests.deliveries import SECRET, deliver
from integrations.webhooks.work import work_on_due_events
from portfolios.models import Property, Unit
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db

EXPIRED = "expired_credentials"
# These spoil no answer that has no list in it.
MILD = frozenset({FaultKind.DELAY, FaultKind.ROWS_INSERTED, FaultKind.MISSING_ROWS})
# Propexo goes on showing what it read before a login expired.
READABLE = MILD | {EXPIRED}
TROUBLE = [*sorted(REQUEST_KINDS), EXPIRED]


@pytest.fixture(params=["unified", "v1"])
def pms(request, settings, tmp_path, monkeypatch):
    """Run a sandbox that speaks one contract, with the client's patience cut short."""
    quick = partial(Timeouts, connect=2, read=1, read_total=3, longest_wait=0.05, backoff=0)
    monkeypatch.setattr(gateways, "Timeouts", quick)
    settings.PROPEXO_WEBHOOK_SECRET = SECRET
    settings.PROPEXO_CONTRACT = request.param
    with running_sandbox(data_dir=tmp_path / "sandbox", contract=request.param) as running:
        settings.PROPEXO_BASE_URL = running.base_url
        settings.PROPEXO_API_KEY = running.api_key
        yield running


@dataclass
class Trouble:
    """A fault of the sandbox that can be started and ended."""

    kind: str
    pms: RunningSandbox

    def start(self) -> None:
        """Let every answer to a read be spoiled from now on."""
        sandbox = self.pms.sandbox
        if self.kind == EXPIRED:
            expire_login(sandbox.store, connection_id="conn_001", now=sandbox.now())
            return
        kind = FaultKind(self.kind)
        sandbox.faults.add(Fault("GET", "/v1/*", kind, count=None, seconds=0.01, retry_after=60))

    def end(self) -> None:
        """Let all be well again."""
        self.pms.sandbox.faults.clear()
        renew_logins(self.pms.sandbox.store, now=self.pms.sandbox.now())


@pytest.fixture(params=TROUBLE)
def trouble(request, pms) -> Trouble:
    return Trouble(request.param, pms)


@pytest.fixture
def client(cast, signed_in):
    return signed_in(cast.manager)


@pytest.fixture
def linked(cast, pms, client) -> Property:
    """Connect, and import a property, while all is well."""
    connect(client, cast)
    import_first(client)
    return Property.objects.get()


def connect(client, cast):
    form = {
        "portfolio": cast.portfolio.pk,
        "propexo_connection_id": "conn_001",
        "pms": "yardi_voyager",
    }
    return client.post(reverse("integrations:connection-create"), form, follow=True)


def import_first(client):
    connection = Connection.objects.get()
    path = reverse("integrations:connection-import", args=[connection.pk])
    form = {"propexo_property_ids": "prop_001", "portfolio": connection.portfolio_id}
    return client.post(path, form, follow=True)


def says_what_happened(answer) -> bool:
    """Tell whether a page answered with a sentence in a notice or at a field."""
    page = check_page(answer)
    notices = page.select(".notice, .invalid-feedback, [role=alert]")
    return any(len(text_of(notice).split()) > 3 for notice in notices)


def test_a_connection_is_validated_or_the_page_says_why_not(cast, client, trouble):
    trouble.start()
    answer = connect(client, cast)
    assert Connection.objects.exists() == (trouble.kind in MILD)
    if not Connection.objects.exists():
        assert says_what_happened(answer)

    trouble.end()
    if not Connection.objects.exists():
        connect(client, cast)
    assert Connection.objects.get().propexo_connection_id == "conn_001"


def test_properties_are_imported_or_the_page_says_why_not(cast, client, pms, trouble):
    connect(client, cast)
    trouble.start()
    answer = import_first(client)
    if not Property.objects.exists():
        assert says_what_happened(answer)

    trouble.end()
    if not Property.objects.exists():
        import_first(client)
    assert Property.objects.get().propexo_property_id == "prop_001"
    assert PropertyLink.objects.count() == 1


def test_a_sync_loses_nothing_and_says_what_held_it_up(cast, client, linked, trouble):
    trouble.start()
    run = request_sync(place=linked, by=cast.manager, now=timezone.now())
    work_on_syncs(clock=timezone.now, seconds=6)
    run.refresh_from_db()
    assert trouble.kind in READABLE or (run.state == SyncState.QUEUED and run.not_before)
    if run.state != SyncState.COMPLETED:
        page = client.get(reverse("integrations:sync-detail", args=[run.pk]))
        # A login that has expired is no rest: somebody has to renew it.
        said = run.error if trouble.kind == EXPIRED else run.waits_for
        assert said
        assert said[:40] in text_of(the(check_page(page), "main"))

    trouble.end()
    Connection.objects.update(status="active", paused_until=None)
    SyncRun.objects.filter(state=SyncState.QUEUED).update(not_before=None)
    work_on_syncs(clock=timezone.now, seconds=10)
    run.refresh_from_db()
    assert run.state == (SyncState.FAILED if run.error else SyncState.COMPLETED)
    request_sync(place=linked, by=cast.manager, now=timezone.now(), full=True)
    work_on_syncs(clock=timezone.now, seconds=10)

    assert SyncRun.objects.latest("pk").state == SyncState.COMPLETED
    assert Unit.objects.filter(property=linked, missing_since=None).count() >= 48
    assert Unit.objects.filter(property=linked).exclude(missing_since=None).count() == 0


def test_a_webhook_is_acknowledged_and_worked_on_in_the_end(client, linked, trouble):
    trouble.start()
    body = {
        "id": "evt_1",
        "event": "sync.complete",
        "timestamp": "2026-03-01T10:00:00Z",
        "connection_id": "conn_001",
        "data": {"object": "connection", "id": "conn_001"},
    }
    assert deliver(body).status_code == 200
    work_on_due_events(clock=timezone.now)
    event = WebhookEvent.objects.get()
    assert event.state == (EventState.HANDLED if trouble.kind in MILD else EventState.RECEIVED)

    trouble.end()
    WebhookEvent.objects.filter(state=EventState.RECEIVED).update(due_at=timezone.now())
    work_on_due_events(clock=timezone.now)
    event.refresh_from_db()
    assert (event.state, event.error) == (EventState.HANDLED, "")

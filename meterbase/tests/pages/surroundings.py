"""What stands around the bills: syncs, odd records, webhooks, imports, keys and utilities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from conftest import Cast
from integrations.models import (
    Connection,
    ConnectionStatus,
    Delivery,
    OutgoingKind,
    ReviewItem,
    ReviewKind,
    SyncRun,
    SyncState,
    WebhookEndpoint,
    WebhookEvent,
)
from integrations.outgoing.queueing import queue_test
from integrations.outgoing.results import store_receipt
from integrations.outgoing.sending import Receipt
from integrations.outgoing.work import claim as claim_delivery
from integrations.webhooks.store import Signature, store_event
from integrations.webhooks.tests.deliveries import encode, unified
from integrations.webhooks.work import claim, fail
from portfolios.import_plan import plan_import
from portfolios.models import ApiKey, Notice, NoticeKind, NoticeState, Property, Unit, UnitImport
from portfolios.operations.api_keys import create_api_key
from portfolios.operations.unit_imports import confirm_unit_import, start_unit_import
from portfolios.operations.utility_reference import load_reference
from portfolios.tests.reference_files import write_compact
from portfolios.unit_files.tests.making import csv_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Rows that stand around the bills."""

    unit: Unit
    finished_sync: SyncRun
    running_sync: SyncRun
    failed_sync: SyncRun
    review_item: ReviewItem
    event: WebhookEvent
    preview: UnitImport
    applied: UnitImport
    api_key: ApiKey
    notice: Notice
    realpage: Connection
    delivery: Delivery
    unposted: Property


def make_surroundings(
    cast: Cast, place: Property, *, connection: Connection, now: datetime
) -> Surroundings:
    """Add them all to a property that was synced once."""
    with TemporaryDirectory() as folder:
        load_reference(paths=write_compact(Path(folder)), by=None, now=now)
    finished = SyncRun.objects.filter(property=place).latest("pk")
    applied = _unit_import(cast, place, "a.csv", "Unit,Sq Ft,Beds", "101,850,2", now=now)
    plan = plan_import(applied)
    confirm_unit_import(
        unit_import=applied,
        seen=plan.digest(),
        take_odd=True,
        again=False,
        by=cast.manager,
        now=now,
    )
    return Surroundings(
        unit=Unit.objects.get(property=place, unit_number="101"),
        finished_sync=finished,
        failed_sync=_sync(place, SyncState.FAILED, now, error="Propexo did not answer."),
        running_sync=_sync(place, SyncState.RUNNING, now + timedelta(minutes=1)),
        review_item=_review_item(place, connection, now),
        event=_failed_event(connection, now),
        preview=_unit_import(cast, place, "b.csv", "Unit,Sq Ft", "102,20000", "999,1", now=now),
        applied=applied,
        api_key=create_api_key(
            user=cast.accountant, name="Reports", by=cast.accountant, now=now
        ).key,
        notice=_notice(cast, now),
        realpage=_realpage(cast, now),
        delivery=_failed_delivery(cast, now),
        unposted=Property.objects.create(
            portfolio=cast.portfolio, name="Sunset Court", created_at=now
        ),
    )


def _unit_import(
    cast: Cast, place: Property, file_name: str, *lines: str, now: datetime
) -> UnitImport:
    return start_unit_import(
        place=place, file_name=file_name, content=csv_file(*lines), by=cast.manager, now=now
    )


def _sync(place: Property, state: SyncState, now: datetime, error: str = "") -> SyncRun:
    over = state is SyncState.FAILED
    return SyncRun.objects.create(
        property=place,
        state=state,
        queued_at=now,
        finished_at=now if over else None,
        error=error,
    )


def _notice(cast: Cast, now: datetime) -> Notice:
    """Add a mail that was sent."""
    return Notice.objects.create(
        kind=NoticeKind.DIGEST,
        subject=f"{now:%Y-%m-%d}",
        person=cast.accountant,
        about=f"{now:%-d %B %Y}",
        path="/",
        state=NoticeState.SENT,
        headline=f"What waits for you: {now:%-d %B %Y}",
        address="accountant@example.com",
        next_at=now,
        created_at=now,
        handed_at=now,
        finished_at=now,
    )


def _realpage(cast: Cast, now: datetime) -> Connection:
    """Add a connection to the one PMS that books charges in batches."""
    return Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_realpage",
        pms="realpage",
        status=ConnectionStatus.LOGIN_EXPIRED,
        status_note="RealPage refused the password.",
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )


def _review_item(place: Property, connection: Connection, now: datetime) -> ReviewItem:
    return ReviewItem.objects.create(
        portfolio=place.portfolio,
        connection=connection,
        property=place,
        record_kind="unit",
        remote_id="unit_odd",
        found_at=now,
        last_found_at=now,
        kind=ReviewKind.UNREADABLE,
        label="Unit 909",
        message="Its area is “many”.",
        raw='{"sqft": "many"}',
    )


def _failed_event(connection: Connection, now: datetime) -> WebhookEvent:
    body = unified(
        "data.update",
        event_id="evt_1",
        connection=connection.propexo_connection_id,
        object="unit",
        id="unit_1",
    )
    store_event(body=encode(body), signature=Signature("X-Propexo-Signature", 2), now=now)
    event = WebhookEvent.objects.latest("pk")
    claimed = claim(event.pk, now=now)
    assert claimed is not None
    fail(claimed, cause="UNAVAILABLE", error="Propexo did not answer.", now=now)
    event.refresh_from_db()
    return event


def _failed_delivery(cast: Cast, now: datetime) -> Delivery:
    endpoint = WebhookEndpoint.objects.create(
        portfolio=cast.portfolio,
        url="https://books.example.com/hooks/meterbase",
        events=[OutgoingKind.CHARGE_POSTED, OutgoingKind.JOB_COMPLETED],
        created_by=cast.manager,
        created_at=now,
    )
    delivery = queue_test(endpoint=endpoint, now=now)
    claim_delivery(delivery, now=now)
    receipt = Receipt(812, status=503, answer="Down for maintenance.")
    store_receipt(delivery, receipt, now=now)
    delivery.refresh_from_db()
    return delivery

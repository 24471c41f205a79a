"""The calls of `/api/propexo`."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Router, Status
from pydantic import Field, StrictInt, StrictStr

from integrations.gateways import open_gateway
from integrations.models import Connection, SyncRun
from integrations.operations.imports import ImportReport, import_properties
from integrations.operations.syncs import NotLinked, request_sync
from integrations.pms.records import MalformedRecord, PmsProperty
from meterbase.lib.json_api import ApiProblem, Body, Json
from portfolios import access
from portfolios.bearer import caller
from portfolios.models import Portfolio, Property

router = Router(tags=["propexo"])


class ImportBody(Body):
    """Which properties to import, and where to."""

    connection_id: StrictInt
    portfolio_id: StrictInt
    propexo_property_ids: Annotated[list[StrictStr], Field(min_length=1, max_length=1_000)]


class SyncBody(Body):
    """Which property to sync."""

    property_id: StrictInt


@router.get("/connections/{connection_id}/properties")
def list_connection_properties(request: HttpRequest, connection_id: int) -> Json:
    """List the properties that the PMS offers over a connection."""
    user = caller(request)
    connection = access.fetch(
        Connection.objects.all(), access.Action.READ, user=user, pk=connection_id
    )
    offered = list(
        open_gateway(connection).list_properties(connection_id=connection.propexo_connection_id)
    )
    imported = dict(access.rows(Property, user=user).values_list("propexo_property_id", "pk"))
    return {
        "connection_id": connection.pk,
        "properties": [
            _offer(row, imported) for row in offered if not isinstance(row, MalformedRecord)
        ],
        "unreadable": [
            {"propexo_property_id": row.remote_id, "problems": list(row.problems)}
            for row in offered
            if isinstance(row, MalformedRecord)
        ],
    }


@router.post("/import-properties")
def import_chosen_properties(request: HttpRequest, body: ImportBody) -> Json:
    """Import the chosen properties into a portfolio; importing again updates them."""
    user = caller(request)
    connection = access.fetch(
        Connection.objects.all(), access.Action.PREPARE, user=user, pk=body.connection_id
    )
    portfolio = access.fetch(
        Portfolio.objects.all(), access.Action.PREPARE, user=user, pk=body.portfolio_id
    )
    report = import_properties(
        connection=connection,
        portfolio=portfolio,
        propexo_property_ids=body.propexo_property_ids,
        gateway=open_gateway(connection),
        by=user,
        now=timezone.now(),
    )
    return _import_report(report)


@router.post("/sync-units", response={202: dict})
def sync_units(request: HttpRequest, body: SyncBody) -> Status[Json]:
    """Start a sync of a property's units and leases in the background."""
    user = caller(request)
    place = access.fetch(
        Property.objects.all(), access.Action.PREPARE, user=user, pk=body.property_id
    )
    try:
        run = request_sync(place=place, by=user, now=timezone.now())
    except NotLinked as error:
        raise ApiProblem(409, "not_linked", str(error)) from error
    return Status(202, _sync(run))


@router.get("/syncs/{sync_id}")
def show_sync(request: HttpRequest, sync_id: int) -> Json:
    """Tell how a sync stands."""
    user = caller(request)
    return _sync(access.fetch(SyncRun.objects.all(), access.Action.READ, user=user, pk=sync_id))


def _offer(row: PmsProperty, imported: dict[str, int]) -> Json:
    return {
        "propexo_property_id": row.property_id,
        "name": row.name,
        "address": row.street,
        "city": row.city,
        "state": row.state,
        "zip_code": row.zip_code,
        "unit_count": row.unit_count,
        "square_footage": row.square_footage,
        "imported": row.property_id in imported,
        "property_id": imported.get(row.property_id),
    }


def _import_report(report: ImportReport) -> Json:
    stored = (*report.created, *report.updated, *report.unchanged)
    return {
        "created": len(report.created),
        "updated": len(report.updated),
        "unchanged": len(report.unchanged),
        "properties": [
            {
                "id": place.pk,
                "propexo_property_id": place.propexo_property_id,
                "name": place.name,
            }
            for place in stored
        ],
        "skipped": [
            {"propexo_property_id": row.propexo_property_id, "reason": row.reason}
            for row in report.skipped
        ],
    }


def _sync(run: SyncRun) -> Json:
    return {
        "sync_id": run.pk,
        "property_id": run.property_id,
        "status": run.state,
        "created": run.created,
        "changed": run.changed,
        "unchanged": run.unchanged,
        "flagged": run.flagged,
        "error": run.error or None,
        "waits_for": run.waits_for or None,
        "waits_until": run.not_before.isoformat() if run.not_before else None,
        "url": reverse("api:show_sync", args=[run.pk]),
    }

"""Syncing a property's units and leases."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from ninja import Status
from pydantic import StrictInt

from integrations.api.routes import router
from integrations.models import SyncRun
from integrations.operations.syncs import NotLinked, request_sync
from meterbase.lib.json_api import Answer, ApiProblem, Body, Moment
from portfolios import access
from portfolios.bearer import Key, caller
from portfolios.models import Property, Scope


class SyncBody(Body):
    """Which property to sync."""

    property_id: StrictInt


class SyncAnswer(Answer):
    """How a sync stands."""

    sync_id: int
    property_id: int
    status: str
    created: int
    changed: int
    unchanged: int
    flagged: int
    error: str | None
    waits_for: str | None
    waits_until: Moment | None
    url: str


@router.post("/sync-units", auth=Key(Scope.SYNC_RUN), response={202: SyncAnswer})
def sync_units(request: HttpRequest, body: SyncBody) -> Status[SyncAnswer]:
    """Start a sync of a property's units and leases in the background."""
    user = caller(request)
    place = access.fetch(
        Property.objects.all(), access.Action.PREPARE, user=user, pk=body.property_id
    )
    try:
        run = request_sync(place=place, by=user, now=timezone.now())
    except NotLinked as error:
        raise ApiProblem(409, "not_linked", str(error)) from error
    return Status(202, _describe(run))


@router.get("/syncs/{sync_id}", auth=Key(Scope.PROPERTIES_READ), response=SyncAnswer)
def show_sync(request: HttpRequest, sync_id: int) -> SyncAnswer:
    """Tell how a sync stands."""
    run = access.fetch(SyncRun.objects.all(), access.Action.READ, user=caller(request), pk=sync_id)
    return _describe(run)


def _describe(run: SyncRun) -> SyncAnswer:
    return SyncAnswer(
        sync_id=run.pk,
        property_id=run.property_id,
        status=run.state,
        created=run.created,
        changed=run.changed,
        unchanged=run.unchanged,
        flagged=run.flagged,
        error=run.error or None,
        waits_for=run.waits_for or None,
        waits_until=run.not_before,
        url=reverse("api:show_sync", args=[run.pk]),
    )

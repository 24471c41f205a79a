"""Importing properties."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from pydantic import Field, StrictInt, StrictStr

from integrations.api.routes import router
from integrations.gateways import open_gateway
from integrations.models import Connection
from integrations.operations.imports import ImportReport, import_properties
from meterbase.lib.json_api import Answer, Body, calls_pms, sample
from portfolios import access
from portfolios.bearer import Key, caller
from portfolios.models import Portfolio, Scope


class ImportBody(Body):
    """Which properties to import, and where to."""

    model_config = sample(
        connection_id=1, portfolio_id=1, propexo_property_ids=["prop_001", "prop_002"]
    )

    connection_id: StrictInt
    portfolio_id: StrictInt
    propexo_property_ids: Annotated[
        list[Annotated[StrictStr, Field(min_length=1, max_length=100)]],
        Field(min_length=1, max_length=1_000),
    ]


class ImportedProperty(Answer):
    """A property that is in MeterBase now."""

    id: int
    propexo_property_id: str
    name: str


class SkippedProperty(Answer):
    """A property that was not imported, and why."""

    propexo_property_id: str
    reason: str


class ImportAnswer(Answer):
    """What an import did."""

    created: int
    updated: int
    unchanged: int
    properties: list[ImportedProperty]
    skipped: list[SkippedProperty]


@router.post("/import-properties", auth=Key(Scope.PROPERTIES_WRITE), response=ImportAnswer)
@calls_pms
def import_chosen_properties(request: HttpRequest, body: ImportBody) -> ImportAnswer:
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
    return _describe(report)


def _describe(report: ImportReport) -> ImportAnswer:
    stored = (*report.created, *report.updated, *report.unchanged)
    return ImportAnswer(
        created=len(report.created),
        updated=len(report.updated),
        unchanged=len(report.unchanged),
        properties=[
            ImportedProperty(
                id=place.pk, propexo_property_id=place.propexo_property_id, name=place.name
            )
            for place in stored
        ],
        skipped=[
            SkippedProperty(propexo_property_id=row.propexo_property_id, reason=row.reason)
            for row in report.skipped
        ],
    )

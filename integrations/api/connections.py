"""Connecting a PMS, and what it offers."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Status
from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr

from integrations.api.routes import router
from integrations.gateways import open_gateway
from integrations.models import Connection
from integrations.operations.connections import CannotConnect, add_connection, reach_connection
from integrations.pms.catalog import PLATFORMS, Support, platform
from integrations.pms.records import MalformedRecord, PmsProperty
from meterbase.lib.json_api import (
    Answer,
    ApiProblem,
    Body,
    Moment,
    PageQuery,
    Pagination,
    calls_pms,
    invalid,
    paginate,
    sample,
)
from portfolios import access
from portfolios.bearer import Key, caller
from portfolios.models import Portfolio, Property, Scope


class ConnectionAnswer(Answer):
    """A connection to a PMS."""

    connection_id: int
    propexo_connection_id: str
    pms: str
    name: str
    portfolio_id: int
    status: str
    can_post_charges: bool | None
    last_completed_sync: Moment | None


class ConnectionList(Answer):
    """Some of the connections."""

    connections: list[ConnectionAnswer]
    pagination: Pagination


def _known_pms(key: str) -> str:
    keys = [each.key for each in PLATFORMS]
    if key not in keys:
        raise ValueError(f"must be one of {', '.join(keys)}")
    return key


ShortText = Annotated[StrictStr, Field(max_length=100)]


class ConnectionBody(Body):
    """A connection as Propexo's dashboard shows it.

    Shape: `confirm_beta` is needed where posting charges is Beta, `transaction_batch_id` for
        charges to RealPage.
    """

    model_config = sample(portfolio_id=1, propexo_connection_id="conn_001", pms="entrata")

    portfolio_id: StrictInt
    propexo_connection_id: Annotated[StrictStr, Field(min_length=1, max_length=100)]
    pms: Annotated[StrictStr, AfterValidator(_known_pms)]
    integration_id: ShortText = ""
    transaction_batch_id: ShortText = ""
    confirm_beta: StrictBool = False


class OfferedProperty(Answer):
    """A property that the PMS offers; `property_id` once it is imported."""

    propexo_property_id: str
    name: str
    address: str
    city: str
    state: str
    zip_code: str
    unit_count: int | None
    square_footage: int | None
    imported: bool
    property_id: int | None


class UnreadableProperty(Answer):
    """A record of the PMS that makes no sense."""

    propexo_property_id: str
    problems: list[str]


class OfferedProperties(Answer):
    """What the PMS offers over a connection, all of it."""

    connection_id: int
    properties: list[OfferedProperty]
    unreadable: list[UnreadableProperty]


@router.get("/connections", auth=Key(Scope.PROPERTIES_READ), response=ConnectionList)
def list_connections(request: HttpRequest, asked: Query[PageQuery]) -> ConnectionList:
    """List the connections to PMSs."""
    rows = access.rows(Connection, user=caller(request)).order_by("pk")
    page = paginate(rows, asked)
    return ConnectionList(
        connections=[_connection(row) for row in page.rows], pagination=page.pagination
    )


@router.get(
    "/connections/{connection_id}", auth=Key(Scope.PROPERTIES_READ), response=ConnectionAnswer
)
def show_connection(request: HttpRequest, connection_id: int) -> ConnectionAnswer:
    """Tell how a connection stands."""
    return _connection(
        access.fetch(
            Connection.objects.all(), access.Action.READ, user=caller(request), pk=connection_id
        )
    )


@router.post("/connections", auth=Key(Scope.CONNECTIONS_WRITE), response={201: ConnectionAnswer})
@calls_pms
def create_connection(request: HttpRequest, body: ConnectionBody) -> Status[ConnectionAnswer]:
    """Connect a PMS, once Propexo has confirmed the connection."""
    user = caller(request)
    portfolio = access.fetch(
        Portfolio.objects.all(), access.Action.PREPARE, user=user, pk=body.portfolio_id
    )
    chosen = platform(body.pms)
    if chosen.charge_posting is Support.BETA and not body.confirm_beta:
        sentence = f"must be true: posting charges to {chosen.name} is Beta"
        raise invalid(confirm_beta=sentence)
    try:
        connection = add_connection(
            portfolio=portfolio,
            propexo_connection_id=body.propexo_connection_id,
            pms=body.pms,
            integration_id=body.integration_id,
            transaction_batch_id=body.transaction_batch_id,
            gateway=reach_connection(propexo_connection_id=body.propexo_connection_id),
            by=user,
            now=timezone.now(),
        )
    except CannotConnect as error:
        raise _cannot_connect(error) from error
    return Status(201, _connection(connection))


def _cannot_connect(error: CannotConnect) -> ApiProblem:
    """A field that is wrong is the caller's; the rest is between Propexo and the PMS."""
    if error.field:
        details = {error.field: [f"{error.message} {error.check}"]}
        return ApiProblem(422, "validation_error", error.message, details)
    return ApiProblem(409, "cannot_connect", error.message, {"check": [error.check]})


@router.get(
    "/connections/{connection_id}/properties",
    auth=Key(Scope.PROPERTIES_READ),
    response=OfferedProperties,
)
def list_connection_properties(request: HttpRequest, connection_id: int) -> OfferedProperties:
    """List the properties that the PMS offers over a connection, read from it now."""
    user = caller(request)
    connection = access.fetch(
        Connection.objects.all(), access.Action.READ, user=user, pk=connection_id
    )
    offered = list(
        open_gateway(connection).list_properties(connection_id=connection.propexo_connection_id)
    )
    imported = dict(access.rows(Property, user=user).values_list("propexo_property_id", "pk"))
    return OfferedProperties(
        connection_id=connection.pk,
        properties=[
            _offer(row, imported) for row in offered if not isinstance(row, MalformedRecord)
        ],
        unreadable=[
            UnreadableProperty(propexo_property_id=row.remote_id, problems=list(row.problems))
            for row in offered
            if isinstance(row, MalformedRecord)
        ],
    )


def _offer(row: PmsProperty, imported: dict[str, int]) -> OfferedProperty:
    return OfferedProperty(
        propexo_property_id=row.property_id,
        name=row.name,
        address=row.street,
        city=row.city,
        state=row.state,
        zip_code=row.zip_code,
        unit_count=row.unit_count,
        square_footage=row.square_footage,
        imported=row.property_id in imported,
        property_id=imported.get(row.property_id),
    )


def _connection(row: Connection) -> ConnectionAnswer:
    return ConnectionAnswer(
        connection_id=row.pk,
        propexo_connection_id=row.propexo_connection_id,
        pms=row.pms,
        name=row.name,
        portfolio_id=row.portfolio_id,
        status=row.status,
        can_post_charges=row.can_post_charges,
        last_completed_sync=row.last_completed_sync,
    )

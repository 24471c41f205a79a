"""Connecting MeterBase to a PMS through Propexo."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from django.db import IntegrityError, transaction

from integrations.gateways import find_gateway
from integrations.models import Connection, ConnectionStatus
from integrations.pms import errors
from integrations.pms.catalog import Platform, platform
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import ConnectionHealth, PmsConnection
from portfolios.models import Portfolio, User
from portfolios.operations.audit import record_event

CHECK_KEY = "Verify that the Propexo API key in .env (PROPEXO_API_KEY) is correct."
CHECK_ID = "Ensure that the Connection ID matches an active connection in the Propexo dashboard."
CHECK_LOGIN = (
    "Check in the Propexo dashboard that the PMS credentials are still valid: passwords may have "
    "expired. Renew them there, then connect again."
)
CHECK_NETWORK = (
    "Check that this machine reaches Propexo (PROPEXO_BASE_URL in .env), then connect again."
)


class CannotConnect(Exception):
    """Propexo did not confirm the connection.

    Shape: `check` says what to do about it; `field` names the form's field, if one is wrong.
    """

    def __init__(self, message: str, *, check: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.check = check
        self.field = field


def reach_connection(*, propexo_connection_id: str) -> PmsGateway:
    """Open a gateway for a connection that is to be validated, finding out how to speak to it.

    Errors: CannotConnect; PropexoNotConfigured.
    """
    try:
        return find_gateway(propexo_connection_id=propexo_connection_id)
    except errors.PmsError as error:
        raise _cannot_connect(error, propexo_connection_id) from error


def add_connection(
    *,
    portfolio: Portfolio,
    propexo_connection_id: str,
    pms: str,
    integration_id: str,
    gateway: PmsGateway,
    by: User,
    now: datetime,
    transaction_batch_id: str = "",
) -> Connection:
    """Store a connection once Propexo has confirmed it.

    Errors: CannotConnect; nothing is stored then.
    Effects: a connection and an audit event.
    """
    remote = validate_connection(
        gateway=gateway, propexo_connection_id=propexo_connection_id, pms=pms
    )
    try:
        with transaction.atomic():
            connection = Connection.objects.create(
                portfolio=portfolio,
                propexo_connection_id=remote.connection_id,
                integration_id=integration_id,
                transaction_batch_id=transaction_batch_id,
                pms=pms,
                name=remote.name[:200],
                status=ConnectionStatus.ACTIVE,
                validated_at=now,
                **_proven(remote, now=now),
                created_by=by,
                created_at=now,
            )
            record_event(
                verb="connection.added",
                subject=connection,
                by=by,
                now=now,
                after={"propexo_connection_id": remote.connection_id, "pms": pms},
            )
    except IntegrityError:
        raise CannotConnect(
            f"The connection {propexo_connection_id} is already registered in MeterBase.",
            check="Pick it from the list of connections, or ask support if you do not see it.",
            field="propexo_connection_id",
        ) from None
    return connection


def validate_connection(
    *, gateway: PmsGateway, propexo_connection_id: str, pms: str
) -> PmsConnection:
    """Ask Propexo whether a connection is there, of that PMS, and able to log in.

    Errors: CannotConnect.
    """
    try:
        remote = gateway.read_connection(connection_id=propexo_connection_id)
    except errors.PmsError as error:
        raise _cannot_connect(error, propexo_connection_id) from error
    _refuse_other_platform(remote, platform(pms))
    _refuse_unhealthy(remote)
    return remote


def _cannot_connect(error: errors.PmsError, propexo_connection_id: str) -> CannotConnect:
    match error:
        case errors.ApiKeyRefused():
            return CannotConnect(error.message, check=CHECK_KEY)
        case errors.NotFound():
            return CannotConnect(
                f"Propexo has no connection {propexo_connection_id}.",
                check=CHECK_ID,
                field="propexo_connection_id",
            )
        case errors.PmsLoginExpired():
            return CannotConnect(error.message, check=CHECK_LOGIN)
    return CannotConnect(error.message, check=CHECK_NETWORK)


def _refuse_other_platform(remote: PmsConnection, chosen: Platform) -> None:
    if remote.provider.casefold() not in chosen.providers:
        raise CannotConnect(
            f"Propexo says that {remote.connection_id} is a connection to “{remote.provider}”, "
            f"not to {chosen.name}.",
            check="Choose the PMS type that the Propexo dashboard shows for this connection.",
            field="pms",
        )


def _refuse_unhealthy(remote: PmsConnection) -> None:
    if remote.health is ConnectionHealth.AUTH_FAILED:
        raise CannotConnect(
            f"Propexo can no longer log in to the PMS behind {remote.connection_id}.",
            check=CHECK_LOGIN,
        )
    if remote.health not in (ConnectionHealth.ACTIVE, ConnectionHealth.SYNCING):
        raise CannotConnect(
            f"The connection {remote.connection_id} is not active in Propexo; its status there is "
            f"“{remote.raw_status}”.",
            check=CHECK_ID,
            field="propexo_connection_id",
        )


class Proven(TypedDict):
    """What Propexo said of a connection that was looked at."""

    contract: str
    provider: str
    can_post_charges: bool | None
    checked_at: datetime


def _proven(remote: PmsConnection, *, now: datetime) -> Proven:
    return Proven(
        contract=remote.contract,
        provider=remote.provider,
        can_post_charges=remote.posts_charges,
        checked_at=now,
    )


def renew_connection(
    *, connection: Connection, gateway: PmsGateway, by: User, now: datetime
) -> None:
    """Take a connection up again after its PMS login was renewed in Propexo.

    Errors: CannotConnect when Propexo still cannot log in.
    Effects: the connection is active again and what waited for it goes on; an audit event.
    """
    remote = validate_connection(
        gateway=gateway,
        propexo_connection_id=connection.propexo_connection_id,
        pms=connection.pms,
    )
    with transaction.atomic():
        before = connection.status
        Connection.objects.filter(pk=connection.pk).update(
            status=ConnectionStatus.ACTIVE,
            status_note="",
            validated_at=now,
            paused_until=None,
            **_proven(remote, now=now),
        )
        record_event(
            verb="connection.renewed",
            subject=connection,
            by=by,
            now=now,
            before={"status": before},
            after={"status": ConnectionStatus.ACTIVE.value},
        )


def set_transaction_batch_id(
    *, connection: Connection, transaction_batch_id: str, by: User, now: datetime
) -> bool:
    """Store the batch that RealPage books charges in; tell whether it is another one.

    Shape: charges that wait already keep the batch that they were written for.
    Effects: the connection and an audit event, when it is another one.
    """
    before = connection.transaction_batch_id
    if transaction_batch_id == before:
        return False
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(
            transaction_batch_id=transaction_batch_id
        )
        record_event(
            verb="connection.batch_id_set",
            subject=connection,
            by=by,
            now=now,
            before={"transaction_batch_id": before},
            after={"transaction_batch_id": transaction_batch_id},
        )
    connection.transaction_batch_id = transaction_batch_id
    return True

"""The gateway to Propexo that an installation's settings and a connection's row describe."""

from __future__ import annotations

from django.conf import settings

from integrations.models import AccountKind, Connection, PropertyLink, WireContract
from integrations.pms import charge_accounts
from integrations.pms.catalog import platform
from integrations.pms.discovery import find_connection, open_contract
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import Contract
from integrations.pms.transport import Timeouts, Transport
from integrations.rate_limit import pacer_for
from portfolios.models import Property


class PropexoNotConfigured(Exception):
    """This installation's settings do not lead to Propexo."""


class NotConnected(Exception):
    """No PMS connection leads to a property."""

    def __init__(self, place: Property) -> None:
        super().__init__(f"{place} is not connected to a PMS.")


_NO_KEY = (
    "MeterBase has no Propexo API key yet. Put PROPEXO_API_KEY into .env (Step 2 of the set-up) "
    "and start MeterBase again."
)
# What production speaks comes first.
_TRIED_IN_TURN: tuple[Contract, ...] = ("v1", "unified")


def open_gateway(connection: Connection) -> PmsGateway:
    """Open the gateway of a stored connection.

    Errors: PropexoNotConfigured when a setting for Propexo is missing or malformed.
    """
    contract = contract_of(connection)
    return open_contract(
        contract,
        transport=open_transport(contract),
        connection_id=connection.propexo_connection_id,
        provider=_provider_of(connection),
        transaction_batch_id=connection.transaction_batch_id,
    )


def open_property_gateway(place: Property) -> PmsGateway:
    """Open the gateway of the connection that a property is read from and posted to.

    Errors: NotConnected; PropexoNotConfigured.
    """
    link = PropertyLink.objects.select_related("connection").filter(property=place).first()
    if link is None:
        raise NotConnected(place)
    return open_gateway(link.connection)


def accounts_named(connection: Connection) -> frozenset[AccountKind]:
    """Tell what of a property's chart of accounts a charge over a connection has to name.

    Errors: PropexoNotConfigured.
    """
    kinds = charge_accounts.accounts_named(
        contract_of(connection), provider=_provider_of(connection)
    )
    return frozenset(AccountKind(kind) for kind in kinds)


def find_gateway(*, propexo_connection_id: str) -> PmsGateway:
    """Open a gateway for a connection that is not stored yet, or is to be looked at anew.

    Errors: PropexoNotConfigured; NotFound when Propexo knows no such connection in any contract;
        any other PmsError when it cannot be asked.
    Effects: asks Propexo which contract the connection speaks, or only the one that a setting
        forces.
    """
    forced = _forced_contract()
    remote = find_connection(
        transport=open_transport(forced or "unknown"),
        connection_id=propexo_connection_id,
        contracts=(forced,) if forced else _TRIED_IN_TURN,
    )
    return open_contract(
        remote.contract,
        transport=open_transport(remote.contract),
        connection_id=propexo_connection_id,
        provider=remote.provider,
    )


def _forced_contract() -> Contract | None:
    found = settings.PROPEXO_CONTRACT
    if found == "auto":
        return None
    for contract in _TRIED_IN_TURN:
        if found == contract:
            return contract
    raise PropexoNotConfigured(
        f"PROPEXO_CONTRACT is “{found}” in .env; it must be auto, unified or v1."
    )


def _spoken_by(connection: Connection) -> Contract:
    return "v1" if connection.contract == WireContract.V1 else "unified"


def _provider_of(connection: Connection) -> str:
    return connection.provider or platform(connection.pms).providers[0]


def contract_of(connection: Connection) -> Contract:
    """Tell which contract is spoken over a connection: its own, or the one a setting forces.

    Errors: PropexoNotConfigured.
    """
    return _forced_contract() or _spoken_by(connection)


def open_transport(contract: str) -> Transport:
    """Open the way to Propexo that all connections of this installation share.

    Errors: PropexoNotConfigured when a setting for Propexo is missing or malformed.
    """
    base_url, api_key = settings.PROPEXO_BASE_URL, settings.PROPEXO_API_KEY
    if not api_key:
        raise PropexoNotConfigured(_NO_KEY)
    pacer = pacer_for(base_url=base_url, api_key=api_key, contract=contract)
    try:
        timeouts = Timeouts(write_total=settings.PROPEXO_WRITE_TIMEOUT)
        return Transport(base_url, api_key, pacer=pacer, timeouts=timeouts)
    except ValueError as error:
        raise PropexoNotConfigured(
            f"The settings for Propexo in .env are not usable: {error}. Correct PROPEXO_BASE_URL "
            "or PROPEXO_API_KEY and start MeterBase again."
        ) from None

"""What a charge names of a property's accounting."""

from __future__ import annotations

from django.conf import settings

from integrations.models import AccountKind, Connection, WireContract
from integrations.pms import charge_accounts
from integrations.pms.catalog import platform


def accounts_named(connection: Connection) -> frozenset[AccountKind]:
    """Tell which kinds of entries a charge over a connection names; no call is made."""
    found = charge_accounts.accounts_named(
        _contract_of(connection), provider=_provider_of(connection)
    )
    return frozenset(AccountKind(kind) for kind in found)


def takes_post_month(connection: Connection) -> bool:
    """Tell whether charges over a connection name the accounting month that they belong to."""
    return charge_accounts.takes_post_month(
        _contract_of(connection), provider=_provider_of(connection)
    )


def _contract_of(connection: Connection) -> str:
    forced = settings.PROPEXO_CONTRACT
    return forced if forced in WireContract.values else connection.contract


def _provider_of(connection: Connection) -> str:
    return connection.provider or platform(connection.pms).providers[0]

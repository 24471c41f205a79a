"""What of a property's chart of accounts a charge has to name."""

from __future__ import annotations

from django.conf import settings

from integrations.models import AccountKind, Connection, WireContract
from integrations.pms.catalog import platform
from integrations.pms.charge_accounts import accounts_named as named_in_the_pms


def accounts_named(connection: Connection) -> frozenset[AccountKind]:
    """Tell which kinds of entries a charge over a connection names; no call is made."""
    forced = settings.PROPEXO_CONTRACT
    contract = forced if forced in WireContract.values else connection.contract
    provider = connection.provider or platform(connection.pms).providers[0]
    return frozenset(AccountKind(kind) for kind in named_in_the_pms(contract, provider=provider))

"""A property's chart of accounts: the codes that charges carry, and the ledger accounts behind."""

from __future__ import annotations

from integrations.sandbox.names import CHARGE_CODES
from integrations.sandbox.tenancies import FIRST_STAMP, Place
from integrations.sandbox.world import ChargeCodeRow, FinancialAccountRow


def charge_codes_of(place: Place) -> tuple[ChargeCodeRow, ...]:
    """Write the charge codes; a site may lack some."""
    return tuple(
        ChargeCodeRow(
            id=f"cc_{place.code}_{number:02d}",
            connection_id=place.connection_id,
            property_id=place.property_id,
            code=code,
            name=name,
            gl_account=gl_account,
            created_at=FIRST_STAMP,
            updated_at=FIRST_STAMP,
        )
        for number, (code, name, gl_account) in enumerate(CHARGE_CODES, start=1)
        if code not in place.site.missing_codes
    )


def financial_accounts_of(place: Place) -> tuple[FinancialAccountRow, ...]:
    """Write the accounts that the codes are booked to."""
    return tuple(
        FinancialAccountRow(
            id=f"fa_{place.code}_{number:02d}",
            connection_id=place.connection_id,
            property_id=place.property_id,
            account_number=gl_account,
            name=f"{name} income",
            created_at=FIRST_STAMP,
            updated_at=FIRST_STAMP,
        )
        for number, (code, name, gl_account) in enumerate(CHARGE_CODES, start=1)
        if code not in place.site.missing_codes
    )

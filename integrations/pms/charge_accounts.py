"""What a charge names of a property's accounting, by contract and PMS."""

from __future__ import annotations

from integrations.pms.errors import NotSupported
from integrations.pms.records import ChargeCodeKind
from integrations.pms.v1_charge_forms import form_of

_CODE: frozenset[ChargeCodeKind] = frozenset({"charge_code"})
_FIELDS: dict[str, ChargeCodeKind] = {
    "charge_code_id": "charge_code",
    "financial_account_id": "financial_account",
}


def accounts_named(contract: str, *, provider: str) -> frozenset[ChargeCodeKind]:
    """Tell whether a charge names a charge code, a financial account or both.

    Shape: a charge code for a PMS that takes no charges at all.
    """
    if contract == "unified":
        return _CODE
    try:
        form = form_of(provider)
    except NotSupported:
        return _CODE
    return frozenset(kind for field, kind in _FIELDS.items() if field in form.required)


def takes_post_month(contract: str, *, provider: str) -> bool:
    """Tell whether a charge can name the accounting month that it belongs to."""
    if contract == "unified":
        return False
    try:
        return form_of(provider).accepts("post_month")
    except NotSupported:
        return False

"""Which fields a charge must have for each PMS in contract v1: a table, one line per interface.

A field that is not listed is not accepted and makes Propexo refuse the whole charge.

Source: Propexo's page of each PMS.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from integrations.pms.catalog import platform_of
from integrations.pms.errors import NotSupported


class Credits(StrEnum):
    """How a PMS takes a charge back."""

    NEGATIVE = "negative"
    APART = "apart"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class ChargeForm:
    """The fields of a charge besides connection, amount and day, which every PMS wants.

    Shape: `credits` tells whether a charge may be below zero, or is taken back by a credit of its
        own, or cannot be taken back over Propexo at all, as far as its page says.
    """

    required: frozenset[str]
    optional: frozenset[str] = frozenset()
    credits: Credits = Credits.NEVER

    def accepts(self, field: str) -> bool:
        """Tell whether the PMS knows a field."""
        return field in self.required or field in self.optional


def _form(required: str, optional: str = "", *, credits_: Credits = Credits.NEVER) -> ChargeForm:
    return ChargeForm(frozenset(required.split()), frozenset(optional.split()), credits_)


_YARDI = "resident_id unit_id property_id charge_code_id financial_account_id"

_FORMS = {
    "yardi": _form(_YARDI, "description post_month"),
    "yardi_rest": _form(_YARDI, "description"),
    "entrata": _form(
        "lease_id charge_code_id description",
        "post_month third_party_charge_id",
        credits_=Credits.NEGATIVE,
    ),
    "realpage_rpx": _form(
        "resident_id property_id charge_code_id description transaction_batch_id",
        "reference_number",
    ),
    "appfolio": _form("lease_id financial_account_id description"),
    "buildium": _form("lease_id financial_account_id", "description reference_number"),
    "rentmanager": _form(
        "resident_id charge_code_id reference_number notes", credits_=Credits.APART
    ),
    "propertyware_rest": _form(
        "lease_id financial_account_id", "description reference_number", credits_=Credits.APART
    ),
    "propertyware": _form("lease_id financial_account_id", "description reference_number"),
    "rentvine": _form("lease_id financial_account_id description"),
    "resman": _form("resident_id charge_code_id description reference_number notes batch_id"),
}
_NEVER = {
    "mri": "MRI Software takes no charges through Propexo. Post them in MRI by hand.",
    "realpage": (
        "RealPage takes charges only over its Partner Exchange, and this connection is for "
        "registered vendors. Ask Propexo for a Partner Exchange connection."
    ),
}


def takes_charges(provider: str) -> bool:
    """Tell whether charges can be made over an interface at all."""
    return provider in _FORMS


def form_of(provider: str) -> ChargeForm:
    """Find what a charge needs for an interface.

    Errors: NotSupported.
    """
    form = _FORMS.get(provider)
    if form is None:
        unknown = f"MeterBase cannot make charges in {name_of(provider)} yet."
        raise NotSupported(_NEVER.get(provider, unknown))
    return form


def name_of(provider: str) -> str:
    """Give the name that people know the PMS of an interface by."""
    found = platform_of(provider=provider)
    return found.name if found else f"the PMS “{provider}”"

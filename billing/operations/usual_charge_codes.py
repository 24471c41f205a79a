"""The charge codes that every portfolio starts with."""

from __future__ import annotations

from django.db import transaction

from billing.charge_codes import ANY_UTILITY
from billing.models import ChargeCode, Utility, UtilityChargeCode
from portfolios.models import Portfolio

_OF_NO_UTILITY = ((ANY_UTILITY, "Utility charge"), ("RUBS", "RUBS allocation"))
_OF_UTILITIES = {
    Utility.ELECTRIC: "ELEC",
    Utility.GAS: "GAS",
    Utility.WATER: "WATER",
    Utility.SEWER: "SEWER",
    Utility.TRASH: "TRASH",
}


def ensure_charge_codes(*, portfolio: Portfolio) -> None:
    """Give a portfolio the usual codes, if it has none yet.

    Effects: codes, and which is usual for which utility; nothing when there is a single one.
    """
    if ChargeCode.objects.filter(portfolio=portfolio).exists():
        return
    usual = [*_OF_NO_UTILITY, *((code, utility.label) for utility, code in _OF_UTILITIES.items())]
    with transaction.atomic():
        # Two at once write the same rows: whoever comes second leaves those of the first.
        ChargeCode.objects.bulk_create(
            [ChargeCode(portfolio=portfolio, code=code, name=str(name)) for code, name in usual],
            ignore_conflicts=True,
        )
        codes = {code.code: code for code in ChargeCode.objects.filter(portfolio=portfolio)}
        UtilityChargeCode.objects.bulk_create(
            [
                UtilityChargeCode(
                    portfolio=portfolio,
                    utility=utility,
                    charge_code=codes[_OF_UTILITIES.get(utility, ANY_UTILITY)],
                )
                for utility in Utility
            ],
            ignore_conflicts=True,
        )

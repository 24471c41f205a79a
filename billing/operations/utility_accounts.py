"""Keeping how far the bills of each account reach, beside the bills.

The start page asks which accounts lack a bill, and would have to read all bills of a year for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from billing.bill_calendar import AccountKey, first_unbilled_month, shown_months
from billing.models import UtilityAccount, UtilityBill
from meterbase.lib.periods import Period


def account_of(bill: UtilityBill) -> AccountKey:
    """Tell to which account a bill belongs."""
    return bill.property_id, str(bill.utility), bill.account_number


def keep_accounts_of(bills: QuerySet[UtilityBill], *, now: datetime) -> None:
    """Note how far the accounts of these bills are billed.

    Effects: accounts.
    """
    columns = ("property_id", "utility", "account_number")
    keep_accounts(bills.order_by().values_list(*columns).distinct(), now=now)


@transaction.atomic
def keep_accounts(keys: Iterable[AccountKey], *, now: datetime) -> None:
    """Note how far accounts are billed; for the transaction that changes their bills.

    Effects: accounts, which stay locked until the transaction ends: whoever changes bills of the
        same ones meanwhile waits, and then reads these bills as well.
    """
    after = shown_months(timezone.localdate(now))[0]
    # In one order, so that two that change the same accounts do not wait for each other.
    for place, utility, number in sorted(set(keys)):
        # Any: as Django's own types of such columns are.
        key: dict[str, Any] = {
            "property_id": place,
            "utility": utility,
            "account_number": number,
        }
        account, _ = UtilityAccount.objects.select_for_update().get_or_create(**key)
        found = UtilityBill.objects.filter(**key, period_end__gt=after)
        periods = [Period(*days) for days in found.values_list("period_start", "period_end")]
        account.unbilled_from = first_unbilled_month(periods) if periods else None
        account.billed_until = max((period.end for period in periods), default=None)
        account.save(update_fields=["unbilled_from", "billed_until"])

"""Bills of one account that are entered at the same time."""

from __future__ import annotations

from datetime import date

import pytest

from billing.models import Utility, UtilityAccount
from billing.operations import utility_accounts
from billing.operations.bills import BillEntry, enter_bill
from billing.posting.tests.together import SECONDS, at_once, slowly
from billing.tests.small_place import small_place
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("own_database")
def test_what_is_kept_of_their_account_has_seen_both(cast, now, monkeypatch):
    house = small_place(cast, now)

    def enter(month: int) -> None:
        period = Period(date(2026, month, 1), date(2026, month + 1, 1))
        entry = BillEntry(utility=Utility.WATER, period=period, amount=Cents(100_00))
        enter_bill(place=house, entry=entry, by=cast.manager, now=now)

    def enter_next() -> None:
        assert is_read.wait(SECONDS)
        enter(4)

    enter(1)
    is_read = slowly(monkeypatch, utility_accounts, "first_unbilled_month")
    at_once(lambda: enter(2), enter_next)
    account = UtilityAccount.objects.get()
    assert (account.unbilled_from, account.billed_until) == (date(2026, 3, 1), date(2026, 5, 1))

"""Bills of one account that are entered at the same time."""

from __future__ import annotations

import time
from datetime import date
from threading import Event

import pytest

from billing.bill_calendar import first_unbilled_month
from billing.models import Utility, UtilityAccount
from billing.operations import utility_accounts
from billing.operations.bills import BillEntry, enter_bill
from billing.posting.tests.together import SECONDS, at_once
from billing.tests.small_place import small_place
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("own_database")
def test_what_is_kept_of_their_account_has_seen_both(cast, now, monkeypatch):
    house, is_read, find = small_place(cast, now), Event(), first_unbilled_month

    def enter(month: int) -> None:
        period = Period(date(2026, month, 1), date(2026, month + 1, 1))
        entry = BillEntry(utility=Utility.WATER, period=period, amount=Cents(100_00))
        enter_bill(place=house, entry=entry, by=cast.manager, now=now)

    def find_slowly(periods: list[Period]) -> date:
        found = find(periods)
        if not is_read.is_set():
            is_read.set()
            # When the other transaction waits for a lock, as it should, nothing tells so: it gets
            # a moment to go wrong.
            time.sleep(0.5)
        return found

    def enter_next() -> None:
        assert is_read.wait(SECONDS)
        enter(4)

    enter(1)
    monkeypatch.setattr(utility_accounts, "first_unbilled_month", find_slowly)
    at_once(lambda: enter(2), enter_next)
    account = UtilityAccount.objects.get()
    assert (account.unbilled_from, account.billed_until) == (date(2026, 3, 1), date(2026, 5, 1))

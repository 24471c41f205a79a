"""Every bill belongs to one month: that in which the middle of its service lies."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from billing.models import Utility, UtilityBill
from billing.reports.scope import Scope
from meterbase.lib.months import Months, first_of_month
from portfolios.models import Property

pytestmark = pytest.mark.django_db

_JANUARY = Months(date(2026, 1, 1), date(2026, 1, 1))
_WINTER = Months(date(2025, 12, 1), date(2026, 2, 1))
_LATER = Months(date(2027, 1, 1), date(2027, 1, 1))


@pytest.fixture
def bills(cast, now) -> list[UtilityBill]:
    """Make bills of every length that begin on every day around two ends of months."""
    house = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="prop_a", name="Maplewood", created_at=now
    )
    return UtilityBill.objects.bulk_create(
        UtilityBill(
            property=house,
            utility=Utility.WATER,
            account_number=f"{shift} {days}",
            period_start=date(2025, 11, 20) + timedelta(days=shift),
            period_end=date(2025, 11, 20) + timedelta(days=shift + days),
            amount_cents=100,
            entered_by=cast.manager,
            entered_at=now,
        )
        for shift in range(80)
        for days in (1, 2, 3, 28, 29, 30, 31, 32, 61, 62, 90)
    )


@pytest.mark.parametrize("months", [_JANUARY, _WINTER, _LATER])
def test_the_database_keeps_the_bills_whose_middle_lies_in_the_months(bills, months):
    kept = set(Scope(months).keep(UtilityBill.objects.all()).values_list("pk", flat=True))
    assert kept == {bill.pk for bill in bills if first_of_month(bill.period.middle) in list(months)}


def test_a_scope_keeps_one_portfolio_property_and_utility(bills, cast):
    months = Months(date(2025, 1, 1), date(2026, 12, 1))
    house = bills[0].property
    rows = UtilityBill.objects.all()
    for mine, other in (
        (Scope(months, portfolio=cast.portfolio.pk), Scope(months, portfolio=0)),
        (Scope(months, place=house.pk), Scope(months, place=0)),
        (Scope(months, utility="water"), Scope(months, utility="gas")),
    ):
        assert mine.keep(rows).count() == len(bills)
        assert other.keep(rows).count() == 0

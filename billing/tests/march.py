"""The water bill of March that most stories are about, and its way to the approval."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from billing.models import Calculation, Method, Utility, UtilityBill, VacancyPolicy
from billing.operations.approvals import approve_calculation
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from conftest import Cast
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import Property


def march_bill(place: Property, cents: int, *, cast: Cast, now: datetime) -> UtilityBill:
    """Enter the bill, with a rule by square footage and 10 % common area."""
    rule = ShareRuleEntry(
        method=Method.SQUARE_FEET,
        vacancy=VacancyPolicy.OWNER_PAYS,
        common_area_percent=Decimal(10),
    )
    set_share_rule(place=place, utility=Utility.WATER, entry=rule, by=cast.manager, now=now)
    entry = BillEntry(
        utility=Utility.WATER,
        period=Period(date(2026, 3, 1), date(2026, 4, 1)),
        amount=Cents(cents),
    )
    return enter_bill(place=place, entry=entry, by=cast.manager, now=now)


def approve_bill(bill: UtilityBill, *, cast: Cast, now: datetime) -> Calculation:
    """Calculate, submit and approve it."""
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    approve_calculation(calculation=calculation, by=cast.accountant, now=now)
    return calculation

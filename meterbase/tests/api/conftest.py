"""The rows that the API's calls are about, and programs that make them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from billing.models import BillFlag, BillFlagKind, Calculation, Utility, UtilityBill
from billing.operations.approvals import approve_calculation
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.operations.documents import attach_document
from billing.operations.posting_jobs import PostingOrder, create_posting_job
from billing.statements.issue import issue_statement
from billing.tests.small_place import ORDER, gateway_to_nowhere, small_bill
from conftest import Cast
from integrations.models import Delivery, SyncRun
from integrations.operations.webhook_endpoints import EVENTS, create_endpoint, send_test
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from meterbase.tests.api.matrix import Rows
from meterbase.tests.api.programs import Program, program_of
from meterbase.tests.told_once import told_once
from portfolios.models import Membership, Portfolio, Role, User


@pytest.fixture(autouse=True)
def _no_calls_in_hand(monkeypatch) -> None:
    """Forget the calls that the process took for another test."""
    monkeypatch.setattr("portfolios.operations.call_limits._held", {})


@pytest.fixture
def programs(cast, now) -> dict[str, Program]:
    """Give each person of the cast a program that may do whatever they may."""
    return {
        name: program_of(getattr(cast, name), now=now)
        for name in ("manager", "accountant", "viewer", "stranger")
    }


@pytest.fixture
def small(cast, now) -> UtilityBill:
    """Enter the water bill of March for three units."""
    return small_bill(cast, now)


@pytest.fixture
def delivery(cast, now, settings) -> Delivery:
    """Register a webhook of this machine, and send it a test."""
    settings.WEBHOOKS_TO_THIS_MACHINE = True
    made = create_endpoint(
        portfolio=cast.portfolio,
        url="https://127.0.0.1/earlier",
        events=EVENTS,
        by=cast.manager,
        now=now,
    )
    return send_test(endpoint=made.endpoint, by=cast.manager, now=now)


@pytest.fixture
def rows(cast, small, delivery, now) -> Rows:
    """Make one row of everything that a call can be about."""
    made = _one_of_each(cast, small, delivery, now)
    bill = made.approved.bill
    attach_document(bill=bill, name="a.pdf", chunks=[b"%PDF-"], by=cast.manager, now=now)
    return made


@told_once
def _one_of_each(cast: Cast, small: UtilityBill, delivery: Delivery, now: datetime) -> Rows:
    place = small.property

    def water(month: int) -> UtilityBill:
        period = Period(date(2025, month, 1), date(2025, month + 1, 1))
        entry = BillEntry(utility=Utility.WATER, period=period, amount=Cents(30_000))
        bill = enter_bill(place=place, entry=entry, by=cast.manager, now=now)
        bill.flags.update(cleared_at=now, cleared_by=cast.manager, note="As it should be.")
        return bill

    def in_review(bill: UtilityBill) -> Calculation:
        calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
        submit_calculation(calculation=calculation, by=cast.manager, now=now)
        return calculation

    def approved(bill: UtilityBill) -> Calculation:
        calculation = in_review(bill)
        approve_calculation(calculation=calculation, by=cast.accountant, now=now)
        return calculation

    flag = BillFlag.objects.create(
        bill=small, kind=BillFlagKind.SPIKE, message="Twice as much as usual.", found_at=now
    )
    told = approved(water(8))
    lease = told.charges.earliest("pk").lease
    return Rows(
        cast=cast,
        connection=place.link.connection,
        place=place,
        sync=SyncRun.objects.create(property=place, queued_at=now),
        bill=small,
        fresh_bill=water(2),
        flag=flag,
        draft=calculate_bill(bill=water(4), by=cast.manager, now=now),
        in_review=in_review(water(6)),
        approved=told,
        delivery=delivery,
        statement=issue_statement(lease=lease, month=date(2025, 8, 1), by=cast.manager, now=now),
        job=create_posting_job(
            calculation=approved(water(10)),
            order=PostingOrder(
                charge_date=ORDER.charge_date,
                charge_code=ORDER.charge_code,
                description=ORDER.description,
                post_to_pms=False,
            ),
            gateway=gateway_to_nowhere(),
            by=cast.accountant,
            now=now,
        ),
    )


Confined = Callable[[User], Program]


@pytest.fixture
def confined_elsewhere(cast, now) -> Confined:
    """Give a function that makes a program that is confined to another portfolio."""
    other = Portfolio.objects.create(name="Another of theirs", created_at=now)

    def make(user: User) -> Program:
        Membership.objects.get_or_create(
            user=user, portfolio=other, defaults={"role": Role.ACCOUNTANT}
        )
        return program_of(user, now=now, portfolios=[other])

    return make


@pytest.fixture
def approved_small(cast, small, now) -> Calculation:
    """Approve the calculation of the water bill of March."""
    calculation = calculate_bill(bill=small, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    approve_calculation(calculation=calculation, by=cast.accountant, now=now)
    return calculation

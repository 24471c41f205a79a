"""The way of a bill to charges that wait to be sent, walked in a database that was made for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.management import call_command

from billing.models import Calculation, Method, PostingJob, Utility, VacancyPolicy
from billing.operations import approvals, bills, calculations, share_rules
from billing.operations.posting_jobs import (
    Confirmation,
    DuplicatesFound,
    PostingOrder,
    create_posting_job,
)
from integrations.bench.sync_child import no_migrations
from integrations.gateways import find_gateway, open_property_gateway
from integrations.models import SyncRun
from integrations.operations.connections import add_connection
from integrations.operations.imports import import_properties
from integrations.sync.run import run_sync
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import Portfolio, Property, User

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
_DAY = timedelta(days=1)
_CONNECTION = "conn_001"
_PROPERTY = "prop_001"


def make_tables() -> None:
    """Make the tables of an empty database, straight from the models."""
    settings.MIGRATION_MODULES = no_migrations()
    call_command("migrate", run_syncdb=True, verbosity=0)


def make_place(*, now: datetime) -> Property:
    """Import and sync the sandbox's first property, and say how its water is shared.

    Effects: a portfolio with a manager and an accountant.
    """
    manager = User.objects.create_user("manager")
    User.objects.create_user("accountant")
    portfolio = Portfolio.objects.create(name="Lakeside", created_at=now)
    gateway = find_gateway(propexo_connection_id=_CONNECTION)
    connection = add_connection(
        portfolio=portfolio,
        propexo_connection_id=_CONNECTION,
        pms="yardi_voyager",
        integration_id="",
        gateway=gateway,
        by=manager,
        now=now,
    )
    report = import_properties(
        connection=connection,
        portfolio=portfolio,
        propexo_property_ids=[_PROPERTY],
        gateway=gateway,
        by=manager,
        now=now,
    )
    place = report.created[0]
    run = SyncRun.objects.create(property=place, queued_at=now)
    run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now)
    rule = share_rules.ShareRuleEntry(
        method=Method.SQUARE_FEET,
        vacancy=VacancyPolicy.OWNER_PAYS,
        common_area_percent=Decimal(10),
    )
    share_rules.set_share_rule(place=place, utility=Utility.WATER, entry=rule, by=manager, now=now)
    return place


def order_charges(
    *, account: str, amount: Cents, now: datetime, months_back: int = 0
) -> PostingJob:
    """Enter a water bill, and take it all the way to a posting job that waits.

    Shape: `account` tells this bill from the others for the same month, which is March or so many
        before it; the charges bear the day after. What the guard against posting again finds is
        confirmed.
    """
    period = MARCH
    for _ in range(months_back):
        period = Period((period.start - _DAY).replace(day=1), period.start)
    return _confirm(_approved(account, amount, period, now), now)


def _approved(account: str, amount: Cents, period: Period, now: datetime) -> Calculation:
    manager, accountant = (User.objects.get(username=name) for name in ("manager", "accountant"))
    entry = bills.BillEntry(
        utility=Utility.WATER, period=period, amount=amount, account_number=account
    )
    bill = bills.enter_bill(place=Property.objects.get(), entry=entry, by=manager, now=now)
    for flag in bill.flags.all():
        bills.clear_flag(flag=flag, note="Another account.", by=manager, now=now)
    made = calculations.calculate_bill(bill=bill, by=manager, now=now)
    calculations.submit_calculation(calculation=made, by=manager, now=now)
    approvals.approve_calculation(calculation=made, by=accountant, now=now)
    return made


def _confirm(calculation: Calculation, now: datetime) -> PostingJob:
    order = PostingOrder(
        charge_date=calculation.bill.period_end,
        charge_code="UTIL",
        description="Utility Charge (RUBS)",
    )
    while True:
        try:
            return create_posting_job(
                calculation=calculation,
                order=order,
                gateway=open_property_gateway(calculation.bill.property),
                by=User.objects.get(username="accountant"),
                now=now,
            )
        except DuplicatesFound as known:
            # Others may post meanwhile; then there is more to be confirmed.
            said = Confirmation(digest=known.found.digest, reason="Another account.")
            order = replace(order, confirmed=said)

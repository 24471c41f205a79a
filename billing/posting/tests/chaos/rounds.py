"""The rounds: charges are ordered, things go wrong, and at the end everything has to add up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from billing.models import Posting, PostingState, Utility, UtilityBill
from billing.operations import bills, calculations
from billing.operations.posting_jobs import PostingOrder, create_posting_job
from billing.posting.states import AT_REST
from billing.posting.tests.chaos.processes import Program, SandboxProgram
from billing.posting.tests.chaos.trouble import Killer, Saboteur
from integrations.gateways import open_gateway
from integrations.models import Connection, ConnectionStatus
from integrations.operations.connections import CannotConnect, renew_connection
from integrations.pms.errors import PmsError
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import Property, User

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
# What a round lasts at least, so that its trouble meets charges that are under way.
ROUND_SECONDS = 0.8
_SETTLING_SECONDS = 240


class NotSettled(Exception):
    """Charges still move, or wait, long after the last trouble."""


@dataclass
class Scene:
    """Everything that takes part."""

    random: Random
    sandbox: SandboxProgram
    programs: Sequence[Program]
    killer: Killer
    saboteur: Saboteur

    def keep_running(self) -> None:
        """Start again what has ended, as a supervisor does."""
        for program in self.programs:
            program.keep_running()


def play(scene: Scene, *, rounds: int) -> None:
    """Play the rounds, one after the other."""
    for number in range(1, rounds + 1):
        until = time.monotonic() + ROUND_SECONDS
        order_charges(scene.random, number)
        scene.saboteur.order()
        if scene.random.random() < 0.08:
            scene.saboteur.expire_login(Connection.objects.get().propexo_connection_id)
        while time.monotonic() < until:
            time.sleep(scene.random.uniform(0.02, 0.4))
            scene.killer.strike()
            connections.close_all()
            scene.keep_running()
        look_after_login(scene)


def order_charges(random: Random, number: int) -> None:
    """Confirm the posting of a bill of its own; a database that goes away is tried again."""
    for attempt in range(20):
        try:
            _order(f"round {number}, {attempt}", Cents(random.randrange(200_000, 900_000)))
        except (DatabaseError, PmsError):
            connections.close_all()
            time.sleep(0.2)
        else:
            return


def _order(account: str, amount: Cents) -> None:
    now = timezone.now()
    place = Property.objects.get()
    manager, accountant = (User.objects.get(username=name) for name in ("manager", "accountant"))
    entry = bills.BillEntry(
        utility=Utility.WATER, period=MARCH, amount=amount, account_number=account
    )
    bill: UtilityBill = bills.enter_bill(place=place, entry=entry, by=manager, now=now)
    for flag in bill.flags.all():
        bills.clear_flag(flag=flag, note="Another round.", by=manager, now=now)
    made = calculations.calculate_bill(bill=bill, by=manager, now=now)
    calculations.submit_calculation(calculation=made, by=manager, now=now)
    calculations.approve_calculation(calculation=made, by=accountant, now=now)
    create_posting_job(
        calculation=made,
        order=PostingOrder(
            charge_date=date(2026, 4, 1),
            charge_code="UTIL",
            description="March 2026 Utility Charge (RUBS)",
            despite_earlier=True,
        ),
        gateway=open_gateway(Connection.objects.get()),
        by=accountant,
        now=now,
    )


def look_after_login(scene: Scene) -> None:
    """Renew an expired login as an accountant does, in Propexo first and then in MeterBase."""
    try:
        connection = Connection.objects.get()
        if connection.status == ConnectionStatus.ACTIVE:
            return
        scene.saboteur.clear()
        renew_connection(
            connection=connection,
            gateway=open_gateway(connection),
            by=User.objects.get(username="accountant"),
            now=timezone.now(),
        )
    except (DatabaseError, PmsError, CannotConnect, OSError):
        connections.close_all()


def settle(scene: Scene) -> None:
    """Let everything come to rest, with no more trouble.

    Errors: NotSettled.
    """
    scene.sandbox.start()
    scene.saboteur.clear()
    until = time.monotonic() + _SETTLING_SECONDS
    while True:
        scene.keep_running()
        look_after_login(scene)
        try:
            moving = Counter(
                Posting.objects.exclude(state__in=AT_REST).values_list("state", flat=True)
            )
        except DatabaseError:
            connections.close_all()
            moving = Counter({"unreadable": 1})
        if not moving:
            return
        if time.monotonic() > until:
            raise NotSettled(f"after {_SETTLING_SECONDS} s: {dict(moving)}")
        time.sleep(0.3)


def waiting_for_a_person() -> dict[str, int]:
    """Count what a person has to decide, by reason."""
    waiting = Posting.objects.filter(state__in=[PostingState.REJECTED, PostingState.REVIEW])
    return dict(Counter(waiting.values_list("error_code", flat=True)))


def is_on_postgres() -> bool:
    """Tell which database the rounds are played on."""
    return str(settings.DATABASES["default"]["ENGINE"]).endswith("postgresql")

"""The rounds: charges are ordered, things go wrong, and at the end everything has to add up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from billing.bench import stage
from billing.models import Posting, PostingJob, PostingState
from billing.operations.reversals import (
    CannotReverse,
    ReversalOrder,
    approve_reversal,
    request_reversal,
)
from billing.posting.states import AT_REST
from billing.posting.tests.chaos.pace import Pace
from billing.posting.tests.chaos.processes import Program, SandboxProgram
from billing.posting.tests.chaos.trouble import Killer, Saboteur
from integrations.gateways import open_gateway
from integrations.models import Connection, ConnectionStatus
from integrations.operations.connections import CannotConnect, renew_connection
from integrations.pms.errors import PmsError
from meterbase.lib.money import Cents
from portfolios.models import User

# What a round lasts at least, so that its trouble meets charges that are under way.
ROUND_SECONDS = 0.8
# And at most, where the machine is too slow for its workers to keep up.
_LONGEST_SECONDS = 30
_SETTLING_SECONDS = 240
# Bills are for so many months in turn, so that few are for the same days.
_MONTHS = 12
_PART_WITH_REVERSAL = 0.25


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
    pace = Pace()
    with ThreadPoolExecutor(1) as people:
        for number in range(1, rounds + 1):
            began = time.monotonic()
            scene.saboteur.order()
            if scene.random.random() < 0.08:
                scene.saboteur.expire_login(Connection.objects.get().propexo_connection_id)
            # What people do has dice of its own, so that it does not depend on who is faster.
            ordered = people.submit(act_as_people, Random(scene.random.random()), number)
            while is_on(began, pace) or not ordered.done():
                # Not a wait for anything: blows fall at random moments.
                time.sleep(scene.random.uniform(0.02, 0.4))
                if pace.allows_a_blow():
                    scene.killer.strike()
                scene.killer.thaw()
                connections.close_all()
                scene.keep_running()
            ordered.result()
            look_after_login(scene)


def is_on(began: float, pace: Pace) -> bool:
    """Tell whether a round goes on: for its time, and while its workers cannot keep up."""
    lasted = time.monotonic() - began
    return lasted < ROUND_SECONDS or (lasted < _LONGEST_SECONDS and pace.lags())


def act_as_people(random: Random, number: int) -> None:
    """Confirm the posting of a bill, and in some rounds take a tenth of a job back."""
    try:
        order_charges(random, number)
        if random.random() < _PART_WITH_REVERSAL:
            reverse_charges(random)
    finally:
        connections.close_all()


def order_charges(random: Random, number: int) -> None:
    """Confirm the posting of a bill of its own; a database that goes away is tried again."""
    for attempt in range(20):
        try:
            stage.order_charges(
                account=f"round {number}, {attempt}",
                amount=Cents(random.randrange(200_000, 900_000)),
                now=timezone.now(),
                months_back=number % _MONTHS,
            )
        except (DatabaseError, PmsError):
            connections.close_all()
            # The database is being killed: when it is back can only be found out by trying.
            time.sleep(0.2)
        else:
            return


def reverse_charges(random: Random) -> None:
    """Have two people take back a tenth of what a job has posted; trouble may keep them from it."""
    people = [User.objects.get(username=name) for name in ("accountant", "manager")]
    with suppress(DatabaseError, PmsError, CannotReverse, OSError):
        posted = Posting.objects.filter(
            state=PostingState.POSTED, reverses=None, reversed_at=None, reversing_postings=None
        )
        jobs = sorted(set(posted.values_list("job_id", flat=True)))
        if not jobs:
            return
        job = PostingJob.objects.get(pk=random.choice(jobs))
        chosen = sorted(posted.filter(job=job).values_list("pk", flat=True))
        gateway = open_gateway(job.connection)
        asked = request_reversal(
            job=job,
            postings=random.sample(chosen, max(1, len(chosen) // 10)),
            order=ReversalOrder(reason="The meter was read wrongly.", charge_date=job.charge_date),
            gateway=gateway,
            by=people[0],
            now=timezone.now(),
        )
        approve_reversal(reversal=asked, gateway=gateway, by=people[1], now=timezone.now())


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
    scene.killer.thaw(everybody=True)
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
        # What workers in other processes have done shows in the tables alone.
        time.sleep(0.3)


def waiting_for_a_person() -> dict[str, int]:
    """Count what a person has to decide, by reason."""
    waiting = Posting.objects.filter(state__in=[PostingState.REJECTED, PostingState.REVIEW])
    return dict(Counter(waiting.values_list("error_code", flat=True)))


def is_on_postgres() -> bool:
    """Tell which database the rounds are played on."""
    return str(settings.DATABASES["default"]["ENGINE"]).endswith("postgresql")

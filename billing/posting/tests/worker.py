"""A worker as a process of its own, which can be struck dead or frozen at a chosen point.

Run as `python -m billing.posting.tests.worker`, with `prepare`, `drain [point [which]]` or `rest`.
The product's code is unchanged: the point is found by wrapping the function that stands there.
"""

from __future__ import annotations

import os
import pkgutil
import signal
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import django

SECONDS_TO_REST = 25.0

Act = Callable[[], None]
Anything = Callable[..., Any]  # Any: stands for whichever function of the product is wrapped


def die() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def freeze() -> None:
    """Stand still until somebody sends SIGCONT."""
    os.kill(os.getpid(), signal.SIGSTOP)


def before(original: Anything, act: Act, which: int) -> Anything:
    """Act just before the call of that number."""
    calls = iter(range(1, sys.maxsize))

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == which:
            act()
        return original(*args, **kwargs)

    return wrapped


def after(original: Anything, act: Act, which: int) -> Anything:
    """Act just after the call of that number."""
    calls = iter(range(1, sys.maxsize))

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if next(calls) == which:
            act()
        return result

    return wrapped


# Where it happens, by name: the function that stands there, and on which side of it.
POINTS: dict[str, tuple[str, Callable[[Anything, Act, int], Anything]]] = {
    "in_the_claim": ("billing.posting.claim.move", after),
    "after_the_intent": ("billing.posting.drain.send", before),
    "after_connecting": ("integrations.pms.deadline._HttpConnection.connect", after),
    "after_the_bytes": ("urllib3.connection.HTTPConnection.getresponse", before),
    "before_storing": ("billing.posting.drain.store_outcome", before),
    "in_the_store": ("billing.posting.store.move", after),
    "after_storing": ("billing.posting.drain.store_outcome", after),
}


def main(command: str, *arguments: str) -> None:
    """Do what the command line says."""
    django.setup()
    match command, arguments:
        case "prepare", ():
            prepare()
        case "drain", ():
            drain_all()
        case "drain", (act, point, which):
            _arrange({"die": die, "freeze": freeze}[act], point, int(which))
            drain_all()
        case "rest", ():
            come_to_rest()
        case _:
            sys.exit(f"no such command: {command} {' '.join(arguments)}")


def _arrange(act: Act, point: str, which: int) -> None:
    place, side = POINTS[point]
    mock.patch(place, side(pkgutil.resolve_name(place), act, which)).start()


def drain_all() -> None:
    """Send what is due over every connection."""
    from billing.tasks import drain_connection
    from integrations.models import Connection

    # How long a charge waits between two tries is tested elsewhere.
    mock.patch("billing.posting.store.next_gap", return_value=timedelta(0)).start()
    for connection_id in Connection.objects.values_list("pk", flat=True):
        drain_connection(connection_id)


def come_to_rest() -> None:
    """Work and sweep until nothing moves by itself any more."""
    from billing.models import Posting
    from billing.posting.states import AT_REST
    from billing.tasks import sweep_postings

    until = time.monotonic() + SECONDS_TO_REST
    while Posting.objects.exclude(state__in=AT_REST).exists():
        if time.monotonic() > until:
            sys.exit("the postings do not come to rest")
        drain_all()
        sweep_postings()
        time.sleep(0.05)


def prepare() -> None:
    """Bring a new database to the point where a job of 45 charges waits for its workers."""
    from django.core.management import call_command
    from django.utils import timezone

    call_command("migrate", verbosity=0)
    now = timezone.now()
    _confirm(_approved(now), now)


def _approved(now: Any) -> Any:
    from billing.models import Method, Utility, VacancyPolicy
    from billing.operations import bills, calculations, share_rules
    from meterbase.lib.money import Cents
    from meterbase.lib.periods import Period

    place, manager, accountant = _place(now)
    rule = share_rules.ShareRuleEntry(
        method=Method.SQUARE_FEET,
        vacancy=VacancyPolicy.OWNER_PAYS,
        common_area_percent=Decimal(10),
    )
    share_rules.set_share_rule(place=place, utility=Utility.WATER, entry=rule, by=manager, now=now)
    entry = bills.BillEntry(
        utility=Utility.WATER,
        period=Period(date(2026, 3, 1), date(2026, 4, 1)),
        amount=Cents(566_161),
    )
    bill = bills.enter_bill(place=place, entry=entry, by=manager, now=now)
    made = calculations.calculate_bill(bill=bill, by=manager, now=now)
    calculations.submit_calculation(calculation=made, by=manager, now=now)
    calculations.approve_calculation(calculation=made, by=accountant, now=now)
    return made


def _place(now: Any) -> tuple[Any, Any, Any]:
    from integrations.gateways import find_gateway
    from integrations.models import SyncRun
    from integrations.operations.connections import add_connection
    from integrations.operations.imports import import_properties
    from integrations.sync.run import run_sync
    from portfolios.models import Portfolio, User

    manager, accountant = (User.objects.create_user(name) for name in ("manager", "accountant"))
    portfolio = Portfolio.objects.create(name="Lakeside", created_at=now)
    gateway = find_gateway(propexo_connection_id="conn_001")
    connection = add_connection(
        portfolio=portfolio,
        propexo_connection_id="conn_001",
        pms="yardi_voyager",
        integration_id="",
        gateway=gateway,
        by=manager,
        now=now,
    )
    report = import_properties(
        connection=connection,
        portfolio=portfolio,
        propexo_property_ids=["prop_001"],
        gateway=gateway,
        by=manager,
        now=now,
    )
    place = report.created[0]
    run = SyncRun.objects.create(property=place, queued_at=now)
    run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now)
    return place, manager, accountant


def _confirm(calculation: Any, now: Any) -> None:
    from billing.operations.posting_jobs import PostingOrder, create_posting_job
    from integrations.gateways import open_property_gateway
    from portfolios.models import User

    create_posting_job(
        calculation=calculation,
        order=PostingOrder(
            charge_date=date(2026, 4, 1),
            charge_code="UTIL",
            description="March 2026 Utility Charge (RUBS)",
        ),
        gateway=open_property_gateway(calculation.bill.property),
        by=User.objects.get(username="accountant"),
        now=now,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

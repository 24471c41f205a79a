"""The processes that `billing.bench.posting` measures: workers of the engine, and a plain loop.

They read what to do from standard input, a word and a number in each line, and answer in JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# What a worker of the queue has for one task, and how soon the next task follows.
_TASK_SECONDS = 20.0
_NEXT_TASK_SECONDS = 0.05
_AMOUNT_CENTS = 5_661_610


@dataclass(frozen=True, slots=True)
class Done:
    """What came of an order.

    Shape: `count` is how many charges were sent, or are there.
    """

    count: int
    seconds: float


def main() -> None:
    """Follow the orders, one by one."""
    import django

    django.setup()
    follow: dict[str, Callable[[float], int]] = {
        "prepare": prepare,
        "reset": reset,
        "engine": run_engine,
        "loop": run_loop,
        "kept_open_loop": run_kept_open_loop,
    }
    for line in sys.stdin:
        order, number = line.split()
        began = time.perf_counter()
        count = follow[order](float(number))
        seconds = time.perf_counter() - began
        sys.stdout.write(json.dumps({"count": count, "seconds": seconds}) + "\n")
        sys.stdout.flush()


def prepare(bills: float) -> int:
    """Bring one job to the point where the charges of so many more bills are due."""
    from django.utils import timezone

    from billing.bench import stage
    from billing.models import Posting, PostingEvent, PostingJob, PostingState
    from meterbase.lib.money import Cents
    from portfolios.models import Property

    now = timezone.now()
    if "billing_postingjob" not in _tables():
        stage.make_tables()
        stage.make_place(now=now)
    before = PostingJob.objects.count()
    for number in range(before, before + int(bills)):
        amount = Cents(_AMOUNT_CENTS * Property.objects.get().units.count() // 48)
        stage.order_charges(account="", amount=amount, now=now, months_back=number)
    # Residents who have left meanwhile are not charged.
    PostingEvent.objects.exclude(posting__state=PostingState.PENDING).delete()
    Posting.objects.exclude(state=PostingState.PENDING).delete()
    # One job, so that what depends on a job's size shows.
    return Posting.objects.update(job=PostingJob.objects.earliest("pk"))


def reset(_number: float) -> int:
    """Make every charge due again, as if nothing had been sent."""
    from django.db import connection
    from django.db.models import F

    from billing.models import Posting, PostingAttempt, PostingEvent, PostingState
    from integrations.models import Connection

    PostingAttempt.objects.all().delete()
    PostingEvent.objects.exclude(from_state="").delete()
    count = Posting.objects.update(
        state=PostingState.PENDING,
        remote_charge_id="",
        token="",
        tries=0,
        lease_until=None,
        not_before=F("created_at"),
    )
    Connection.objects.update(paused_until=None, unknowns_in_row=0)
    if connection.vendor == "postgresql":
        # Or the rows that are gone would still be read over.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return count


def run_engine(seconds: float) -> int:
    """Send charges as one worker does, for so long or until there are none.

    Errors: RuntimeError when one came to another end than being posted.
    """
    from django.utils import timezone

    from billing.models import Posting, PostingState
    from billing.posting.drain import drain
    from integrations.gateways import open_gateway
    from integrations.models import Connection

    connection = Connection.objects.get()
    gateway = open_gateway(connection)
    until = time.monotonic() + seconds
    count = 0
    while (left := until - time.monotonic()) > 0:
        count += drain(
            connection_id=connection.pk,
            gateway=gateway,
            clock=timezone.now,
            seconds=min(left, _TASK_SECONDS),
        )
        if not Posting.objects.filter(state=PostingState.PENDING).exists():
            break
        if left > _TASK_SECONDS:
            # A cluster takes as long to begin the next task; without it there would be no cost.
            time.sleep(_NEXT_TASK_SECONDS)
    return count


def run_loop(seconds: float) -> int:
    """POST charges one after the other and save each one's row, with nothing that makes it safe."""
    import requests

    return _loop(requests.post, seconds)


def run_kept_open_loop(seconds: float) -> int:
    """Do as the plain loop does, over one connection that stays open."""
    import requests

    with requests.Session() as session:
        return _loop(session.post, seconds)


# Any: an answer of requests, which is not imported before it is needed.
def _loop(post: Callable[..., Any], seconds: float) -> int:
    from django.conf import settings

    from billing.models import Posting, PostingState

    headers = {
        "Authorization": f"Bearer {settings.PROPEXO_API_KEY}",
        "Content-Type": "application/json",
    }
    url = f"{settings.PROPEXO_BASE_URL}/v1/charges"
    until = time.monotonic() + seconds
    count = 0
    for posting in Posting.objects.filter(state=PostingState.PENDING).order_by("pk"):
        if time.monotonic() > until:
            break
        answer = post(url, data=posting.body.encode(), headers=headers, timeout=20)
        answer.raise_for_status()
        posting.remote_charge_id = answer.json()["id"]
        posting.state = PostingState.POSTED
        posting.save()
        count += 1
    return count


def _tables() -> list[str]:
    from django.db import connection

    return connection.introspection.table_names()


if __name__ == "__main__":
    main()

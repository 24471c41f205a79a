"""A process of its own that asks for turns as fast as it gets them, on a clock that runs faster."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import django


def main(act: str, *arguments: str) -> None:
    """Make the table, or write down when requests left."""
    django.setup()
    if act == "table":
        make_table()
    else:
        purpose, began, faster, minutes, out = arguments
        record_departures(purpose, int(began), int(faster), int(minutes), Path(out))


def make_table() -> None:
    """Make the one table that a pacer needs."""
    from django.db import connection

    from integrations.models import RateBudget

    with connection.schema_editor() as editor:
        editor.create_model(RateBudget)


def record_departures(purpose: str, began: int, faster: int, minutes: int, out: Path) -> None:
    """Ask for turns until the time is up, and store the moments at which they came."""
    from integrations.pms.pacing import NotYet
    from integrations.pms.timetable import MINUTE
    from integrations.rate_limit import DatabasePacer, waiting
    from integrations.shared_budget import SharedBudget

    start = began // MINUTE * MINUTE

    def clock() -> int:
        return start + (time.time_ns() // 1000 - began) * faster

    pacer = DatabasePacer(
        SharedBudget(base_url="https://api.propexo.com", key_digest="shared"),
        contract=None,
        clock=clock,
        sleep=lambda seconds: time.sleep(seconds / faster),
    )
    left = []
    time.sleep(max(0.0, began / 1_000_000 - time.time()))
    while clock() < start + minutes * MINUTE:
        with suppress(NotYet), waiting(longest=timedelta(minutes=2)):
            pacer.wait(purpose="post" if purpose == "post" else "read")
            left.append(clock())
    out.write_text("\n".join(map(str, left)))


if __name__ == "__main__":
    main(*sys.argv[1:])

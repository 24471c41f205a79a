"""Comparisons with the ledger as they may not be."""

from __future__ import annotations

from billing.models import LedgerCheck, LedgerDifference, LedgerSighting, PostingJob
from billing.tests.constraints.rows import Offence, Rows, change


def begin_twice(rows: Rows, job: PostingJob | None = None) -> None:
    """Begin two comparisons of the same thing."""
    place, now = rows.bill.property, rows.now
    for _ in range(2):
        LedgerCheck.objects.create(property=place, job=job, started_at=now, continue_at=now)


def sight_twice(rows: Rows) -> None:
    """See a charge in the ledger twice for the first time."""
    for charge_id in ("chg_1", "chg_2"):
        LedgerSighting.objects.create(
            check_run=rows.check, posting=rows.posting, remote_charge_id=charge_id
        )


OFFENCES: list[Offence] = [
    ("ledger_check_adds_up", lambda r: change(r.check, sent=1)),
    ("ledger_check_goes_on_or_is_over", lambda r: change(r.check, finished_at=None)),
    ("ledger_check_one_at_a_time", lambda r: begin_twice(r)),
    ("ledger_check_one_at_a_time_of_job", lambda r: begin_twice(r, job=r.job)),
    ("ledger_sighting_once_per_charge", lambda r: sight_twice(r)),
    (
        "ledger_difference_kind_known",
        lambda r: LedgerDifference(check_run=r.check, kind="odd", message="?").save(),
    ),
]

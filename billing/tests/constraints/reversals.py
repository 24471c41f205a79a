"""Reversals as they may not be."""

from __future__ import annotations

from billing.tests.constraints.rows import Offence, Rows, again, change


def reverse_twice(rows: Rows) -> None:
    """Take one charge back by two postings."""
    charged = rows.job.postings.last()
    for number in ("1", "2"):
        again(
            rows.posting,
            reverses=charged,
            reference=f"MB-OTHER-{number}",
            business_key=f"reversal-{number}",
        )


def decide(rows: Rows, **changes: object) -> None:
    """Have somebody else refuse the reversal, but for what is changed."""
    changes = {"state": "refused", "decided_by": rows.bill.entered_by} | changes
    change(rows.reversal, decided_at=rows.now, **changes)


def ask_twice(rows: Rows) -> None:
    """Put one charge into two open reversals."""
    again(rows.reversal, public_id="rev_2")
    again(rows.item, reversal=rows.reversal)


OFFENCES: list[Offence] = [
    ("posting_one_live_reversal", lambda r: reverse_twice(r)),
    ("posting_reversed_was_posted", lambda r: change(r.posting, reversed_at=r.now)),
    (
        "posting_reversed_was_posted",
        lambda r: change(
            r.posting,
            state="posted",
            remote_charge_id="chg_1",
            reverses=r.posting,
            reversed_at=r.now,
        ),
    ),
    ("posting_sent_as_known", lambda r: change(r.posting, sent_as="gift")),
    ("reversal_state_known", lambda r: decide(r, state="perhaps")),
    ("reversal_has_reason", lambda r: change(r.reversal, reason="")),
    ("reversal_decided_by_and_at", lambda r: change(r.reversal, state="withdrawn")),
    ("reversal_decided_by_and_at", lambda r: change(r.reversal, decided_at=r.now)),
    ("reversal_decided_by_and_at", lambda r: decide(r, state="requested")),
    ("reversal_decided_by_another", lambda r: decide(r, decided_by=r.reversal.requested_by)),
    (
        "reversal_decided_by_another",
        lambda r: decide(
            r, state="approved", reversing_job=r.job, decided_by=r.reversal.requested_by
        ),
    ),
    ("reversal_by_hand_has_reference", lambda r: change(r.reversal, by_hand=True)),
    ("reversal_by_hand_has_reference", lambda r: change(r.reversal, pms_reference="CM 1")),
    ("reversal_approved_has_job", lambda r: decide(r, state="approved")),
    ("reversal_approved_has_job", lambda r: decide(r, reversing_job=r.job)),
    (
        "reversal_approved_has_job",
        lambda r: decide(
            r, state="approved", by_hand=True, pms_reference="CM 1", reversing_job=r.job
        ),
    ),
    ("reversal_item_once", lambda r: again(r.item, is_open=False)),
    ("reversal_item_one_open", lambda r: ask_twice(r)),
]

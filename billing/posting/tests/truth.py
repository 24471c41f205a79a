"""Comparing the postings of a database with the PMS's ledger."""

from __future__ import annotations

from collections import Counter

from billing.posting.tests.scratch import Scratch
from integrations.pms.reference import find_reference


def assert_every_charge_is_there_once(scratch: Scratch, *, count: int) -> None:
    """Compare the PMS's ledger with the postings, line by line and to the cent."""
    ledger = scratch.sandbox.ledger()
    there = Counter(
        (find_reference(entry.description), int(entry.amount * 100)) for entry in ledger
    )
    ours = scratch.query(
        "SELECT reference, amount_cents FROM billing_posting WHERE state <> 'cancelled'"
    )
    assert there == Counter(dict.fromkeys(ours, 1))
    assert scratch.states() == {"posted": count}
    assert len(ledger) == count


def assert_attempts_add_up(scratch: Scratch) -> None:
    """Check that no attempt is open and each posted charge has exactly one that succeeded."""
    attempts = Counter(
        scratch.query("SELECT posting_id, outcome FROM billing_postingattempt ORDER BY id")
    )
    posted = {posting for posting, outcome in attempts if outcome == "posted"}
    assert not [key for key in attempts if key[1] == ""]
    assert {attempts[posting, "posted"] for posting in posted} == {1}
    assert len(posted) == scratch.states()["posted"]

"""What residents may have been charged already is found; going on takes a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from billing.duplicates import Duplicates, FindingKind, charges_digest, earlier_charges
from billing.models import Calculation, Posting, PostingJob, PostingState, Utility
from billing.operations import duplicate_guard
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.duplicate_guard import find_duplicates
from billing.operations.posting_jobs import (
    ChargesChanged,
    Confirmation,
    DuplicatesFound,
    PostingOrder,
    create_posting_job,
)
from billing.tests.desk import Desk
from billing.tests.ledgers import UNREADABLE, ledger_of, row_like
from billing.tests.small_place import ORDER, gateway_to_nowhere, small_calculation
from integrations.pms import errors
from integrations.pms.reference import reference_for
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import AuditEvent

pytestmark = pytest.mark.django_db

STRANGE = reference_for("bill of another program", 0)


@pytest.fixture
def approved(settings, cast, now) -> Calculation:
    """Approve a calculation with three charges; nothing of it is posted."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return small_calculation(cast, now)


@pytest.fixture
def post(cast, now):
    """Give a function that confirms the posting of a calculation."""

    def confirm(calculation, *, order: PostingOrder = ORDER, gateway=None) -> PostingJob:
        return create_posting_job(
            calculation=calculation,
            order=order,
            gateway=gateway or gateway_to_nowhere(),
            by=cast.accountant,
            now=now,
        )

    return confirm


@pytest.fixture
def find(approved, now):
    """Give a function that looks for duplicates of the approved calculation in a ledger."""

    def look(*rows, error=None) -> Duplicates:
        return find_duplicates(
            calculation=approved,
            charge_code="UTIL",
            charge_date=date(2026, 4, 1),
            gateway=ledger_of(rows, error=error),
            now=now,
        )

    return look


def another_bill(approved, cast, now, *, days: Period, utility=Utility.WATER) -> Calculation:
    entry = BillEntry(
        utility=utility, period=days, amount=Cents(34_561), account_number="the second meter"
    )
    bill = enter_bill(place=approved.bill.property, entry=entry, by=cast.manager, now=now)
    bill.flags.all().delete()
    desk = Desk(bill, cast, now)
    calculation = desk.in_review()
    desk.approve(calculation)
    return calculation


OVERLAPPING = Period(date(2026, 3, 31), date(2026, 5, 1))


def test_nothing_is_found_where_nothing_was_charged(find):
    found = find()

    assert (found.findings, found.digest, found.problem) == ((), "", "")
    assert found.look.rows == 0


def test_the_same_bill_under_another_code_is_found_charge_by_charge(approved, post, cast):
    job = post(approved)

    with pytest.raises(DuplicatesFound, match="3 earlier charges found, 3 of the same") as refusal:
        post(approved, order=replace(ORDER, charge_code="WATER"))

    found = refusal.value.found.findings
    assert {finding.kind for finding in found} == {FindingKind.SAME_BILL}
    assert {finding.job for finding in found} == {job}
    assert f"in {job.public_id} by Accountant on 2026-04-02, as UTIL" in found[0].sentence
    assert PostingJob.objects.count() == 1


def test_another_bill_of_the_utility_with_a_day_in_common_is_found(approved, post, cast, now):
    job = post(approved)
    second = another_bill(approved, cast, now, days=OVERLAPPING)

    with pytest.raises(DuplicatesFound) as refusal:
        post(second)

    found = refusal.value.found.findings
    assert [finding.kind for finding in found] == [FindingKind.SAME_DAYS] * 3
    assert {finding.charge.calculation for finding in found} == {second}
    assert {finding.job for finding in found} == {job}


@pytest.mark.parametrize(
    ("days", "utility"),
    [
        (Period(date(2026, 4, 1), date(2026, 5, 1)), Utility.WATER),
        (OVERLAPPING, Utility.GAS),
    ],
)
def test_other_days_or_another_utility_need_no_word(approved, post, cast, now, days, utility):
    post(approved)
    if utility == Utility.GAS:
        use_gas_rule(approved, cast, now)

    assert post(another_bill(approved, cast, now, days=days, utility=utility)).postings.count() == 3


def use_gas_rule(approved, cast, now) -> None:
    rule = approved.share_rule
    rule.pk, rule.utility = None, Utility.GAS
    rule._state.adding = True
    rule.save()


def test_a_bill_that_charged_other_units_only_needs_no_word(approved, post, cast, now):
    approved.charges.exclude(unit_label="101").update(amount_cents=0)
    post(approved)
    second = another_bill(approved, cast, now, days=OVERLAPPING)
    second.charges.filter(unit_label="101").update(amount_cents=0)

    assert earlier_charges(second) == ()
    assert post(second).postings.count() == 2


@pytest.mark.parametrize("state", [PostingState.CANCELLED, PostingState.REJECTED])
def test_what_charged_nobody_is_not_found(approved, post, cast, now, state):
    post(approved).postings.update(state=state)

    assert earlier_charges(another_bill(approved, cast, now, days=OVERLAPPING)) == ()


def test_what_was_taken_back_is_not_found(approved, post, cast, now):
    job = post(approved)
    job.postings.update(state=PostingState.POSTED, remote_job_id="job_1", reversed_at=now)

    assert earlier_charges(another_bill(approved, cast, now, days=OVERLAPPING)) == ()


@pytest.fixture
def taken_back(approved, post, now) -> PostingJob:
    """Post every charge, and have all of them reversed."""
    job: PostingJob = post(approved)
    job.postings.update(state=PostingState.POSTED, remote_job_id="job_1", reversed_at=now)
    return job


def test_a_reversed_charge_that_would_go_out_again_takes_a_reason(approved, post, taken_back):
    with pytest.raises(DuplicatesFound, match="3 of them taken back on purpose") as refusal:
        post(approved)

    found = refusal.value.found
    assert {finding.kind for finding in found.findings} == {FindingKind.REVERSED}
    assert {finding.job for finding in found.findings} == {taken_back}
    assert "it was reversed on 2026-04-02 and would be charged again." in found.sentences[0]
    said = Confirmation(digest=found.digest, reason="The reversal was a mistake.")
    job = post(approved, order=replace(ORDER, confirmed=said))
    assert job.postings.count() == 3
    assert "would be charged again" in job.duplicates_found


def test_what_was_charged_again_since_is_found_once(approved, post, taken_back, cast):
    with pytest.raises(DuplicatesFound) as refusal:
        post(approved)
    said = Confirmation(digest=refusal.value.found.digest, reason="The reversal was a mistake.")
    post(approved, order=replace(ORDER, confirmed=said))

    kinds = [finding.kind for finding in earlier_charges(approved)]
    assert kinds == [FindingKind.SAME_BILL] * 3


def test_only_the_charges_that_were_shown_are_posted(approved, post, taken_back):
    rest = taken_back.postings.first()
    Posting.objects.filter(pk=rest.pk).update(state=PostingState.CANCELLED, reversed_at=None)
    shown = charges_digest(approved)
    assert post(approved, order=replace(ORDER, shown=shown)).postings.count() == 1

    with pytest.raises(ChargesChanged, match="has changed since you were asked"):
        post(approved, order=replace(ORDER, shown=shown))

    assert PostingJob.objects.count() == 2


def test_a_charge_by_hand_in_the_pms_is_found_and_probable_to_the_cent(approved, find):
    charge = approved.charges.get(unit_label="101")
    (finding,) = find(row_like(charge)).findings

    assert (finding.kind, finding.charge, finding.is_probable) == ("in_the_pms", charge, True)
    assert "in the PMS's ledger as chg_by_hand, dated 2026-04-03" in finding.sentence


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Decimal("1.00")},
        {"description": f"by another program [{STRANGE}]"},
        {"lease_id": None},
        {"lease_id": "lease_of_a_roommate"},
        {"unit_id": ""},
        {"charge_code": ""},
        {"charge_code": "util"},
        {"effective_date": date(2026, 2, 24)},
        {"effective_date": date(2026, 5, 16)},
    ],
)
def test_what_may_be_the_same_is_found(approved, find, change):
    row = row_like(approved.charges.get(unit_label="101"), **change)

    (finding,) = find(row).findings

    assert finding.row == row
    assert finding.is_probable == ("amount" not in change)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Decimal("-1.00")},
        {"charge_code": "RENT"},
        {"charge_code": "", "amount": Decimal("1.00")},
        {"unit_id": "unit_elsewhere", "lease_id": "lease_elsewhere"},
        {"effective_date": date(2026, 2, 23)},
        {"effective_date": date(2026, 5, 17)},
    ],
)
def test_what_is_something_else_is_passed_over(approved, find, change):
    assert find(row_like(approved.charges.get(unit_label="101"), **change)).digest == ""


def test_what_meterbase_made_itself_is_not_called_somebody_elses(approved, post, find):
    job = post(approved)
    mine = [
        row_like(posting.charge, charge_id=f"chg_{posting.pk}", description=posting.reference)
        for posting in job.postings.select_related("charge")
    ]

    assert {finding.kind for finding in find(*mine).findings} == {FindingKind.SAME_BILL}


def test_what_meterbase_knows_by_its_id_alone_is_its_own(approved, post, find):
    posting = post(approved).postings.select_related("charge").first()
    Posting.objects.filter(pk=posting.pk).update(remote_charge_id="chg_by_hand", state="posted")

    found = find(row_like(posting.charge)).findings

    assert FindingKind.IN_THE_PMS not in {finding.kind for finding in found}


def test_what_the_pms_has_and_meterbase_calls_refused_is_found(approved, post, find):
    job = post(approved)
    job.postings.update(state=PostingState.REJECTED)
    posting = job.postings.select_related("charge").first()

    (finding,) = find(row_like(posting.charge, description=posting.reference)).findings

    assert finding.kind == FindingKind.IN_THE_PMS


def test_what_cannot_be_read_or_placed_is_counted(approved, find):
    nowhere = row_like(approved.charges.first(), unit_id="", lease_id=None)

    look = find(UNREADABLE, nowhere).look

    assert (look.rows, look.unreadable, look.unplaced) == (2, 1, 1)


def test_what_cannot_be_read_or_placed_takes_a_reason(approved, post, find):
    nowhere = row_like(approved.charges.first(), unit_id="", lease_id=None)
    gateway = ledger_of([UNREADABLE, nowhere])

    with pytest.raises(DuplicatesFound, match="1 row of the PMS's ledger could not") as refusal:
        post(approved, gateway=gateway)

    found = refusal.value.found
    assert found.sentences == (
        "1 row of the PMS's ledger could not be read.",
        "In the PMS's ledger 1 charge names neither a lease nor a unit.",
    )
    assert found.digest not in {"", find(UNREADABLE).digest, find(nowhere).digest}
    said = Confirmation(digest=found.digest, reason="That row is the pool's.")
    assert (
        "could not be read"
        in post(approved, order=replace(ORDER, confirmed=said), gateway=gateway).duplicates_found
    )


def test_a_ledger_that_cannot_be_read_has_to_be_confirmed_as_well(approved, post):
    gateway = ledger_of((), error=errors.Unavailable("Propexo is not available right now (503)."))

    with pytest.raises(DuplicatesFound, match="was not looked through") as refusal:
        post(approved, gateway=gateway)

    said = Confirmation(digest=refusal.value.found.digest, reason="Looked there by hand.")
    job = post(approved, order=replace(ORDER, confirmed=said), gateway=gateway)
    assert "was not looked through" in job.duplicates_found


def test_a_ledger_too_long_to_wait_for_is_said_to_be_unread(approved, find, monkeypatch):
    monkeypatch.setattr(duplicate_guard, "LONGEST_LOOK_SECONDS", -1)

    found = find(row_like(approved.charges.first()))

    assert "too long to be read while you wait" in found.problem
    assert found.digest


def test_going_on_takes_a_reason_that_is_kept_with_the_job(approved, post, cast):
    gateway = ledger_of([row_like(approved.charges.get(unit_label="101"))])
    with pytest.raises(DuplicatesFound) as refusal:
        post(approved, gateway=gateway)
    digest = refusal.value.found.digest

    silent = Confirmation(digest=digest, reason=" ")
    with pytest.raises(DuplicatesFound):
        post(approved, order=replace(ORDER, confirmed=silent), gateway=gateway)
    said = Confirmation(digest=digest, reason="That one was the pool's water.")
    job = post(approved, order=replace(ORDER, confirmed=said), gateway=gateway)

    assert job.duplicates_reason == "That one was the pool's water."
    assert "chg_by_hand" in job.duplicates_found
    event = AuditEvent.objects.get(verb="job.created")
    assert (event.actor, event.note) == (cast.accountant, "That one was the pool's water.")
    assert "chg_by_hand" in event.after["despite"][0]


def test_a_confirmation_covers_only_what_was_shown(approved, post):
    first, second = approved.charges.order_by("pk")[:2]
    shown = [row_like(first)]
    with pytest.raises(DuplicatesFound) as refusal:
        post(approved, gateway=ledger_of(shown))
    said = Confirmation(digest=refusal.value.found.digest, reason="The pool's water.")

    order = replace(ORDER, confirmed=said)
    with pytest.raises(DuplicatesFound, match="has changed since it was confirmed"):
        post(approved, order=order, gateway=ledger_of([*shown, row_like(second, charge_id="b")]))

    assert not PostingJob.objects.exists()
    assert post(approved, order=order, gateway=ledger_of(shown)).postings.count() == 3


def test_a_confirmation_of_what_is_not_there_any_more_is_not_kept(approved, post):
    said = Confirmation(digest="of something else", reason="The pool's water.")

    job = post(approved, order=replace(ORDER, confirmed=said))

    assert (job.duplicates_found, job.duplicates_reason) == ("", "")


def test_a_dry_run_asks_nobody(approved, post):
    gateway = ledger_of([row_like(approved.charges.first())])

    job = post(approved, order=replace(ORDER, post_to_pms=False), gateway=gateway)

    assert job.duplicates_found == ""


@pytest.mark.django_db(transaction=True)
def test_the_ledger_is_read_before_any_transaction(approved, post, monkeypatch):
    seen = []
    gateway = gateway_to_nowhere()

    def list_charges(**filters):
        seen.append((connection.in_atomic_block, filters["since"]))
        return iter(())

    monkeypatch.setattr(gateway, "list_charges", list_charges)
    post(approved, gateway=gateway)

    assert seen == [(False, approved.bill.period_start - timedelta(days=5))]

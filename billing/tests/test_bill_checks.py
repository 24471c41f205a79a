"""What looks wrong with a bill beside its neighbours, up to the very boundary."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing.bill_checks import check_bill
from billing.models import BillFlag, BillFlagKind, Utility, UtilityBill
from billing.operations.bills import BillEntry, clear_flag, enter_bill
from billing.operations.calculations import Blocked
from billing.tests.audit_down import audit_down
from billing.tests.desk import Desk
from billing.tests.small_place import small_bill, small_place
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import AuditEvent

pytestmark = pytest.mark.django_db

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
ENTRY = BillEntry(utility=Utility.WATER, period=MARCH, amount=Cents(31_000), account_number="77-1")


@pytest.fixture
def enter(cast, now):
    """Give a function that enters a bill of the same property."""
    place = small_place(cast, now)

    def enter_it(**changes) -> UtilityBill:
        entry = replace(ENTRY, **changes)
        return enter_bill(place=place, entry=entry, by=cast.manager, now=now)

    return enter_it


def kinds(bill: UtilityBill) -> list[str]:
    return [flag.kind for flag in bill.flags.all()]


def message(bill: UtilityBill) -> str:
    return bill.flags.get().message


def before(days: int, length: int = 10) -> Period:
    """Name a period that ends so many days before March."""
    end = MARCH.start - timedelta(days=days)
    return Period(end - timedelta(days=length), end)


def enter_history(enter, cents_per_day: int, count: int = 3) -> None:
    """Enter bills without a gap that end where March begins."""
    for n in range(count):
        enter(period=before(n * 10), amount=Cents(cents_per_day * 10 + n - (count - 1) // 2))


def test_the_first_bill_has_nothing_to_be_compared_with(enter):
    assert kinds(enter()) == []


def test_the_same_amount_and_days_on_another_account_may_be_a_duplicate(enter):
    enter(account_number="")
    bill = enter()

    assert kinds(bill) == ["duplicate"]
    assert "with no account number" in message(bill)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": Cents(31_001)},
        {"period": Period(date(2026, 3, 1), date(2026, 4, 2))},
        {"utility": Utility.GAS},
    ],
)
def test_another_amount_period_or_utility_is_no_duplicate(enter, changes):
    enter(account_number="77-2")

    assert kinds(enter(**changes)) == []


def test_one_shared_day_is_an_overlap(enter):
    enter(period=before(-1))
    bill = enter()

    assert kinds(bill) == ["overlap"]
    assert "from 2026-02-20 to 2026-03-02" in message(bill)


def test_a_bill_that_begins_where_the_last_one_ended_neither_overlaps_nor_leaves_a_gap(enter):
    enter(period=before(0))

    assert kinds(enter()) == []


def test_days_of_another_account_are_its_own(enter):
    enter(period=before(-5), account_number="77-2")
    enter(period=before(9), account_number="77-3")

    assert kinds(enter()) == []


def test_a_bill_without_an_account_number_may_be_of_any_account(enter):
    enter(period=before(-5), account_number="")
    assert kinds(enter()) == ["overlap"]
    assert kinds(enter(period=Period(date(2026, 3, 20), date(2026, 4, 20)), account_number=""))[
        0
    ] == ("overlap")


def test_one_day_without_a_bill_is_a_gap(enter):
    enter(period=before(1))
    bill = enter()

    assert kinds(bill) == ["gap"]
    assert "for the 1 day from 2026-02-28 to 2026-03-01" in message(bill)


def test_a_gap_is_counted_from_the_latest_end(enter):
    enter(period=before(30))
    enter(period=before(3, length=40))

    assert "3 days" in enter().flags.get(kind="gap").message


def test_a_bill_entered_before_its_followers_has_no_gap_before_it(enter):
    enter(period=Period(date(2026, 5, 1), date(2026, 6, 1)))

    assert kinds(enter()) == []


@pytest.mark.parametrize(
    ("cents", "expected"),
    [
        # 20 % more or less than $10.00 a day over 31 days is still as usual; one cent more is not.
        (37_200, []),
        (37_201, ["spike"]),
        (24_800, []),
        (24_799, ["spike"]),
    ],
)
def test_a_cost_per_day_further_than_a_fifth_from_the_usual_is_flagged(enter, cents, expected):
    enter_history(enter, 1_000)

    assert kinds(enter(amount=Cents(cents))) == expected


def test_a_spike_says_by_how_much(enter):
    enter_history(enter, 1_000)

    text = message(enter(amount=Cents(46_500)))
    assert text == "$15.00 a day is +50 % against the usual $10.00 of the last 3 bills."


def test_two_bills_are_not_enough_to_know_what_is_usual(enter):
    enter_history(enter, 1_000, count=2)

    assert kinds(enter(amount=Cents(99_999_900))) == []


def test_only_the_last_twelve_bills_tell_what_is_usual(enter):
    for n in range(15):
        enter(period=before(n * 10), amount=Cents((10_000 if n < 12 else 900_000) + n))

    assert kinds(enter()) == []


def test_a_credit_after_charges_is_far_from_usual(enter):
    enter_history(enter, 1_000)

    assert kinds(enter(amount=Cents(-31_000))) == ["spike"]


def test_all_that_looks_wrong_is_flagged_at_once(enter):
    enter_history(enter, 1_000)
    enter(period=Period(date(2026, 3, 20), date(2026, 4, 20)), account_number="77-1")
    enter(amount=Cents(310_000), account_number="")
    bill = enter(amount=Cents(310_000))

    assert sorted(kinds(bill)) == ["duplicate", "overlap", "spike"]
    assert {finding.kind for finding in check_bill(bill)} == set(kinds(bill))


def test_a_flag_holds_the_calculation_back_until_it_is_cleared_with_a_note(cast, now):
    desk = Desk(small_bill(cast, now), cast, now)
    flag = BillFlag.objects.create(
        bill=desk.bill, kind=BillFlagKind.GAP, message="A gap.", found_at=now
    )
    calculation = desk.calculate()
    with pytest.raises(Blocked, match="A gap") as refusal:
        desk.submit(calculation)
    assert len(refusal.value.blockers) == 1

    clear_flag(flag=flag, note="The meter was changed.", by=cast.manager, now=now)
    desk.submit(calculation)

    flag.refresh_from_db()
    assert (flag.cleared_by, flag.cleared_at) == (cast.manager, now)
    event = AuditEvent.objects.get(verb="bill.flag_cleared")
    assert (event.actor, event.note, event.before["flag"]) == (
        cast.manager,
        "The meter was changed.",
        "gap",
    )


def test_a_cleared_flag_keeps_its_first_note(cast, now):
    bill = small_bill(cast, now)
    flag = BillFlag.objects.create(bill=bill, kind="gap", message="A gap.", found_at=now)
    clear_flag(flag=flag, note="First.", by=cast.manager, now=now)

    clear_flag(flag=flag, note="Second.", by=cast.accountant, now=now)

    flag.refresh_from_db()
    assert (flag.note, flag.cleared_by) == ("First.", cast.manager)
    assert AuditEvent.objects.filter(verb="bill.flag_cleared").count() == 1


def test_a_flag_is_not_cleared_without_the_audit_trail(cast, now):
    bill = small_bill(cast, now)
    flag = BillFlag.objects.create(bill=bill, kind="gap", message="A gap.", found_at=now)

    with audit_down():
        clear_flag(flag=flag, note="Seen.", by=cast.manager, now=now)

    flag.refresh_from_db()
    assert flag.cleared_at is None

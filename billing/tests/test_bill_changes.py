"""Correcting and voiding a bill: what it does to its calculations, flags and lists."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from billing.models import BillFlag, CalculationState, LineKind, Utility, UtilityBill
from billing.operations.approvals import approve_calculation
from billing.operations.bill_changes import (
    BillChanged,
    BillVoided,
    bill_stamp,
    change_bill,
    void_bill,
)
from billing.operations.bills import (
    BillAlreadyEntered,
    BillEntry,
    BillLocked,
    LineEntry,
    LinesDoNotAddUp,
    enter_bill,
)
from billing.operations.calculations import (
    OutOfDate,
    WrongState,
    calculate_bill,
    submit_calculation,
)
from billing.queries import changes_since
from billing.tests.small_place import small_bill
from billing.worklists import open_bills
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import AuditEvent

MARCH = BillEntry(
    utility=Utility.WATER, period=Period(date(2026, 3, 1), date(2026, 4, 1)), amount=Cents(34_561)
)


@pytest.fixture
def bill(cast, now) -> UtilityBill:
    return small_bill(cast, now)


def change(bill: UtilityBill, cast, now, **changes) -> UtilityBill:
    return change_bill(
        bill=bill,
        entry=replace(MARCH, **changes),
        reason="Misread.",
        seen=bill_stamp(bill),
        by=cast.manager,
        now=now,
    )


def void(bill: UtilityBill, cast, now) -> None:
    void_bill(bill=bill, reason="Entered twice.", by=cast.manager, now=now)


def test_a_change_is_stored_with_what_was_there_before(bill, cast, now):
    lines = (
        LineEntry(kind=LineKind.USAGE, amount=Cents(30_000)),
        LineEntry(kind=LineKind.TAX, amount=Cents(4_000), name="City tax"),
    )
    change(bill, cast, now, amount=Cents(34_000), lines=lines, account_number="W-1")

    bill.refresh_from_db()
    assert (bill.amount_cents, bill.account_number) == (34_000, "W-1")
    assert [line.amount_cents for line in bill.lines.all()] == [30_000, 4_000]
    event = AuditEvent.objects.get(verb="bill.changed")
    assert event.before == {"amount_cents": 34_561, "account_number": "", "lines": []}
    assert event.after["amount_cents"] == 34_000
    assert event.after["lines"][1] == ["tax", "City tax", 4_000, ""]
    assert (event.actor, event.note) == (cast.manager, "Misread.")


def test_the_same_figures_change_nothing(bill, cast, now):
    change(bill, cast, now)
    assert not AuditEvent.objects.filter(verb="bill.changed").exists()


def test_a_changed_amount_puts_its_calculation_out_of_date(bill, cast, now):
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)

    change(bill, cast, now, amount=Cents(40_000))

    assert changes_since(calculation)
    with pytest.raises(OutOfDate):
        approve_calculation(calculation=calculation, by=cast.accountant, now=now)
    bill.refresh_from_db()
    assert calculate_bill(bill=bill, by=cast.manager, now=now).bill_cents == 40_000


def test_an_approved_bill_can_be_neither_changed_nor_voided(bill, cast, now):
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    approve_calculation(calculation=calculation, by=cast.accountant, now=now)

    with pytest.raises(BillLocked):
        change(bill, cast, now, amount=Cents(40_000))
    with pytest.raises(BillLocked):
        void(bill, cast, now)
    bill.refresh_from_db()
    assert (bill.amount_cents, bill.voided_at) == (34_561, None)


def test_a_bill_that_somebody_else_changed_meanwhile_stays_as_they_left_it(bill, cast, now):
    seen = bill_stamp(bill)
    change(bill, cast, now, amount=Cents(40_000))

    late = replace(MARCH, amount=Cents(1))
    with pytest.raises(BillChanged):
        change_bill(bill=bill, entry=late, reason="Late.", seen=seen, by=cast.manager, now=now)

    bill.refresh_from_db()
    assert bill.amount_cents == 40_000


def test_lines_have_to_add_up(bill, cast, now):
    lines = (LineEntry(kind=LineKind.USAGE, amount=Cents(1)),)
    with pytest.raises(LinesDoNotAddUp):
        change(bill, cast, now, lines=lines)
    assert not bill.lines.exists()


def test_it_cannot_become_another_bill_that_is_there(bill, cast, now):
    other = replace(MARCH, account_number="W-2", amount=Cents(5))
    existing = enter_bill(place=bill.property, entry=other, by=cast.manager, now=now)

    with pytest.raises(BillAlreadyEntered) as refusal:
        change(bill, cast, now, account_number="W-2")

    assert refusal.value.existing == existing
    bill.refresh_from_db()
    assert bill.account_number == ""


def test_flags_are_looked_for_anew(bill, cast, now):
    twin = replace(MARCH, account_number="W-2")
    double = enter_bill(place=bill.property, entry=twin, by=cast.manager, now=now)
    flag = BillFlag.objects.get(bill=double, kind="duplicate")
    BillFlag.objects.filter(pk=flag.pk).update(
        cleared_by=cast.manager, cleared_at=now, note="Two meters."
    )

    change(double, cast, now, account_number="W-3", amount=Cents(34_561))
    assert BillFlag.objects.get(bill=double, kind="duplicate").cleared_at is None

    double.refresh_from_db()
    change(double, cast, now, account_number="W-3", amount=Cents(99))
    assert not BillFlag.objects.filter(bill=double, kind="duplicate").exists()


def test_a_voided_bill_is_in_no_list_and_its_calculation_is_over(bill, cast, now):
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)

    void(bill, cast, now)

    assert not UtilityBill.objects.exists()
    assert not bill.property.bills.exists()
    assert not open_bills(UtilityBill.objects.all()).exists()
    calculation.refresh_from_db()
    assert calculation.state == CalculationState.SUPERSEDED
    assert calculation.bill == bill
    event = AuditEvent.objects.get(verb="bill.voided")
    assert event.before["amount_cents"] == 34_561
    assert event.note == "Entered twice."


def test_what_is_voided_is_neither_calculated_nor_changed_nor_voided_again(bill, cast, now):
    stale = calculate_bill(bill=bill, by=cast.manager, now=now)
    void(bill, cast, now)

    with pytest.raises(WrongState, match="voided"):
        calculate_bill(bill=bill, by=cast.manager, now=now)
    with pytest.raises(WrongState, match="voided"):
        submit_calculation(calculation=stale, by=cast.manager, now=now)
    with pytest.raises(BillVoided):
        change(bill, cast, now, amount=Cents(1))
    with pytest.raises(BillVoided):
        void(bill, cast, now)


def test_the_same_bill_can_be_entered_after_it_was_voided(bill, cast, now):
    void(bill, cast, now)

    again = enter_bill(place=bill.property, entry=MARCH, by=cast.manager, now=now)

    assert not again.flags.exists()
    void(again, cast, now + timedelta(days=1))
    assert UtilityBill.everything.count() == 2


@pytest.mark.parametrize("gap", ["voided_by", "voided_because"])
def test_the_database_wants_to_know_who_voided_and_why(bill, cast, now, gap):
    whole = {"voided_by": cast.manager, "voided_at": now, "voided_because": "So."}
    lacking = whole | {gap: None if gap == "voided_by" else ""}
    with pytest.raises(IntegrityError), transaction.atomic():
        UtilityBill.objects.filter(pk=bill.pk).update(**lacking)

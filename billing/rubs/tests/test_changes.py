from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

from hypothesis import assume, given

from billing.rubs import (
    BillInput,
    BillPeriod,
    CannotAllocate,
    Limits,
    Stay,
    UnitInput,
    allocate,
)
from billing.rubs.changes import Change, Reason, Run, explain_changes
from billing.rubs.tests.bills import bills, some
from billing.rubs.tests.making import (
    OCCUPANTS,
    SQUARE_FEET,
    april,
    lived_in,
    vacant,
    with_stays,
)

MAY = BillPeriod(date(2025, 5, 1), date(2025, 6, 1))


def run(bill: BillInput, usage: int | None = None) -> Run:
    lines = allocate(bill).lines
    shares = {(line.unit_key, line.lease_key): line.cents for line in lines}
    return Run(bill, shares, None if usage is None else Fraction(usage))


def changes(before: Run, now: Run) -> dict[str, Change]:
    return {key[0]: change for key, change in explain_changes(before, now).items()}


def in_may(bill: BillInput) -> BillInput:
    return replace(bill, period=MAY)


TWO = (lived_in("A", sqft=600), lived_in("B", sqft=400))


def test_the_same_bill_again_changes_nothing() -> None:
    found = changes(run(april(1000_00, SQUARE_FEET, *TWO)), run(april(1000_00, SQUARE_FEET, *TWO)))

    assert found["A"] == Change(600_00, 600_00)
    assert found["A"].reasons == ()


def test_use_and_rate_are_told_apart_where_both_bills_say_their_use() -> None:
    before = run(april(1000_00, SQUARE_FEET, *TWO), usage=100)
    now = run(in_may(april(1320_00, SQUARE_FEET, *TWO)), usage=110)

    parts = changes(before, now)["A"].parts

    assert [(part.reasons, part.cents) for part in parts] == [
        ((Reason.USE,), 60_00),
        ((Reason.RATE,), 132_00),
    ]


def test_without_a_use_it_is_the_bill() -> None:
    before, now = april(1000_00, SQUARE_FEET, *TWO), april(1100_00, SQUARE_FEET, *TWO)

    assert changes(run(before), run(now))["B"].reasons == (Reason.BILL,)


def test_one_more_person_is_people_there_and_elsewhere_for_the_neighbours() -> None:
    before = april(900_00, OCCUPANTS, lived_in("A", occupants=1), lived_in("B", occupants=2))
    now = april(900_00, OCCUPANTS, lived_in("A", occupants=2), lived_in("B", occupants=2))

    found = changes(run(before), run(now))

    assert (found["A"].reasons, found["A"].difference_cents) == ((Reason.PEOPLE,), 150_00)
    assert (found["B"].reasons, found["B"].difference_cents) == ((Reason.ELSEWHERE,), -150_00)


def test_a_neighbour_who_left_is_a_reason_of_elsewhere() -> None:
    before = april(900_00, OCCUPANTS, lived_in("A", occupants=1), lived_in("B", occupants=2))
    now = april(900_00, OCCUPANTS, lived_in("A", occupants=1), vacant("B"))

    assert changes(run(before), run(now))["A"].reasons == (Reason.ELSEWHERE,)


def test_moving_out_in_the_middle_is_a_reason_of_days() -> None:
    now = april(1000_00, SQUARE_FEET, lived_in("A", sqft=600, days=15), TWO[1])

    assert changes(run(april(1000_00, SQUARE_FEET, *TWO)), run(now))["A"].reasons == (Reason.DAYS,)


def test_a_whole_month_is_a_whole_month_whatever_its_length() -> None:
    before, now = april(1000_00, SQUARE_FEET, *TWO), in_may(april(1000_00, SQUARE_FEET, *TWO))

    assert changes(run(before), run(now))["A"].parts == ()


def test_another_rule_is_the_method_whatever_the_bill_does() -> None:
    people = [with_stays(unit, Stay(lease_key=f"L{unit.key}", occupants=1)) for unit in TWO]
    before, now = april(1000_00, SQUARE_FEET, *people), april(1200_00, OCCUPANTS, *people)

    parts = changes(run(before), run(now))["A"].parts

    assert [(part.reasons, part.cents) for part in parts] == [
        ((Reason.METHOD,), -100_00),
        ((Reason.BILL,), 100_00),
    ]


def test_a_rule_that_the_old_units_cannot_be_shared_by_joins_the_next_reason() -> None:
    nobody_counted = april(1000_00, SQUARE_FEET, *TWO)
    counted = [with_stays(unit, Stay(lease_key=f"L{unit.key}", occupants=1)) for unit in TWO]
    now = april(1000_00, OCCUPANTS, *counted)

    change = changes(run(nobody_counted), run(now))["A"]

    assert set(change.reasons) == {Reason.METHOD, Reason.PEOPLE}
    assert sum(part.cents for part in change.parts) == -100_00


def test_a_new_lease_is_compared_with_nobody() -> None:
    now = april(1000_00, SQUARE_FEET, replace(TWO[0], stays=(Stay(lease_key="new"),)), TWO[1])

    change = changes(run(april(1000_00, SQUARE_FEET, *TWO)), run(now))["A"]

    assert (change.before_cents, change.difference_cents) == (None, None)
    assert change.reasons == (Reason.NEW_LEASE,)


def test_larger_rooms_and_another_cap_are_named() -> None:
    larger: UnitInput = replace(TWO[0], sqft=1600, limits=Limits(cap_cents=100_00))
    now = april(1000_00, SQUARE_FEET, larger, TWO[1])

    assert set(changes(run(april(1000_00, SQUARE_FEET, *TWO)), run(now))["A"].reasons) == {
        Reason.UNIT,
        Reason.CAP,
    }


@some
@given(bills(), bills())
def test_the_reasons_add_up_to_the_difference_for_any_two_bills(
    one: BillInput, other: BillInput
) -> None:
    try:
        before, now = run(one), run(other)
    except CannotAllocate:
        assume(condition=False)
    for key, change in explain_changes(before, now).items():
        assert change.now_cents == now.shares[key]
        if change.before_cents is None:
            assert change.reasons == (Reason.NEW_LEASE,)
            continue
        assert change.before_cents == before.shares[key]
        assert sum(part.cents for part in change.parts) == change.difference_cents
        # The very same arithmetic made both bills, so nothing is left without a reason.
        assert Reason.NONE not in change.reasons

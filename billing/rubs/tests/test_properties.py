"""What holds for every bill, tried on bills that nobody thought of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.rubs import (
    Allocation,
    BillInput,
    BillPeriod,
    Bucket,
    OwnerLine,
    RuleInput,
    Stay,
    UnitInput,
    Vacancy,
    allocate,
    bill_input_from_json,
    bill_input_to_json,
    digest,
    explain,
)
from billing.rubs.rounding import largest_remainder
from billing.rubs.tests.making import START
from billing.rubs.tests.recompute import final_cents

often = settings(max_examples=200, deadline=None)

amounts = st.integers(-10_000_00, 1_000_000_00)
quarters = st.integers(0, 24).map(lambda n: Fraction(n, 4))


@st.composite
def units(draw: st.DrawFn, key: str, period_days: int) -> UnitInput:
    """Make a unit with up to three stays, one after the other, with gaps."""
    days = st.integers(-5, period_days + 5)
    marks = sorted(draw(st.lists(days, unique=True, max_size=6)))
    stays = tuple(
        Stay(
            lease_key=f"lease {n}",
            start=START + timedelta(days=first),
            end=START + timedelta(days=end),
            occupants=draw(st.integers(1, 8)),
        )
        for n, (first, end) in enumerate(zip(marks[::2], marks[1::2], strict=False))
    )
    return UnitInput(
        key=key,
        label=key,
        sqft=draw(st.integers(1, 40_000).map(lambda n: Fraction(n, 10))),
        bedrooms=draw(quarters),
        bathrooms=draw(quarters),
        stays=stays,
        billable=draw(st.integers(0, 9)) > 0,
        excluded_because=draw(st.sampled_from([None, None, None, "in the rent"])),
    )


rules = st.builds(
    RuleInput,
    method=st.sampled_from(["square_feet", "occupants", "bed_bath"]),
    vacancy=st.sampled_from(Vacancy),
    common_area_percent=st.integers(0, 5000).map(lambda n: Fraction(n, 100)),
    vacant_unit_occupants=st.integers(1, 12).map(lambda n: Fraction(n, 4)),
    strict_floor=st.booleans(),
)


@st.composite
def bills(draw: st.DrawFn) -> BillInput:
    """Make a bill that can be allocated: an anchor unit is lived in all the time."""
    period_days = draw(st.integers(1, 92))
    keys = draw(st.lists(st.text("abc123", min_size=1, max_size=3), unique=True, max_size=8))
    anchor = UnitInput(
        key="anchor",
        label="anchor",
        sqft=draw(st.integers(1, 4000)),
        bedrooms=1,
        bathrooms=1,
        stays=(Stay(lease_key="anchor", occupants=draw(st.integers(1, 5))),),
    )
    return BillInput(
        amount_cents=draw(amounts),
        period=BillPeriod(START, START + timedelta(days=period_days)),
        rule=draw(rules),
        units=(anchor, *(draw(units(key, period_days)) for key in keys)),
    )


def named_lines(allocation: Allocation) -> list[OwnerLine]:
    """List the owner's lines that stand for a share, so without the cents left over."""
    return [line for line in allocation.owner if line.bucket is not Bucket.ROUNDING]


@often
@given(bills())
def test_tenants_and_owner_make_the_bill_to_the_cent(bill: BillInput) -> None:
    allocation = allocate(bill)
    cents = [line.cents for line in (*allocation.lines, *allocation.owner)]
    assert sum(cents) == bill.amount_cents
    exact = [line.exact_cents for line in (*allocation.lines, *allocation.owner)]
    assert sum(exact) == bill.amount_cents


@often
@given(bills())
def test_every_share_is_within_a_cent_of_exact(bill: BillInput) -> None:
    allocation = allocate(bill)
    for line in (*allocation.lines, *named_lines(allocation)):
        assert abs(line.rounding_cents) < 1
        assert line.cents * bill.amount_cents >= 0


@often
@given(bills())
def test_the_tenants_never_pay_more_than_the_bill(bill: BillInput) -> None:
    assert abs(allocate(bill).tenants_cents) <= abs(bill.amount_cents)


@often
@given(bills(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(bill: BillInput, random: Random) -> None:
    shuffled = list(bill.units)
    random.shuffle(shuffled)
    assert allocate(replace(bill, units=tuple(shuffled))) == allocate(bill)


@often
@given(bills())
def test_a_credit_mirrors_the_charge(bill: BillInput) -> None:
    charge, credit = allocate(bill), allocate(replace(bill, amount_cents=-bill.amount_cents))
    assert [line.cents for line in credit.lines] == [-line.cents for line in charge.lines]
    assert [line.cents for line in credit.owner] == [-line.cents for line in charge.owner]


@often
@given(bills())
def test_a_strict_floor_never_charges_more_than_the_exact_share(bill: BillInput) -> None:
    strict = allocate(replace(bill, rule=replace(bill.rule, strict_floor=True)))
    for line in strict.lines:
        assert abs(line.cents) <= abs(line.exact_cents)
    left_over = abs(strict.owner_cents_in(Bucket.ROUNDING))
    assert left_over <= len(strict.lines) + len(named_lines(strict))


@often
@given(bills())
def test_a_weight_of_nothing_pays_nothing(bill: BillInput) -> None:
    by_rooms = replace(bill.rule, method="bed_bath", studio_bedrooms=0)
    empty = UnitInput(
        key="zero", label="zero", bedrooms=0, bathrooms=0, stays=(Stay(lease_key="zero"),)
    )
    allocation = allocate(replace(bill, rule=by_rooms, units=(*bill.units, empty)))
    assert [line.cents for line in allocation.lines if line.unit_key == "zero"] == [0]


@often
@given(bills())
def test_neighbours_pay_no_more_when_the_owner_pays_for_one_more_vacant_unit(
    bill: BillInput,
) -> None:
    rule = replace(bill.rule, vacancy=Vacancy.OWNER_PAYS)
    extra = UnitInput(key="zz", label="zz", sqft=500, bedrooms=1, bathrooms=1)
    before = allocate(replace(bill, rule=rule))
    after = allocate(replace(bill, rule=rule, units=(*bill.units, extra)))
    for earlier, later in zip(before.lines, after.lines, strict=True):
        assert abs(later.exact_cents) <= abs(earlier.exact_cents)


@often
@given(bills())
def test_neighbours_do_not_notice_a_vacant_unit_that_takes_no_part(bill: BillInput) -> None:
    rule = replace(bill.rule, vacancy=Vacancy.OCCUPIED_ONLY)
    extra = UnitInput(key="zz", label="zz")
    before = allocate(replace(bill, rule=rule))
    after = allocate(replace(bill, rule=rule, units=(*bill.units, extra)))
    assert before == after


@often
@given(bills())
def test_the_printed_steps_compute_to_the_printed_amount(bill: BillInput) -> None:
    for line in allocate(bill).lines:
        assert final_cents(explain(line)) == line.cents


@often
@given(bills())
def test_a_bill_survives_json_and_calculates_the_same(bill: BillInput) -> None:
    again = bill_input_from_json(bill_input_to_json(bill))
    assert digest(again) == digest(bill)
    assert allocate(again) == allocate(bill)


@often
@given(amounts, st.lists(st.integers(0, 10**12), min_size=1).filter(any))
def test_rounding_keeps_every_cent_and_stays_within_one(amount: int, weights: list[int]) -> None:
    shares = largest_remainder(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(amount * weight, sum(weights))) < 1

"""What holds for every bill, tried on bills that nobody thought of."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from billing.rubs import (
    Allocation,
    BillInput,
    BillLine,
    Bucket,
    Limits,
    OwnerLine,
    Proration,
    RuleInput,
    Stay,
    TenantLine,
    UnitInput,
    Vacancy,
    allocate,
    bill_input_from_json,
    bill_input_to_json,
    digest,
    explain,
)
from billing.rubs.rounding import largest_remainder
from billing.rubs.tests.bills import amounts, bills, many, some
from billing.rubs.tests.recompute import final_cents


def named_lines(allocation: Allocation) -> list[OwnerLine]:
    """List the owner's lines that stand for a share, so without the cents left over."""
    return [line for line in allocation.owner if line.bucket is not Bucket.ROUNDING]


def all_lines(allocation: Allocation) -> list[TenantLine | OwnerLine]:
    return [*allocation.lines, *allocation.owner]


def without_limits(bill: BillInput) -> BillInput:
    return replace(
        bill,
        rule=replace(bill.rule, limits=Limits()),
        units=tuple(replace(unit, limits=None) for unit in bill.units),
    )


def mirrored(bill: BillInput) -> BillInput:
    lines = tuple(replace(line, amount_cents=-line.amount_cents) for line in bill.lines)
    return replace(bill, amount_cents=-bill.amount_cents, lines=lines)


@many
@given(bills())
def test_tenants_and_owner_make_the_bill_and_nobody_is_a_cent_off(bill: BillInput) -> None:
    allocation = allocate(bill)
    assert sum(line.cents for line in all_lines(allocation)) == bill.amount_cents
    assert sum(line.exact_cents for line in all_lines(allocation)) == bill.amount_cents
    for line in (*allocation.lines, *named_lines(allocation)):
        assert abs(line.rounding_cents) < 1
    amounts_of = allocation.basis.amounts
    exact = sum(amounts_of.sign * line.exact_cents for line in allocation.lines)
    assert exact <= amounts_of.sign * amounts_of.ceiling_cents


@some
@given(bills(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(bill: BillInput, random: Random) -> None:
    shuffled = list(bill.units)
    random.shuffle(shuffled)
    assert allocate(replace(bill, units=tuple(shuffled))) == allocate(bill)


@some
@given(bills())
def test_a_credit_mirrors_the_charge(bill: BillInput) -> None:
    charge, credit = allocate(bill), allocate(mirrored(bill))
    assert [line.cents for line in credit.lines] == [-line.cents for line in charge.lines]
    assert [line.cents for line in credit.owner] == [-line.cents for line in charge.owner]
    assert [fee.cents for fee in credit.fees] == [-fee.cents for fee in charge.fees]


@some
@given(bills(), st.integers(2, 9))
def test_a_bill_of_so_many_times_the_amount_gives_so_many_times_the_share(
    bill: BillInput, times: int
) -> None:
    rule = replace(bill.rule, common_area_cents=0)
    bill = replace(without_limits(bill), rule=replace(rule, limits=Limits()))
    larger = replace(
        bill,
        amount_cents=bill.amount_cents * times,
        lines=tuple(replace(line, amount_cents=line.amount_cents * times) for line in bill.lines),
    )
    for small, large in zip(all_exact(allocate(bill)), all_exact(allocate(larger)), strict=True):
        assert large == small * times


def all_exact(allocation: Allocation) -> list[Fraction]:
    return [line.exact_cents for line in (*allocation.lines, *named_lines(allocation))]


@some
@given(bills(), st.integers(2, 9))
def test_weights_of_another_scale_change_nothing(bill: BillInput, times: int) -> None:
    rule = replace(bill.rule, method="custom_weight", mix=(), denominator_at_least=None)
    bill = replace(bill, rule=rule)
    units = tuple(replace(unit, weight=(unit.weight or 0) * times) for unit in bill.units)
    one, other = allocate(bill), allocate(replace(bill, units=units))
    assert [line.cents for line in all_lines(one)] == [line.cents for line in all_lines(other)]


@some
@given(bills())
def test_a_strict_floor_never_charges_more_than_the_exact_share(bill: BillInput) -> None:
    strict = allocate(replace(bill, rule=replace(bill.rule, strict_floor=True)))
    sign = strict.basis.amounts.sign
    for line in strict.lines:
        assert sign * line.cents <= sign * line.exact_cents
    left_over = sign * strict.owner_cents_in(Bucket.ROUNDING)
    assert 0 <= left_over < max(len(strict.lines) + len(named_lines(strict)), 1)


@some
@given(bills(), st.sampled_from(["custom_weight", "bed_bath", "percentage", "submeter"]))
def test_a_weight_of_nothing_pays_nothing(bill: BillInput, method: str) -> None:
    shared = (
        BillLine(kind=bill.lines[0].kind, amount_cents=bill.amount_cents) if bill.lines else None
    )
    rule = replace(bill.rule, method=method, mix=(), studio_bedrooms=0)
    empty = UnitInput(
        key="zero",
        label="zero",
        bedrooms=0,
        bathrooms=0,
        weight=0,
        percent=0,
        usage=0,
        stays=(Stay(lease_key="zero"),),
        limits=Limits(cap_cents=1),
    )
    bill = replace(bill, rule=rule, units=(*bill.units, empty), lines=(shared,) if shared else ())
    allocation = allocate(bill)
    assert [line.cents for line in allocation.lines if line.unit_key == "zero"] == [0]


@some
@given(bills())
def test_a_vacant_unit_that_the_owner_pays_for_never_makes_a_tenant_pay_more(
    bill: BillInput,
) -> None:
    bill = without_limits(bill)
    rule = replace(bill.rule, vacancy=Vacancy.OWNER_PAYS, vacancy_owner_percent=None)
    before = allocate(replace(bill, rule=rule))
    after = allocate(replace(bill, rule=rule, units=(*bill.units, more("zz", sqft=500))))
    for earlier, later in zip(before.lines, after.lines, strict=True):
        if not bill.lines:
            assert abs(later.exact_cents) <= abs(earlier.exact_cents)


@some
@given(bills())
def test_a_vacant_unit_beside_the_denominator_changes_no_amount_by_more_than_a_cent(
    bill: BillInput,
) -> None:
    rule = owner_pays_of_the_whole(bill.rule)
    bill = replace(without_limits(bill), rule=rule, lines=())
    before = allocate(bill)
    after = allocate(replace(bill, units=(*bill.units, more("zz", sqft=500))))
    for earlier, later in zip(before.lines, after.lines, strict=True):
        assert earlier.exact_cents == later.exact_cents
        assert abs(earlier.cents - later.cents) <= 1


def owner_pays_of_the_whole(rule: RuleInput) -> RuleInput:
    """Divide by the whole building, of which a unit more is then already a part."""
    return replace(
        rule,
        method="square_feet",
        mix=(),
        vacancy=Vacancy.OWNER_PAYS,
        vacancy_owner_percent=None,
        denominator_at_least=100_000,
        limits=Limits(),
    )


def more(key: str, *, sqft: int) -> UnitInput:
    return UnitInput(
        key=key, label=key, sqft=sqft, bedrooms=1, bathrooms=1, weight=1, percent=1, usage=1
    )


@some
@given(bills())
def test_neighbours_do_not_notice_a_vacant_unit_that_takes_no_part(bill: BillInput) -> None:
    rule = replace(bill.rule, vacancy=Vacancy.OCCUPIED_ONLY, vacancy_owner_percent=None)
    bill = replace(bill, rule=rule, lines=())
    after = allocate(replace(bill, units=(*bill.units, UnitInput(key="zz", label="zz"))))
    assert allocate(bill) == after


@some
@given(bills())
def test_the_printed_steps_compute_to_the_printed_amount(bill: BillInput) -> None:
    for line in all_lines(allocate(bill)):
        if line.row is not None or (isinstance(line, OwnerLine) and line.part is not None):
            assert final_cents(explain(line)) == line.cents


@some
@given(bills())
def test_a_bill_survives_json_and_calculates_the_same(bill: BillInput) -> None:
    again = bill_input_from_json(bill_input_to_json(bill))
    assert digest(again) == digest(bill)
    assert allocate(again) == allocate(bill)


@some
@given(bills())
def test_cutting_the_bill_into_days_changes_nothing_where_everybody_counts(bill: BillInput) -> None:
    rule = owner_pays_of_the_whole(bill.rule)
    by_weight = allocate(replace(bill, rule=replace(rule, proration=Proration.DAYS)))
    by_day = allocate(replace(bill, rule=replace(rule, proration=Proration.BY_DAY)))
    assert [line.cents for line in by_day.lines] == [line.cents for line in by_weight.lines]


@some
@given(amounts, st.lists(st.integers(0, 10**12), min_size=1).filter(any))
def test_rounding_keeps_every_cent_and_stays_within_one(amount: int, weights: list[int]) -> None:
    shares = largest_remainder(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(amount * weight, sum(weights))) < 1

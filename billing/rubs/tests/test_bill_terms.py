"""What one bill alone says of units, laid over the rule."""

from __future__ import annotations

from datetime import date

from billing.rubs import BillInput, BillPeriod, RuleInput, Stay, UnitInput, Vacancy, allocate
from billing.rubs.bill_terms import BillTerm, TermKind, with_bill_terms
from billing.rubs.rule_input import Limits

MARCH = BillPeriod(date(2026, 3, 1), date(2026, 4, 1))


def bill(limits: Limits | None = None, rule_limits: Limits | None = None) -> BillInput:
    rule = RuleInput(method="equal", vacancy=Vacancy.OWNER_PAYS, limits=rule_limits or Limits())
    units = tuple(
        UnitInput(key=key, label=key, stays=(Stay(lease_key=f"lease {key}"),), limits=limits)
        for key in "abc"
    )
    return BillInput(amount_cents=300_00, period=MARCH, rule=rule, units=units)


def cents(given: BillInput) -> dict[str, int]:
    return {line.unit_key: line.cents for line in allocate(given).lines}


def term(kind: TermKind, amount: int | None = None) -> BillTerm:
    return BillTerm(kind, "A leak.", amount)


def test_without_terms_the_bill_is_the_same():
    given = bill()
    assert with_bill_terms(given, {}) is given


def test_what_is_left_out_or_cut_off_is_the_owners_and_never_the_neighbours():
    terms = {"a": term(TermKind.EXCLUDED), "b": term(TermKind.CAP, 40_00)}

    assert cents(with_bill_terms(bill(), terms)) == {"b": 40_00, "c": 100_00}


def test_a_flat_amount_takes_the_place_of_every_other_limit():
    changed = with_bill_terms(bill(Limits(cap_cents=50_00)), {"a": term(TermKind.FLAT, 70_00)})

    assert cents(changed) == {"a": 70_00, "b": 50_00, "c": 50_00}


def test_a_cap_keeps_the_units_minimum_but_never_one_above_itself():
    capped = with_bill_terms(bill(Limits(minimum_cents=60_00)), {"a": term(TermKind.CAP, 50_00)})

    assert capped.units[0].limits == Limits(minimum_cents=50_00, cap_cents=50_00)
    assert capped.units[1].limits == Limits(minimum_cents=60_00)


def test_a_cap_stands_beside_the_minimum_of_the_rule():
    given = bill(rule_limits=Limits(minimum_cents=10_00, cap_cents=90_00))

    capped = with_bill_terms(given, {"a": term(TermKind.CAP, 50_00)})

    assert capped.units[0].limits == Limits(minimum_cents=10_00, cap_cents=50_00)

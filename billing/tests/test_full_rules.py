"""Bills with lines, fees, limits and readings, from the tables to charges that can be posted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing.models import (
    Calculation,
    Charge,
    ChargeKind,
    LineKind,
    Method,
    Posting,
    Spread,
    Utility,
    UtilityBill,
    VacancyPolicy,
)
from billing.operations.bills import BillEntry, LineEntry, LinesDoNotAddUp, enter_bill
from billing.operations.calculations import CannotCalculate, calculate_bill
from billing.operations.posting_jobs import AlreadyPosted
from billing.queries import changes_since, difference_since
from billing.rubs import AdminFee, Limits, RuleInput, Vacancy
from billing.tests.desk import Desk
from billing.tests.every_method import bring_terms, put_in_force, rule_by
from billing.tests.small_place import small_bill, small_place
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import LeaseStatus

pytestmark = pytest.mark.django_db

EQUAL = RuleInput(method="equal", vacancy=Vacancy.OWNER_PAYS)
# Each amount tells its line: a sum of some of them is the sum of no others.
LINES = (
    LineEntry(kind=LineKind.USAGE, amount=Cents(30_000)),
    LineEntry(kind=LineKind.BASE_CHARGE, amount=Cents(3_000)),
    LineEntry(kind=LineKind.SERVICE_CHARGE, amount=Cents(1_500)),
    LineEntry(kind=LineKind.TAX, amount=Cents(2_400), name="City tax"),
    LineEntry(kind=LineKind.SURCHARGE, amount=Cents(330)),
    LineEntry(kind=LineKind.CREDIT, amount=Cents(-660)),
    LineEntry(kind=LineKind.IRRIGATION, amount=Cents(10_001)),
    LineEntry(kind=LineKind.LATE_FEE, amount=Cents(2_003)),
    LineEntry(kind=LineKind.RECONNECTION, amount=Cents(4_007)),
    LineEntry(kind=LineKind.DEPOSIT, amount=Cents(8_017)),
    LineEntry(kind=LineKind.PRIOR_BALANCE, amount=Cents(16_033)),
    LineEntry(kind=LineKind.OTHER, amount=Cents(90), spread=Spread.SHARED),
)
NOT_PASSED_ON = 10_001 + 2_003 + 4_007 + 8_017 + 16_033


@pytest.fixture
def desk(cast, now) -> Desk:
    """Put a bill for three units on the desk."""
    return Desk(small_bill(cast, now), cast, now)


def use(desk: Desk, rule: RuleInput) -> None:
    put_in_force(desk.bill, rule, by=desk.cast.manager, now=desk.now)


def bill_with(desk: Desk, *lines: LineEntry) -> UtilityBill:
    entry = BillEntry(
        utility=Utility.WATER,
        period=Period(date(2026, 4, 1), date(2026, 5, 1)),
        amount=Cents(sum(line.amount for line in lines)),
        lines=lines,
    )
    place = desk.bill.property
    return enter_bill(place=place, entry=entry, by=desk.cast.manager, now=desk.now)


def shares(calculation: Calculation) -> dict[str, int]:
    charges = calculation.charges.filter(kind=ChargeKind.SHARE)
    return dict(charges.values_list("unit_label", "amount_cents"))


def owner(calculation: Calculation) -> dict[str, int]:
    sums: dict[str, int] = {}
    for line in calculation.result["owner"]:
        sums[line["bucket"]] = sums.get(line["bucket"], 0) + line["cents"]
    return {bucket: cents for bucket, cents in sums.items() if cents}


def test_there_is_a_line_of_every_kind_here():
    assert {line.kind for line in LINES} == set(LineKind)


def test_lines_of_every_kind_go_where_they_belong(desk, cast, now):
    use(desk, EQUAL)
    bill = bill_with(desk, *LINES)

    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)

    passed_on = sum(line.amount for line in LINES) - NOT_PASSED_ON
    assert shares(calculation) == dict.fromkeys(("101", "102", "103"), passed_on // 3)
    assert owner(calculation) == {"not_passed_on": NOT_PASSED_ON}
    assert calculation.bill_cents == passed_on + NOT_PASSED_ON
    assert [line["amount_cents"] for line in calculation.inputs["lines"]] == [
        line.amount for line in LINES
    ]


def test_a_vacant_unit_bears_a_service_charge_but_no_base_charge_of_occupied_units(desk, cast, now):
    use(desk, EQUAL)
    desk.bill.property.units.get(unit_number="103").leases.update(
        status=LeaseStatus.PAST, end_date=date(2026, 3, 1)
    )
    desk.bill.property.units.filter(unit_number="103").update(occupied=False)
    bill = bill_with(
        desk,
        LineEntry(kind=LineKind.SERVICE_CHARGE, amount=Cents(3_000)),
        LineEntry(kind=LineKind.BASE_CHARGE, amount=Cents(3_000), spread=Spread.OCCUPIED_UNITS),
    )

    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)

    assert shares(calculation) == {"101": 2_500, "102": 2_500}
    assert owner(calculation) == {"fixed_charge": 1_000}


def test_a_line_can_be_left_with_the_owner(desk, cast, now):
    use(desk, EQUAL)
    bill = bill_with(
        desk,
        LineEntry(kind=LineKind.USAGE, amount=Cents(900)),
        LineEntry(kind=LineKind.TAX, amount=Cents(101), spread=Spread.OWNER),
    )

    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)

    assert (calculation.tenants_cents, calculation.owner_cents) == (900, 101)


@pytest.mark.parametrize(
    "line",
    [
        LineEntry(kind=LineKind.OTHER, amount=Cents(100)),
        *(
            LineEntry(kind=kind, amount=Cents(100), spread=Spread.SHARED)
            for kind in (
                LineKind.LATE_FEE,
                LineKind.RECONNECTION,
                LineKind.DEPOSIT,
                LineKind.PRIOR_BALANCE,
            )
        ),
    ],
)
def test_a_line_that_may_not_be_passed_on_like_this_is_refused(desk, cast, now, line):
    bill = bill_with(desk, LineEntry(kind=LineKind.USAGE, amount=Cents(900)), line)

    with pytest.raises(CannotCalculate) as refusal:
        calculate_bill(bill=bill, by=cast.manager, now=now)

    assert [problem.field for problem in refusal.value.problems] == ["lines"]
    assert not bill.calculations.exists()


def test_lines_that_do_not_make_the_bill_are_refused_with_both_sums(cast, now):
    entry = BillEntry(
        utility=Utility.WATER,
        period=Period(date(2026, 3, 1), date(2026, 4, 1)),
        amount=Cents(10_000),
        lines=(LineEntry(kind=LineKind.USAGE, amount=Cents(9_999)),),
    )

    with pytest.raises(LinesDoNotAddUp, match=r"\$99\.99, but the bill is \$100\.00"):
        enter_bill(place=small_place(cast, now), entry=entry, by=cast.manager, now=now)

    assert not UtilityBill.objects.exists()


def test_a_changed_line_puts_the_calculation_out_of_date(desk, cast, now):
    bill = bill_with(
        desk,
        LineEntry(kind=LineKind.USAGE, amount=Cents(900)),
        LineEntry(kind=LineKind.TAX, amount=Cents(100)),
    )
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)

    bill.lines.filter(kind=LineKind.TAX).update(spread=Spread.OWNER)

    assert changes_since(calculation) == ("the lines of the bill were changed",)
    assert difference_since(calculation) == -100


FEE = replace(EQUAL, admin_fee=AdminFee(percent=Decimal("2.5"), at_most_cents=250))


def test_a_fee_is_a_charge_of_its_own_beside_the_bill(desk):
    use(desk, FEE)

    calculation = desk.calculate()

    fees = calculation.charges.filter(kind=ChargeKind.FEE)
    assert list(fees.values_list("unit_label", "amount_cents")) == [
        ("101", 250),
        ("102", 250),
        ("103", 250),
    ]
    assert calculation.fees_cents == 750
    assert calculation.tenants_cents + calculation.owner_cents == 34_561
    for fee in fees:
        assert fee.explanation["charge_cents"] == shares(calculation)[fee.unit_label]
        assert "at most $2.50" in fee.explanation["steps"][0]["expression"]


def test_a_flat_fee_is_the_same_for_every_charge(desk):
    use(desk, replace(EQUAL, admin_fee=AdminFee(flat_cents=199)))

    calculation = desk.calculate()

    amounts = calculation.charges.filter(kind=ChargeKind.FEE).values_list("amount_cents", flat=True)
    assert list(amounts) == [199, 199, 199]


def test_without_a_fee_there_are_no_fee_charges(desk):
    assert not desk.calculate().charges.filter(kind=ChargeKind.FEE).exists()


def approved_with_fees(desk: Desk) -> Calculation:
    use(desk, FEE)
    calculation = desk.in_review()
    desk.approve(calculation)
    return calculation


def test_fees_are_posted_with_keys_and_references_of_their_own(desk, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True

    desk.post(approved_with_fees(desk))

    postings = list(Posting.objects.select_related("charge"))
    assert len(postings) == 6
    assert len({posting.business_key for posting in postings}) == 6
    assert len({posting.reference for posting in postings}) == 6
    for posting in postings:
        assert posting.amount_cents == posting.charge.amount_cents
        assert posting.reference in posting.body
        assert posting.business_key.endswith(":fee") == (posting.charge.kind == ChargeKind.FEE)


def test_fees_are_not_posted_twice_either(desk, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    calculation = approved_with_fees(desk)
    desk.post(calculation)

    with pytest.raises(AlreadyPosted):
        desk.post(calculation)

    assert Posting.objects.count() == 6


def test_a_cap_of_the_rule_goes_to_the_owner(desk):
    use(desk, replace(EQUAL, limits=Limits(cap_cents=10_000)))

    calculation = desk.calculate()

    assert shares(calculation) == dict.fromkeys(("101", "102", "103"), 10_000)
    assert owner(calculation) == {"cap": 4_561}


def test_a_minimum_of_the_rule_never_takes_more_than_the_bill(desk):
    use(desk, replace(EQUAL, limits=Limits(minimum_cents=20_000)))

    calculation = desk.calculate()

    assert calculation.tenants_cents <= calculation.bill_cents == 34_561


def test_a_credit_mirrors_the_charge(desk, cast, now):
    use(desk, FEE)
    charged = bill_with(desk, LineEntry(kind=LineKind.USAGE, amount=Cents(10_001)))
    UtilityBill.objects.filter(pk=charged.pk).update(account_number="2")
    credited = bill_with(desk, LineEntry(kind=LineKind.USAGE, amount=Cents(-10_001)))

    there = calculate_bill(bill=charged, by=cast.manager, now=now)
    back = calculate_bill(bill=credited, by=cast.manager, now=now)

    def amounts(calculation: Calculation) -> dict[tuple[str, str], int]:
        rows = Charge.objects.filter(calculation=calculation)
        return {(row.unit_label, row.kind): row.amount_cents for row in rows}

    assert amounts(back) == {key: -cents for key, cents in amounts(there).items()}


@pytest.mark.parametrize("method", Method)
def test_what_a_method_needs_is_frozen_with_the_calculation(desk, cast, now, method):
    use(desk, rule_by(method, VacancyPolicy.OWNER_PAYS))
    bring_terms(desk.bill, method, by=cast.manager, now=now)

    calculation = desk.calculate()

    for charge in calculation.charges.all():
        assert charge.explanation["terms"]
        assert charge.explanation["steps"][-1]["label"] == "Rounding"
    assert changes_since(calculation) == ()
    assert difference_since(calculation) == 0

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from billing.rubs import BillPeriod, CannotAllocate, LineKind, RatioTable, Stay, allocate
from billing.rubs.answer import answer_of, money, refusal_of
from billing.rubs.request import read_request


def request(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "bill": {"amount": "100.00", "period": {"days": 30}},
        "rule": {"method": "square_feet"},
        "units": [{"unit": "1", "square_feet": 10}],
    }
    return whole | changes


def unit(**members: Any) -> Any:
    return read_request(request(units=[{"unit": "1", **members}])).units[0]


def problems(document: object) -> list[tuple[str | None, str, str]]:
    with pytest.raises(CannotAllocate) as refusal:
        allocate(read_request(document))
    written: Any = refusal_of(refusal.value.problems)["problems"]
    return [(row["unit"], row["field"], row["message"]) for row in written]


def period(**members: Any) -> BillPeriod:
    return read_request(request(bill={"amount": 1, "period": members})).period


def test_a_period_is_given_by_its_end_its_last_day_or_its_length() -> None:
    march = BillPeriod(date(2026, 3, 1), date(2026, 4, 1))
    assert period(start="2026-03-01", end="2026-04-01") == march
    assert period(start="2026-03-01", last_day="2026-03-31") == march
    assert period(days=31).days == 31


def test_a_unit_that_says_nothing_is_lived_in_all_the_time() -> None:
    assert unit().stays == (Stay(lease_key="1"),)
    assert unit(occupants=2, lease="L").stays == (Stay(lease_key="L", occupants=2),)


def test_a_unit_can_be_vacant_or_lived_in_for_so_many_days() -> None:
    assert unit(occupied=False).stays == ()
    assert unit(occupied_days=0).stays == ()
    assert unit(stays=[]).stays == ()
    (stay,) = unit(occupied_days=10).stays
    assert ((stay.end or date.max) - (stay.start or date.min)).days == 10


def test_days_of_stays_count_on_from_the_stay_before() -> None:
    one, other = unit(stays=[{"days": 10, "occupants": 2}, {"days": 5, "occupants": 1}]).stays
    assert one.end == other.start
    assert (one.lease_key, other.lease_key) == ("1", "1")


def test_the_last_day_of_a_stay_counts() -> None:
    (stay,) = unit(stays=[{"start": "2026-03-05", "last_day": "2026-03-31"}]).stays
    assert stay.end == date(2026, 4, 1)


def test_numbers_are_read_exactly_however_they_are_written() -> None:
    for written in ("1.6", Decimal("1.6"), "8/5"):
        assert unit(weight=written).weight == Fraction(8, 5)


def test_a_rule_can_say_everything() -> None:
    rule = read_request(
        request(
            rule={
                "mix": [
                    {"method": "equal", "percent": 40, "denominator_at_least": 3},
                    {"method": "ratio_occupancy", "percent": 60},
                ],
                "vacancy": "partial",
                "vacancy_owner_percent": 25,
                "occupancy_ratios": {"ratios": [1, "1.5"], "each_more": "0.25"},
                "common_area_amount": "12.50",
                "cap": "40.00",
                "limits_by_days": False,
                "admin_fee": {"percent": 25, "at_most": "4.75"},
                "strict_floor": True,
            }
        )
    ).rule
    assert rule.method == "mix"
    assert rule.occupancy_ratios == RatioTable(1, (1, Decimal("1.5")), Decimal("0.25"))
    assert (rule.common_area_cents, rule.limits.cap_cents) == (1250, 4000)
    assert rule.admin_fee is not None
    assert rule.admin_fee.at_most_cents == 475


def test_lines_make_the_amount() -> None:
    lines = [{"kind": "usage", "amount": "9.60"}, {"kind": "tax", "amount": "0.40", "name": "City"}]
    bill = read_request(request(bill={"period": {"days": 30}, "lines": lines}))
    assert bill.amount_cents == 1000
    assert (bill.lines[1].kind, bill.lines[1].label) == (LineKind.TAX, "City")


def test_everything_that_cannot_be_read_is_told_at_once() -> None:
    found = problems(
        {
            "bill": {"amount": "1.005", "period": {"start": "1 March"}, "colour": "red"},
            "rule": {"vacancy": "nobody", "strict_floor": "no"},
            "units": [{"unit": "1", "square_feet": "big", "billable": 1}, {"square_feet": True}, 7],
        }
    )
    assert {(place, field) for place, field, _ in found} == {
        (None, "start"),
        (None, "amount"),
        (None, "method"),
        (None, "vacancy"),
        (None, "strict_floor"),
        ("1", "square_feet"),
        ("1", "billable"),
        (None, "unit"),
        ("units[1]", "square_feet"),
        (None, "units[2]"),
        (None, "colour"),
    }
    assert "bill.amount is 1.005, which is not an amount in dollars and whole cents." in {
        message for _, _, message in found
    }


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "The request is not an object."),
        ({}, "bill.period is missing"),
        (request(units=[]), "units is missing"),
        (request(units={}), "units is not a list."),
        (request(bill={"period": {"days": 30}}), "bill.amount is missing"),
        (request(bill={"amount": 1, "period": {"days": "1.5"}}), "is not a whole number"),
        (request(bill={"amount": "NaN", "period": {"days": 3}}), "bill.amount is 'NaN'"),
        (request(units=[{"unit": []}]), "units[0].unit is not a text."),
        (request(units=[{"unit": "1", "occupied_days": 31}]), "is 31; enter 0 to 30 days"),
        (request(units=[{"unit": "1", "weight": "1e999999999"}]), "which is not a number"),
        (
            request(
                bill={"amount": 1, "period": {"start": "2026-01-01", "last_day": "9999-12-31"}}
            ),
            "enter a year from 1900 to 2200",
        ),
        (
            request(units=[{"unit": "1", "occupied": False, "stays": [{"days": 3}]}]),
            "say it in one way",
        ),
        (request(rule={"mix": [{"method": "equal"}]}), "and percent are both needed"),
        (
            request(rule={"method": "equal", "bedroom_ratios": {"ratios": 5}}),
            "is not a list of numbers",
        ),
        (
            request(bill={"period": {"days": 3}, "lines": [{"kind": "fun"}]}),
            "bill.lines[0].kind is 'fun'; choose one of usage, base_charge",
        ),
    ],
)
def test_it_says_what_it_cannot_read(document: object, words: str) -> None:
    assert any(words in message for _, _, message in problems(document))


def test_the_problems_of_the_calculation_use_the_names_of_the_request() -> None:
    assert problems(request(units=[{"unit": "204"}])) == [
        (
            "204",
            "square_feet",
            "Unit 204 has no square footage; enter it on the unit or sync it from the PMS.",
        )
    ]


def test_an_answer_proves_its_sum() -> None:
    bill = read_request(
        request(
            rule={"method": "square_feet", "common_area_percent": 5, "admin_fee": {"flat": "3.00"}},
            units=[
                {"unit": "1", "square_feet": 10},
                {"unit": "2", "square_feet": 20, "occupied_days": 10},
            ],
        )
    )
    answer: Any = answer_of(bill, allocate(bill))
    assert answer["units"] == [
        {"unit": "1", "charge": "31.67", "owner": "0.00"},
        {"unit": "2", "charge": "21.11", "owner": "42.22"},
    ]
    assert (answer["tenants"], answer["owner"], answer["fees"]) == ("52.78", "47.22", "6.00")
    assert answer["charges"][0]["exact"] == "95/3"
    assert (
        answer["charges"][0]["explanation"][-1] == "$31.6666… rounded to the nearest cent is $31.67"
    )
    assert answer["admin_fees"][0]["explanation"] == ["$3.00 for each charge"]
    assert [share["bucket"] for share in answer["owner_shares"]] == ["common_area", "vacancy"]


def test_money_is_written_with_two_decimals() -> None:
    assert [money(cents) for cents in (0, 5, -5, 123_456)] == ["0.00", "0.05", "-0.05", "1234.56"]

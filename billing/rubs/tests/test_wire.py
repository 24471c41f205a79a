from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.rubs import (
    MalformedBill,
    Stay,
    allocate,
    allocation_to_json,
    bill_input_from_json,
    bill_input_to_json,
    digest,
)
from billing.rubs.tests.making import (
    BED_BATH,
    SQUARE_FEET,
    april,
    lived_in,
    vacant,
    with_stays,
)

BILL = april(
    123_45,
    replace(SQUARE_FEET, common_area_percent=Decimal("7.5"), vacant_unit_occupants=2),
    lived_in("1", sqft=Decimal("850.5"), bedrooms=1, occupants=2, days=10),
    replace(vacant("2", sqft=700), excluded_because="utilities in the rent"),
)


def document() -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(bill_input_to_json(BILL)))
    return copy


def test_a_bill_comes_back_from_json_as_it_was() -> None:
    assert bill_input_from_json(document()) == BILL


def test_exact_numbers_travel_as_fractions_and_money_as_cents() -> None:
    written = document()
    assert written["amount_cents"] == 12_345
    assert written["rule"]["common_area_percent"] == "15/2"
    assert written["units"][0]["sqft"] == "1701/2"
    assert written["units"][0]["stays"] == [
        {"lease_key": "L1", "start": None, "end": "2025-04-11", "occupants": 2}
    ]


def test_the_digest_does_not_depend_on_order_or_on_how_a_number_is_written() -> None:
    first, second = BILL.units
    same = replace(BILL, units=(second, replace(first, sqft=Decimal("850.50"))))
    assert digest(same) == digest(BILL)
    stays = Stay(lease_key="A", end=date(2025, 4, 3)), Stay(lease_key="B", start=date(2025, 4, 3))
    one, other = with_stays(first, *stays), with_stays(first, *reversed(stays))
    assert digest(replace(BILL, units=(one,))) == digest(replace(BILL, units=(other,)))


@pytest.mark.parametrize(
    "changed",
    [
        replace(BILL, amount_cents=12_346),
        replace(BILL, rule=replace(BILL.rule, strict_floor=True)),
        replace(BILL, units=BILL.units[:1]),
        replace(BILL, units=(replace(BILL.units[0], sqft=None), BILL.units[1])),
    ],
)
def test_the_digest_changes_with_any_figure(changed: Any) -> None:
    assert digest(changed) != digest(BILL)


def test_the_digest_of_a_bill_stays_what_it_was_when_the_engine_learns_more() -> None:
    assert digest(BILL) == "fc02b16d4f70a985f32023b51767f479a277e2b71d318b01ece0bf6db8e171a8"


def test_an_allocation_is_written_with_every_number_and_step() -> None:
    bill = april(
        1000,
        replace(BED_BATH, common_area_percent=10),
        lived_in("1", bedrooms=1, bathrooms=1, days=15),
        lived_in("2", bedrooms=1, bathrooms=Decimal("2.5")),
    )
    written = json.loads(json.dumps(allocation_to_json(allocate(bill))))
    assert {name: written[name] for name in ("bill_cents", "tenants_cents", "owner_cents")} == {
        "bill_cents": 1000,
        "tenants_cents": 720,
        "owner_cents": 280,
    }
    assert written["basis"]["pool_exact_cents"] == "900"
    assert written["basis"]["total_weight"] == "15/4"
    line = written["lines"][0]
    assert line["terms"][1] == {"field": "bathrooms", "quantity": "1", "factor": "1/2"}
    assert (line["days"], line["weight"], line["share"]) == (15, "3/4", "1/5")
    assert (line["exact_cents"], line["cents"]) == ("180", 180)
    assert [step["label"] for step in line["steps"]][-1] == "Rounding"
    assert [row["bucket"] for row in written["owner"]] == ["common_area", "vacancy"]


def test_it_refuses_what_is_no_bill() -> None:
    with pytest.raises(MalformedBill, match="bill is not an object"):
        bill_input_from_json([])


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("amount_cents",), 12.5, "bill.amount_cents is not a whole number"),
        (("amount_cents",), True, "bill.amount_cents is not a whole number"),
        (("period", "start"), "1 April", "bill.period.start is not a date"),
        (("rule", "vacancy"), "nobody", "bill.rule.vacancy is not known"),
        (("rule", "strict_floor"), "no", "bill.rule.strict_floor is neither true nor false"),
        (("rule", "common_area_percent"), 0.1, "bill.rule.common_area_percent is not a text"),
        (("rule", "bedroom_factor"), "1/0", "bill.rule.bedroom_factor is not a fraction"),
        (("rule", "colour"), "red", "bill.rule has members that are not known: colour"),
        (("units",), {}, "bill.units is not a list"),
        (("units", 0, "sqft"), "big", r"bill.units\[0\].sqft is not a fraction"),
    ],
)
def test_it_refuses_a_malformed_member_and_names_its_place(
    path: tuple[str | int, ...], value: object, words: str
) -> None:
    written: Any = document()
    place = written
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(MalformedBill, match=words):
        bill_input_from_json(written)


@pytest.mark.parametrize("name", ["label", "sqft"])
def test_it_refuses_a_missing_member(name: str) -> None:
    written = document()
    del written["units"][1][name]
    with pytest.raises(MalformedBill, match=rf"bill.units\[1\] lacks {name}"):
        bill_input_from_json(written)

"""Published figures, and figures derived from published rules; examples.json names each source."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.rubs import BillInput, BillPeriod, RuleInput, Stay, UnitInput, Vacancy, allocate

EXAMPLES = json.loads(Path(__file__).with_name("examples.json").read_text())
START = date(2025, 1, 1)


def bill_of(example: dict[str, Any]) -> BillInput:
    return BillInput(
        amount_cents=cents(example["bill"]),
        period=BillPeriod(START, START + timedelta(days=example["period_days"])),
        rule=RuleInput(
            method=example["method"],
            vacancy=Vacancy(example["vacancy"]),
            common_area_percent=Decimal(example.get("common_area_percent", 0)),
        ),
        units=tuple(unit_of(row, example["period_days"]) for row in example["units"]),
    )


def unit_of(row: dict[str, Any], period_days: int) -> UnitInput:
    days = row.get("days", period_days)
    # The days lie at the end of the period, as after a move-in.
    start = START + timedelta(days=period_days - days)
    stay = Stay(lease_key="lease", start=start, occupants=row.get("occupants"))
    sqft = Decimal(row["sqft"]) if "sqft" in row else None
    return UnitInput(key=row["unit"], label=row["unit"], sqft=sqft, stays=(stay,) if days else ())


def cents(dollars: str) -> int:
    return int(Decimal(dollars) * 100)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example["name"]))
def test_it_gives_the_published_charges(example: dict[str, Any]) -> None:
    allocation = allocate(bill_of(example))
    assert {line.unit_key: line.cents for line in allocation.lines} == {
        unit: cents(charge) for unit, charge in example["charges"].items()
    }
    assert allocation.owner_cents == cents(example["owner"])

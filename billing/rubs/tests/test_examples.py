"""Published figures, and figures derived from published rules; examples.json names each source.

`wrong` is what a source says where its own arithmetic does not hold: the engine must not say so.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.rubs import CannotAllocate, allocate, explain
from billing.rubs.request import read_request
from billing.rubs.tests.recompute import final_cents

EXAMPLES = json.loads(Path(__file__).with_name("examples.json").read_text(encoding="utf-8"))
GIVEN = [example for example in EXAMPLES if "charges" in example]
REFUSED = [example for example in EXAMPLES if "refused" in example]


def cents(dollars: str) -> int:
    return int(Decimal(dollars) * 100)


def named(example: dict[str, Any]) -> str:
    return str(example["name"])


@pytest.mark.parametrize("example", GIVEN, ids=named)
def test_it_gives_the_published_charges(example: dict[str, Any]) -> None:
    allocation = allocate(read_request(example["request"]))
    charged = dict.fromkeys(example["charges"], 0)
    charged |= {line.unit_key: line.cents for line in allocation.lines}
    assert charged == {unit: cents(charge) for unit, charge in example["charges"].items()}
    assert allocation.owner_cents == cents(example["owner"])
    fees = {fee.unit_key: fee.cents for fee in allocation.fees}
    assert fees == {unit: cents(fee) for unit, fee in example.get("fees", {}).items()}
    for line in allocation.lines:
        assert final_cents(explain(line)) == line.cents


@pytest.mark.parametrize("example", [row for row in GIVEN if "wrong" in row], ids=named)
def test_it_does_not_repeat_the_error_of_a_source(example: dict[str, Any]) -> None:
    allocation = allocate(read_request(example["request"]))
    charged = {line.unit_key: line.cents for line in allocation.lines}
    wrong = {unit: cents(charge) for unit, charge in example["wrong"].items()}
    assert charged | wrong != charged
    assert allocation.tenants_cents + allocation.owner_cents == allocation.bill_cents


@pytest.mark.parametrize("example", REFUSED, ids=named)
def test_it_refuses_to_bill_more_than_the_bill(example: dict[str, Any]) -> None:
    with pytest.raises(CannotAllocate) as refusal:
        allocate(read_request(example["request"]))
    assert [problem.field for problem in refusal.value.problems] == example["refused"]

"""Runs the worked tables and the request of docs/allocation.md: the page cannot say what is not."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from billing.rubs import (
    METHODS,
    MIX,
    Allocation,
    BillInput,
    BillLine,
    BillPeriod,
    Bucket,
    Limits,
    LineKind,
    MixPart,
    Proration,
    RuleInput,
    Stay,
    UnitInput,
    Vacancy,
    allocate,
)
from billing.rubs.answer import answer_of
from billing.rubs.figures import dollars, dollars_cut, plain
from billing.rubs.request import read_request
from billing.rubs.tests.making import START

PAGE = Path(__file__).parents[3] / "docs" / "allocation.md"

VACANCY = {
    "the owner pays": (Vacancy.OWNER_PAYS, None),
    "occupied units share": (Vacancy.OCCUPIED_ONLY, None),
    "the owner pays 50 % of their share": (Vacancy.PARTIAL, 50),
}
PRORATION = {
    "in the weights": Proration.DAYS,
    "day by day": Proration.BY_DAY,
    "against the first day": Proration.START_OF_PERIOD,
}
OWNER_ROWS = {
    Bucket.COMMON_AREA: "Common area",
    Bucket.NOT_PASSED_ON: "Not passed on",
    Bucket.FIXED_CHARGE: "Fixed charge",
    Bucket.NOT_GIVEN: "Not given",
    Bucket.VACANCY: "Nobody there",
}


@dataclass(frozen=True)
class WorkedTable:
    """One table of the page with the list above it."""

    method: str
    settings: dict[str, str]
    rows: list[dict[str, str]]


def worked_tables() -> list[WorkedTable]:
    sections = re.split(r"^## `(\w+)`.*$", PAGE.read_text(), flags=re.MULTILINE)
    return [
        table
        for method, text in zip(sections[1::2], sections[2::2], strict=True)
        for table in tables_of(method, re.split(r"^## ", text, flags=re.MULTILINE)[0])
    ]


def tables_of(method: str, text: str) -> list[WorkedTable]:
    tables, settings = [], {}
    for mark, block in groupby(text.splitlines(), key=lambda line: line[:1]):
        if mark == "-":
            settings = dict(line[2:].split(": ") for line in block)
        if mark == "|":
            header, _, *rows = [cells_of(line) for line in block]
            table = [dict(zip(header, row, strict=True)) for row in rows]
            tables.append(WorkedTable(method, settings, table))
    return tables


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def cents(text: str) -> int:
    return int(Decimal(re.sub(r"[$,]", "", text)) * 100)


def bill_of(table: WorkedTable) -> BillInput:
    settings = table.settings
    lines = lines_of(settings)
    return BillInput(
        amount_cents=cents(settings["Bill"]),
        period=BillPeriod(START, START + timedelta(days=int(settings["Days"]))),
        rule=rule_of(table.method, settings),
        units=tuple(unit_of(row) for row in table.rows if row["Unit"].isdigit()),
        lines=lines,
    )


def lines_of(settings: dict[str, str]) -> tuple[BillLine, ...]:
    named = {
        kind: cents(settings[name])
        for kind in LineKind
        if (name := kind.value.replace("_", " ").capitalize()) in settings
    }
    if not named:
        return ()
    usage = cents(settings["Bill"]) - sum(named.values())
    return tuple(
        BillLine(kind=kind, amount_cents=amount)
        for kind, amount in {LineKind.USAGE: usage, **named}.items()
    )


def rule_of(method: str, settings: dict[str, str]) -> RuleInput:
    vacancy, owner_percent = VACANCY[settings["Vacant days"]]
    assumed, cap = settings.get("People assumed"), settings.get("Cap")
    mix = re.findall(r"(\d+) % (\w+)", settings.get("Mix", ""))
    return RuleInput(
        method=method,
        vacancy=vacancy,
        vacancy_owner_percent=owner_percent,
        common_area_percent=Decimal(settings["Common area"].removesuffix(" %")),
        vacant_unit_occupants=None if assumed is None else int(assumed),
        proration=PRORATION[settings.get("Days counted", "in the weights")],
        mix=tuple(MixPart(method=name, percent=int(percent)) for percent, name in mix),
        limits=Limits(cap_cents=None if cap is None else cents(cap)),
    )


def unit_of(row: dict[str, str]) -> UnitInput:
    days = int(row["Days lived in"].split()[0])
    first = 30 - days if "last" in row["Days lived in"] else 0
    people = figure(row, "People")
    stay = Stay(
        lease_key="lease",
        start=START + timedelta(days=first),
        end=START + timedelta(days=first + days),
        occupants=None if people is None else int(people),
    )
    return UnitInput(
        key=row["Unit"],
        label=row["Unit"],
        sqft=figure(row, "Square feet"),
        bedrooms=figure(row, "Bedrooms"),
        bathrooms=figure(row, "Bathrooms"),
        weight=figure(row, "Weight set"),
        percent=figure(row, "Percent"),
        usage=figure(row, "Metered"),
        stays=(stay,) if days else (),
    )


def figure(row: dict[str, str], name: str) -> Decimal | None:
    text = row.get(name, "")
    return Decimal(text.replace(",", "")) if text else None


def outcome(allocation: Allocation) -> dict[str, tuple[str, str, str, str]]:
    """Tell weight, exact amount, charge and the owner's part as the page prints them."""
    owner = Counter[str]()
    for line in allocation.owner:
        owner[line.unit_key or OWNER_ROWS[line.bucket]] += line.cents
    printed = {name: ("", "", "", dollars(cents)) for name, cents in owner.items()}
    for tenant in allocation.lines:
        printed[tenant.unit_key] = (
            plain(tenant.weight),
            dollars_cut(tenant.exact_cents),
            dollars(tenant.cents),
            dollars(owner[tenant.unit_key]) if owner[tenant.unit_key] else "",
        )
    printed["Total"] = (
        "",
        "",
        dollars(allocation.tenants_cents),
        dollars(allocation.owner_cents) if allocation.owner_cents else "",
    )
    return printed


@pytest.mark.parametrize("table", worked_tables(), ids=lambda table: str(table.method))
def test_the_page_shows_what_the_engine_gives(table: WorkedTable) -> None:
    shown = {
        row["Unit"]: (row["Weight"], row["Exact"], row["Charge"], row["Owner"])
        for row in table.rows
        if any(row[name] for name in ("Weight", "Exact", "Charge", "Owner"))
    }
    assert shown == outcome(allocate(bill_of(table)))


def test_the_page_has_a_worked_table_for_every_method() -> None:
    assert {table.method for table in worked_tables()} == {*METHODS, MIX}


def test_the_page_names_every_option_of_a_line() -> None:
    assert all(f"`{kind}`" in PAGE.read_text() for kind in LineKind)


def test_the_request_on_the_page_gives_the_answer_on_the_page() -> None:
    request, shown = (
        json.loads(block, parse_float=Decimal)
        for block in re.findall(r"```json\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)[:2]
    )
    bill = read_request(request)
    answer: Any = answer_of(bill, allocate(bill))
    for name in ("bill", "tenants", "owner", "fees", "units"):
        assert shown[name] == answer[name]
    (charge,) = [row for row in answer["charges"] if row["unit"] == shown["charges"][0]["unit"]]
    assert shown["charges"][0]["explanation"] == charge["explanation"]

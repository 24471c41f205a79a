"""Runs the worked tables of docs/allocation.md, so that the page cannot say what is not so."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import pytest

from billing.rubs import (
    METHODS,
    Allocation,
    BillInput,
    BillPeriod,
    RuleInput,
    Stay,
    UnitInput,
    Vacancy,
    allocate,
)
from billing.rubs.figures import dollars, dollars_cut, plain
from billing.rubs.tests.making import START

PAGE = Path(__file__).parents[3] / "docs" / "allocation.md"

VACANCY = {
    "the owner pays": Vacancy.OWNER_PAYS,
    "occupied units share": Vacancy.OCCUPIED_ONLY,
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
        for table in tables_of(method, text)
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


def bill_of(table: WorkedTable) -> BillInput:
    settings = table.settings
    days = int(settings["Days"])
    assumed = settings.get("People assumed")
    return BillInput(
        amount_cents=int(Decimal(re.sub(r"[$,]", "", settings["Bill"])) * 100),
        period=BillPeriod(START, START + timedelta(days=days)),
        rule=RuleInput(
            method=table.method,
            vacancy=VACANCY[settings["Vacant days"]],
            common_area_percent=Decimal(settings["Common area"].removesuffix(" %")),
            vacant_unit_occupants=None if assumed is None else Decimal(assumed),
        ),
        units=tuple(unit_of(row) for row in table.rows if row["Unit"].isdigit()),
    )


def unit_of(row: dict[str, str]) -> UnitInput:
    days = int(row["Days lived in"])
    people = figure(row, "People")
    stay = Stay(
        lease_key="lease",
        end=START + timedelta(days=days),
        occupants=None if people is None else int(people),
    )
    return UnitInput(
        key=row["Unit"],
        label=row["Unit"],
        sqft=figure(row, "Square feet"),
        bedrooms=figure(row, "Bedrooms"),
        bathrooms=figure(row, "Bathrooms"),
        stays=(stay,) if days else (),
    )


def figure(row: dict[str, str], name: str) -> Decimal | None:
    text = row.get(name, "")
    return Decimal(text.replace(",", "")) if text else None


def outcome(allocation: Allocation) -> dict[str, tuple[str, str, str, str]]:
    """Tell weight, exact amount, charge and the owner's part as the page prints them."""
    owner = Counter[str]()
    for line in allocation.owner:
        owner[line.unit_key or "Common area"] += line.cents
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
    assert {table.method for table in worked_tables()} == set(METHODS)

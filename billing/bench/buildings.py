"""Buildings to measure with: many units, some vacant, some lived in for a part of the period."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from billing.rubs import BillInput, BillPeriod, RuleInput, Stay, UnitInput, Vacancy

START = date(2026, 3, 1)
END = date(2026, 4, 1)


def make_bill(unit_count: int) -> BillInput:
    """Make a bill by square footage whose vacant days the owner pays, always the same one.

    Shape: one unit in ten is vacant, one in ten changed hands, one in five was moved into or out
        of; the rest is lived in all month.
    """
    random = Random(unit_count)  # noqa: S311  # a building to measure with, not a secret
    return BillInput(
        amount_cents=unit_count * 5_637 + 1,
        period=BillPeriod(START, END),
        rule=RuleInput(
            method="square_feet", vacancy=Vacancy.OWNER_PAYS, common_area_percent=Decimal("7.5")
        ),
        units=tuple(_unit(number, random) for number in range(unit_count)),
    )


def _unit(number: int, random: Random) -> UnitInput:
    key = f"unit_{number:06d}"
    return UnitInput(
        key=key,
        label=f"{number + 101}",
        sqft=random.randrange(420, 2_400),
        bedrooms=random.randrange(4),
        stays=_stays(key, random),
    )


def _stays(key: str, random: Random) -> tuple[Stay, ...]:
    since = date(2024, 1, 1) + timedelta(days=random.randrange(700))
    change = START + timedelta(days=random.randrange(1, 30))
    kind = random.randrange(10)
    if kind == 0:
        return ()
    if kind == 1:
        gap = timedelta(days=random.randrange(3))
        return (
            Stay(lease_key=f"{key}_a", start=since, end=change, occupants=2),
            Stay(lease_key=f"{key}_b", start=change + gap, occupants=3),
        )
    if kind == 2:
        return (Stay(lease_key=f"{key}_a", start=change, occupants=1),)
    if kind == 3:
        return (Stay(lease_key=f"{key}_a", start=since, end=change, occupants=1),)
    return (Stay(lease_key=f"{key}_a", start=since, occupants=2),)

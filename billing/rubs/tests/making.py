"""Short ways to make bills and units for the tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from billing.rubs import Allocation, BillInput, BillPeriod, RuleInput, Stay, UnitInput, Vacancy

START = date(2025, 4, 1)
APRIL = BillPeriod(START, date(2025, 5, 1))

SQUARE_FEET = RuleInput(method="square_feet", vacancy=Vacancy.OWNER_PAYS)
OCCUPANTS = RuleInput(method="occupants", vacancy=Vacancy.OCCUPIED_ONLY)
BED_BATH = RuleInput(method="bed_bath", vacancy=Vacancy.OWNER_PAYS)


def lived_in(
    key: str,
    *,
    days: int | None = None,
    occupants: int | None = None,
    sqft: int | Decimal | Fraction | None = None,
    bedrooms: int | Decimal | Fraction | None = None,
    bathrooms: int | Decimal | Fraction | None = None,
) -> UnitInput:
    """Make a unit with one lease, from the first of April on, for all days or so many."""
    end = None if days is None else START + timedelta(days=days)
    stays = () if days == 0 else (Stay(lease_key=f"L{key}", end=end, occupants=occupants),)
    return UnitInput(
        key=key, label=key, sqft=sqft, bedrooms=bedrooms, bathrooms=bathrooms, stays=stays
    )


def vacant(key: str, *, sqft: int | None = None) -> UnitInput:
    """Make a unit that nobody lives in."""
    return UnitInput(key=key, label=key, sqft=sqft)


def with_stays(unit: UnitInput, *stays: Stay) -> UnitInput:
    """Give a unit these stays instead of its own."""
    return replace(unit, stays=stays)


def april(amount_cents: int, rule: RuleInput, *units: UnitInput) -> BillInput:
    """Make a bill for April 2025, thirty days."""
    return BillInput(amount_cents=amount_cents, period=APRIL, rule=rule, units=units)


def charges(allocation: Allocation) -> dict[str, int]:
    """Tell what each unit's tenant is charged.

    Units: cents.
    """
    return {line.unit_key: line.cents for line in allocation.lines}

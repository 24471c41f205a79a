"""Bills that nobody thought of, with everything that a bill, a rule and a unit can have.

METERBASE_TEST_PROFILE=nightly tries a hundred thousand of them instead of two thousand.
"""

from __future__ import annotations

import os
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from billing.rubs import (
    METHODS,
    AdminFee,
    BillInput,
    BillLine,
    BillPeriod,
    CommonAreaBase,
    Limits,
    LineKind,
    MixPart,
    Proration,
    RuleInput,
    Spread,
    Stay,
    UnitInput,
    Vacancy,
)
from billing.rubs.bill_lines import NEVER_PASSED_ON
from billing.rubs.tests.making import START

NIGHTLY = os.environ.get("METERBASE_TEST_PROFILE") == "nightly"
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

many = settings(
    max_examples=100_000 if NIGHTLY else 2_000, deadline=None, suppress_health_check=_QUIET
)
some = settings(
    max_examples=10_000 if NIGHTLY else 100, deadline=None, suppress_health_check=_QUIET
)

amounts = st.integers(-10_000_00, 1_000_000_00)
Thing = TypeVar("Thing")

_passed_on = [kind for kind in LineKind if kind not in NEVER_PASSED_ON]


def maybe(strategy: st.SearchStrategy[Thing]) -> st.SearchStrategy[Thing | None]:
    """Leave a thing out more often than not."""
    return st.one_of(st.none(), st.none(), st.none(), strategy)


limits = st.one_of(
    st.builds(Limits, cap_cents=st.integers(500, 900_00), minimum_cents=st.integers(0, 500)),
    st.builds(Limits, cap_cents=st.integers(0, 900_00)),
    st.builds(Limits, minimum_cents=st.integers(0, 900_00)),
)

fees = st.one_of(
    st.builds(AdminFee, percent=st.integers(0, 15), at_most_cents=st.integers(0, 2000)),
    st.builds(AdminFee, flat_cents=st.integers(0, 2000), at_most_percent=st.integers(1, 9)),
)


_marks = st.lists(st.integers(-5, 66), unique=True, max_size=6).map(sorted)
_yes_or_no = st.booleans()
_figures = st.integers(0, 10**9)
_kinds_of_unit = st.sampled_from(["plain"] * 7 + ["not billable", "excluded", "limited"])


@st.composite
def stays(draw: st.DrawFn, figures: int) -> tuple[Stay, ...]:
    """Make up to three stays, one after the other, with gaps; a lease may go on in the next."""
    marks = draw(_marks)
    same_lease = draw(_yes_or_no)
    return tuple(
        Stay(
            lease_key="lease" if same_lease else f"lease {n}",
            start=START + timedelta(days=first),
            end=START + timedelta(days=end),
            occupants=1 + figures // (n + 1) % 8,
        )
        for n, (first, end) in enumerate(zip(marks[::2], marks[1::2], strict=False))
    )


@st.composite
def units(draw: st.DrawFn, key: str) -> UnitInput:
    """Make a unit of which everything is known; one number gives all of its figures."""
    figures, kind = draw(_figures), draw(_kinds_of_unit)
    return UnitInput(
        key=key,
        label=key,
        sqft=Fraction(1 + figures % 40_000, 10),
        bedrooms=figures % 7,
        bathrooms=Fraction(figures % 23, 4),
        weight=Fraction(figures % 25, 3),
        percent=Decimal(figures % 110) / 10,
        usage=figures % 9_999,
        stays=draw(stays(figures)),
        billable=kind != "not billable",
        excluded_because="in the rent" if kind == "excluded" else None,
        limits=draw(limits) if kind == "limited" else None,
    )


@st.composite
def rules(draw: st.DrawFn) -> RuleInput:
    """Make a rule of any method or a mix of two."""
    method = draw(st.sampled_from([*METHODS, "mix"]))
    vacancy = draw(st.sampled_from(Vacancy))
    percent = draw(st.integers(1, 99))
    return RuleInput(
        method=method,
        vacancy=vacancy,
        common_area_percent=Fraction(draw(st.integers(0, 5000)), draw(st.sampled_from([100, 300]))),
        common_area_base=draw(st.sampled_from(CommonAreaBase)),
        common_area_cents=draw(st.sampled_from([0, 0, 0, 12_34])),
        vacant_unit_occupants=draw(st.integers(1, 4)),
        vacancy_owner_percent=percent if vacancy is Vacancy.PARTIAL else None,
        strict_floor=draw(st.booleans()),
        proration=draw(st.sampled_from(Proration)),
        mix=_mix(draw, percent) if method == "mix" else (),
        denominator_at_least=draw(maybe(st.integers(1, 9_999))) if method != "mix" else None,
        limits=draw(maybe(limits)) or Limits(),
        limits_by_days=draw(st.booleans()),
        admin_fee=draw(maybe(fees)),
    )


def _mix(draw: st.DrawFn, percent: int) -> tuple[MixPart, ...]:
    one, other = draw(st.permutations(sorted(METHODS)))[:2]
    return (
        MixPart(method=one, percent=percent),
        MixPart(method=other, percent=100 - percent),
    )


@st.composite
def bill_lines(draw: st.DrawFn, amount: int) -> tuple[BillLine, ...]:
    """Make lines of any kind that add up to an amount, or none."""
    kinds = draw(st.lists(st.sampled_from(LineKind), max_size=4))
    others = [_line(draw, kind, amount) for kind in kinds]
    if not others:
        return ()
    rest = amount - sum(line.amount_cents for line in others)
    return (BillLine(kind=LineKind.USAGE, amount_cents=rest), *others)


def _line(draw: st.DrawFn, kind: LineKind, amount: int) -> BillLine:
    """Make a line of the bill's sign and a part of its amount; a shared one may be a credit."""
    spread = draw(st.sampled_from(Spread)) if kind in _passed_on else Spread.OWNER
    count = 12 if spread is Spread.ALL_UNITS and draw(st.booleans()) else None
    cents = draw(st.integers(0, abs(amount) // 5)) * (-1 if amount < 0 else 1)
    if kind is LineKind.CREDIT and spread is Spread.SHARED:
        cents = -cents
    return BillLine(kind=kind, amount_cents=cents, spread=spread, unit_count=count)


@st.composite
def bills(draw: st.DrawFn) -> BillInput:
    """Make a bill that can be allocated: an anchor unit is lived in all the time."""
    period_days = draw(st.integers(1, 62))
    keys = draw(st.lists(st.text("ab12", min_size=1, max_size=2), unique=True, max_size=6))
    anchor = UnitInput(
        key="anchor",
        label="anchor",
        sqft=draw(st.integers(1, 4000)),
        bedrooms=1,
        bathrooms=1,
        weight=1,
        percent=5,
        usage=7,
        stays=(Stay(lease_key="anchor", occupants=draw(st.integers(1, 5))),),
    )
    amount = draw(amounts)
    return BillInput(
        amount_cents=amount,
        period=BillPeriod(START, START + timedelta(days=period_days)),
        rule=draw(rules()),
        units=(anchor, *(draw(units(key)) for key in keys)),
        lines=draw(bill_lines(amount)),
    )

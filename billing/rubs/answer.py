"""An allocation, or why there is none, as JSON for a person or a program: amounts in dollars."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

from billing.rubs.inputs import BillInput
from billing.rubs.json_values import Json, fraction_text, given
from billing.rubs.problems import Problem
from billing.rubs.results import Allocation, FeeLine, OwnerLine, TenantLine
from billing.rubs.wire_result import basis_to_json, steps_to_json

_ASKED_AS = {"sqft": "square_feet", "key": "unit"}
_CENTS = 100


def answer_of(bill: BillInput, allocation: Allocation) -> Json:
    """Write an allocation with its proof and every explanation.

    Shape: amounts are texts in dollars with two decimals, exact ones fractions of dollars.
    """
    return {
        "engine_version": allocation.engine_version,
        "bill": money(allocation.bill_cents),
        "tenants": money(allocation.tenants_cents),
        "owner": money(allocation.owner_cents),
        "fees": money(allocation.fees_cents),
        "units": _by_unit(bill, allocation),
        "charges": [_charge(line) for line in allocation.lines],
        "owner_shares": [_owner_share(line) for line in allocation.owner],
        "admin_fees": [_fee(fee) for fee in allocation.fees],
        "basis": basis_to_json(allocation.basis),
    }


def refusal_of(problems: Iterable[Problem]) -> Json:
    """Write the problems that stand in the way."""
    return {
        "problems": [
            {
                "unit": problem.unit_label or None,
                "field": _ASKED_AS.get(problem.field, problem.field),
                "message": problem.message,
            }
            for problem in problems
        ]
    }


def money(cents: int) -> str:
    """Write cents as dollars with two decimals.

    Units: cents in.
    """
    whole, rest = divmod(abs(cents), _CENTS)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02d}"


def _by_unit(bill: BillInput, allocation: Allocation) -> list[Json]:
    tenants: defaultdict[str, int] = defaultdict(int)
    owner: defaultdict[str, int] = defaultdict(int)
    for line in allocation.lines:
        tenants[line.unit_key] += line.cents
    for share in allocation.owner:
        owner[share.unit_key or ""] += share.cents
    return [
        {"unit": unit.label, "charge": money(tenants[unit.key]), "owner": money(owner[unit.key])}
        for unit in sorted(bill.units, key=lambda unit: unit.key)
    ]


def _charge(line: TenantLine) -> Json:
    return {
        "unit": line.unit_label,
        "lease": line.lease_key,
        "charge": money(line.cents),
        **_figures(line),
    }


def _owner_share(line: OwnerLine) -> Json:
    return {
        "bucket": line.bucket.value,
        **given(unit=line.unit_label or None, lease=line.lease_key, reason=line.reason),
        "amount": money(line.cents),
        **_figures(line),
    }


def _figures(line: TenantLine | OwnerLine) -> Json:
    steps = steps_to_json(line)
    return {
        "exact": _dollars(line.exact_cents),
        "days": line.days,
        "period_days": line.period_days,
        "weight": fraction_text(line.weight),
        "share": fraction_text(line.share),
        "explanation": [step["expression"] for step in steps],
        "steps": steps,
    }


def _fee(fee: FeeLine) -> Json:
    return {
        "unit": fee.unit_label,
        "lease": fee.lease_key,
        "charge": money(fee.charge_cents),
        "fee": money(fee.cents),
        "explanation": [fee.expression],
    }


def _dollars(cents: Fraction) -> str:
    return str(cents / _CENTS)

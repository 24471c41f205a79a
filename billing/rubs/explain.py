"""Why a line is what it is, as steps that a reader can compute again and arrive at the cent."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from billing.rubs.basis import Basis
from billing.rubs.buckets import Bucket
from billing.rubs.explain_pool import PoolShare, pool_steps
from billing.rubs.figures import MINUS, TIMES, dollars, dollars_cut, in_sum
from billing.rubs.fixed import FixedCharge
from billing.rubs.limits import Limited, LimitKind
from billing.rubs.numbers import exact
from billing.rubs.results import FeeLine, OwnerLine, OwnerPart, TenantLine
from billing.rubs.rule_input import CommonAreaBase
from billing.rubs.steps import Step, StepUnit, days_text, money_step, rounding_step

__all__ = ["Step", "StepUnit", "explain", "explain_fee"]

_LIMITS = {LimitKind.CAP: "Cap", LimitKind.MINIMUM: "Minimum", LimitKind.FLAT: "Flat amount"}


def explain(line: TenantLine | OwnerLine) -> tuple[Step, ...]:
    """Tell how a line came about, from the bill to the cent."""
    basis = line.basis
    if line.row is not None:
        return tuple(_steps_by_weight(line, line.row))
    if isinstance(line, OwnerLine) and line.part is not None:
        first = _owner_step(basis, line.part)
        return (first, rounding_step(line.exact_cents, line.cents, strict_floor=basis.strict_floor))
    text = f"{dollars(line.cents)} was left over when every share was cut to the cent"
    return (Step("Rounding", text, Fraction(line.cents), StepUnit.CENTS),)


def explain_fee(fee: FeeLine) -> Step:
    """Tell how a fee came about."""
    return Step("Administrative fee", fee.expression, Fraction(fee.cents), StepUnit.CENTS)


def _steps_by_weight(line: TenantLine | OwnerLine, row: int) -> Iterator[Step]:
    basis = line.basis
    yield _amount_to_share(basis)
    amounts = []
    for pool in basis.pools:
        suffix = f" by {pool.label}" if len(basis.pools) > 1 else ""
        if suffix:
            text = f"{in_sum(pool.percent)} % {TIMES} {dollars(basis.pool_cents)}"
            yield money_step(f"Part{suffix}", text, pool.cents)
        of = PoolShare(basis, pool, row, suffix)
        yield from pool_steps(of)
        amounts.append(of.cents)
    if isinstance(line, TenantLine):
        for charge in basis.fixed:
            step = _fixed_step(charge, line)
            yield step
            amounts.append(step.value)
    if len(amounts) > 1:
        yield money_step(
            "Together", " + ".join(map(dollars_cut, amounts)), sum(amounts, Fraction(0))
        )
    if row in basis.limited:
        yield from _limit_steps(basis, basis.limited[row])
    yield rounding_step(line.exact_cents, line.cents, strict_floor=basis.strict_floor)


def _amount_to_share(basis: Basis) -> Step:
    amounts, pool = basis.amounts, basis.pool_cents
    taken = [
        f"{line.label.lower()} {dollars(line.amount_cents)}"
        for line in (*amounts.kept, *amounts.fixed)
    ]
    if basis.common_area_cents or basis.common_area_percent:
        taken.append(_common_area_text(basis))
    bill = f"Bill {dollars(basis.bill_cents)}"
    if not taken:
        text = f"{bill}, all of it to share"
    else:
        text = f" {MINUS} ".join((bill, *taken)) + f" = {dollars(pool)} to share"
    return Step("Amount to share", text, pool, StepUnit.CENTS)


def _common_area_text(basis: Basis) -> str:
    rule, deducted = basis.rule, dollars(basis.common_area_cents)
    simple = not rule.common_area_cents and rule.common_area_usage is None
    same_base = basis.amounts.common_area_base_cents == basis.bill_cents
    percent = basis.common_area_percent
    if simple and same_base and basis.common_area_cents == basis.bill_cents * percent / 100:
        return f"common area {in_sum(percent)} % {deducted}"
    return f"common area {deducted}"


def _owner_step(basis: Basis, part: OwnerPart) -> Step:
    if part.bucket is Bucket.COMMON_AREA:
        return _common_area(basis)
    if part.whole_cents is None:
        text = f"{part.label} {dollars(part.cents)} stays with the owner"
        return Step("Not passed on", text, part.cents, StepUnit.CENTS)
    others = dollars(part.whole_cents - part.cents)
    text = f"{dollars(part.whole_cents)} {MINUS} {others} {part.others} = {dollars(part.cents)}"
    return Step(part.label, text, part.cents, StepUnit.CENTS)


def _common_area(basis: Basis) -> Step:
    rule, cents = basis.rule, basis.common_area_cents
    base_cents = basis.amounts.common_area_base_cents
    whole_bill = rule.common_area_base is CommonAreaBase.BILL and base_cents == basis.bill_cents
    base = f"{'Bill' if whole_bill else 'Lines'} {dollars(base_cents)}"
    parts = []
    if basis.common_area_percent:
        parts.append(f"{base} {TIMES} common area {in_sum(basis.common_area_percent)} %")
    if rule.common_area_cents:
        parts.append(dollars(basis.amounts.sign * rule.common_area_cents))
    if rule.common_area_usage is not None and rule.total_usage is not None:
        used, total = exact(rule.common_area_usage), Fraction(exact(rule.total_usage))
        parts.append(f"{base} {TIMES} {in_sum(used)} metered ÷ {in_sum(total)}")
    text = " + ".join(parts) or base
    asked = basis.amounts.common_area_asked_cents
    text = f"{text} = {dollars(asked)}"
    if cents != asked:
        text += f"; the owner keeps no more than there is to share, {dollars(cents)}"
    return Step("Common area", text, cents, StepUnit.CENTS)


def _fixed_step(charge: FixedCharge, line: TenantLine) -> Step:
    days = days_text(line.days, line.period_days)
    if charge.unit_count is None:
        text = f"{dollars(charge.per_unit_cents)} {TIMES} {days}"
    else:
        text = (
            f"{dollars(charge.line.amount_cents)} {TIMES} {days}"
            f" ÷ {in_sum(charge.unit_count)} units"
        )
    cents = charge.per_unit_cents * line.days / line.period_days
    return money_step(charge.line.label, text, cents)


def _limit_steps(basis: Basis, limited: Limited) -> Iterator[Step]:
    sign, name = basis.amounts.sign, _LIMITS[limited.kind]
    bound, limit = sign * limited.bound_cents, sign * limited.limit_cents
    if limited.days == limited.period_days:
        text = f"{name} {dollars(bound)}"
    else:
        days = days_text(limited.days, limited.period_days)
        text = f"{name} {dollars(bound)} {TIMES} {days} = {dollars_cut(limit)}"
    yield Step(name, text, limit, StepUnit.CENTS)
    if limited.raised_by_part != 1:
        before, after = sign * limited.before_cents, sign * limited.after_cents
        part = in_sum(limited.raised_by_part)
        text = (
            f"{dollars_cut(before)} + {part} {TIMES} ({dollars_cut(limit)} {MINUS}"
            f" {dollars_cut(before)}) = {dollars_cut(after)}, as all minimums together would bill"
            " more than the bill"
        )
        yield Step("Within the bill", text, after, StepUnit.CENTS)

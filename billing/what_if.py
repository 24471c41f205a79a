"""A rule tried on bills: the next bill in a preview, or the last year beside the rule in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from billing.inputs import gather_inputs, rule_for, rule_input
from billing.models import Utility, UtilityBill
from billing.rubs import (
    Allocation,
    CannotAllocate,
    FeeLine,
    Problem,
    RuleInput,
    TenantLine,
    allocate,
)
from portfolios.models import Property

BILLS = 12


@dataclass(frozen=True, slots=True)
class Trial:
    """A bill shared by a rule that is not stored, or why it cannot be.

    Shape: either an allocation or problems.
    """

    bill: UtilityBill
    allocation: Allocation | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class UnitChange:
    """What a unit's tenants would have paid over all bills, before and after.

    Units: cents.
    """

    unit_label: str
    before_cents: int
    after_cents: int

    @property
    def difference_cents(self) -> int:
        """Tell by how much they would pay more."""
        return self.after_cents - self.before_cents


@dataclass(frozen=True, slots=True)
class Comparison:
    """Bills under two rules, unit by unit; bills that either rule cannot share are named.

    Units: cents.
    """

    bills: tuple[UtilityBill, ...]
    left_out: tuple[Trial, ...]
    units: tuple[UnitChange, ...]
    owner_before_cents: int
    owner_after_cents: int


def try_rule(bill: UtilityBill, proposal: RuleInput) -> Trial:
    """Share a bill by a rule that is only proposed; nothing is stored."""
    gathered = gather_inputs(bill=bill, proposal=proposal)
    try:
        allocation = allocate(gathered.bill_input)
    except CannotAllocate as refusal:
        return Trial(bill, None, (*gathered.problems, *refusal.problems))
    if gathered.problems:
        return Trial(bill, None, gathered.problems)
    return Trial(bill, allocation, ())


def latest_bill(place: Property, utility: Utility) -> UtilityBill | None:
    """Find the bill on which a rule is tried."""
    return place.bills.filter(utility=utility).order_by("-period_start", "-pk").first()


def compare_rules(*, place: Property, utility: Utility, proposal: RuleInput) -> Comparison:
    """Put the last bills under the rule in force beside a proposed one; nothing is stored."""
    bills = list(place.bills.filter(utility=utility).order_by("-period_start", "-pk")[:BILLS])
    before: list[Allocation] = []
    after: list[Allocation] = []
    left_out: list[Trial] = []
    compared: list[UtilityBill] = []
    for bill in bills:
        rule = rule_for(bill)
        trial = try_rule(bill, proposal)
        present = try_rule(bill, rule_input(rule)) if rule else None
        if trial.allocation is None or present is None or present.allocation is None:
            failed = trial if trial.allocation is None else present
            left_out.append(failed or Trial(bill, None, ()))
            continue
        compared.append(bill)
        before.append(present.allocation)
        after.append(trial.allocation)
    return Comparison(
        bills=tuple(compared),
        left_out=tuple(left_out),
        units=unit_changes(before, after),
        owner_before_cents=sum(found.owner_cents for found in before),
        owner_after_cents=sum(found.owner_cents for found in after),
    )


def unit_changes(
    before: Sequence[Allocation], after: Sequence[Allocation]
) -> tuple[UnitChange, ...]:
    """Compare what units' tenants pay, the largest differences first."""
    was, now = _per_unit(before), _per_unit(after)
    changes = [UnitChange(unit[1], was.get(unit, 0), now.get(unit, 0)) for unit in was | now]
    return tuple(sorted(changes, key=lambda change: -abs(change.difference_cents)))


def _per_unit(allocations: Sequence[Allocation]) -> dict[tuple[str, str], int]:
    """Add up what each unit's tenants pay, fees included.

    Shape: by key and label, as units of two buildings may bear the same number.
    """
    sums: dict[tuple[str, str], int] = {}
    for allocation in allocations:
        charged: list[TenantLine | FeeLine] = [*allocation.lines, *allocation.fees]
        for line in charged:
            unit = (line.unit_key, line.unit_label)
            sums[unit] = sums.get(unit, 0) + line.cents
    return sums

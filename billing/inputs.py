"""From tables to the arithmetic: a bill with its rule and units, or why they will not do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from billing.models import ShareRule, UtilityBill
from billing.rubs import (
    BillInput,
    BillPeriod,
    Problem,
    RuleInput,
    Stay,
    UnitInput,
    Vacancy,
)
from meterbase.lib.periods import Period
from portfolios.models import LeaseStatus, UnitField
from portfolios.queries import LeaseFacts, UnitFacts, read_units

CURRENT = frozenset({LeaseStatus.ACTIVE, LeaseStatus.MONTH_TO_MONTH})


@dataclass(frozen=True, slots=True)
class Gathered:
    """What a calculation would be made from.

    Shape: `units` by unit key, `leases` by lease key; `problems` are those of the data itself, to
        which the arithmetic may add its own.
    """

    bill_input: BillInput
    units: dict[str, UnitFacts]
    leases: dict[str, LeaseFacts]
    problems: tuple[Problem, ...]


def gather_inputs(*, bill: UtilityBill, rule: ShareRule) -> Gathered:
    """Read everything that a bill's calculation depends on."""
    units = read_units(bill.property)
    stays = {unit.propexo_unit_id: _stays(unit, bill.period) for unit in units}
    return Gathered(
        bill_input=BillInput(
            amount_cents=bill.amount_cents,
            period=BillPeriod(bill.period_start, bill.period_end),
            rule=_rule_input(rule),
            units=tuple(_unit_input(unit, stays[unit.propexo_unit_id]) for unit in units),
        ),
        units={unit.propexo_unit_id: unit for unit in units},
        leases={lease.propexo_lease_id: lease for unit in units for lease in unit.leases},
        problems=tuple(
            problem for unit in units if unit.billable for problem in _problems(unit, bill.period)
        ),
    )


def _rule_input(rule: ShareRule) -> RuleInput:
    return RuleInput(
        method=rule.method,
        vacancy=Vacancy(rule.vacancy),
        common_area_percent=rule.common_area_percent,
        vacant_unit_occupants=rule.vacant_unit_occupants,
    )


def _unit_input(unit: UnitFacts, stays: tuple[Stay, ...]) -> UnitInput:
    return UnitInput(
        key=unit.propexo_unit_id,
        label=unit.label,
        sqft=unit.sqft,
        bedrooms=unit.bedrooms,
        bathrooms=unit.bathrooms,
        billable=unit.billable,
        stays=stays,
    )


def _stays(unit: UnitFacts, period: Period) -> tuple[Stay, ...]:
    """Cut the leases to the bill's period, so that only what matters for it is frozen with it.

    A current lease goes on whatever its end date says: people stay month to month, and only the
    PMS's move-out, which makes the lease a past one, ends it.
    """
    if not unit.billable:
        return ()
    found = []
    for lease in unit.leases:
        days = period.overlap(lease.start, _end(lease))
        counts = lease.status in CURRENT or lease.status == LeaseStatus.PAST
        if counts and lease.start is not None and days is not None:
            found.append(_stay(unit, lease, days))
    return tuple(found)


def _end(lease: LeaseFacts) -> date | None:
    return None if lease.status in CURRENT else lease.end


def _stay(unit: UnitFacts, lease: LeaseFacts, days: Period) -> Stay:
    # A number of people that was typed is about those who live there now, not about former ones.
    typed = unit.value_typed(UnitField.OCCUPANT_COUNT) and lease.status in CURRENT
    return Stay(
        lease_key=lease.propexo_lease_id,
        start=days.start,
        end=days.end,
        occupants=unit.occupant_count if typed else lease.occupants,
    )


def _problems(unit: UnitFacts, period: Period) -> Iterable[Problem]:
    name = f"Unit {unit.label}"
    if unit.missing:
        yield _problem(
            unit,
            "unit",
            f"{name} was not in the PMS at the last sync. Sync again, or mark it as not billable.",
        )
    elif unit.occupied is None:
        yield _problem(
            unit,
            "occupied",
            f"{name} has the PMS status “{unit.raw_status}”, which does not say whether it is "
            "occupied. Say so on the unit.",
        )
    elif unit.occupied is False and unit.value_typed(UnitField.OCCUPIED) and _current(unit):
        yield _problem(
            unit,
            "occupied",
            f"{name} is said to be vacant by hand, but the PMS has a current lease "
            f"({_current(unit)}). Clear the value on the unit, or end the lease in the PMS and "
            "sync.",
        )
    elif unit.occupied and not any(lease.status in CURRENT for lease in unit.leases):
        yield _problem(
            unit,
            "lease",
            f"{name} is occupied, but has no current lease to charge. Sync it again, or say on the "
            "unit that it is vacant.",
        )
    for lease in unit.leases:
        if lease.status == LeaseStatus.UNKNOWN and period.overlap(lease.start, lease.end):
            yield _problem(
                unit,
                "lease",
                f"{name} has a lease ({lease.propexo_lease_id}) whose status in the PMS is not "
                "known. Correct it in the PMS and sync again.",
            )


def _current(unit: UnitFacts) -> str:
    return ", ".join(lease.propexo_lease_id for lease in unit.leases if lease.status in CURRENT)


def _problem(unit: UnitFacts, field: str, message: str) -> Problem:
    return Problem(unit.propexo_unit_id, unit.label, field, message)

"""From tables to the arithmetic: a bill with its rule and units, or why they will not do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from billing.bill_terms import read_bill_terms
from billing.models import ShareRule, UnitTerms, UtilityBill
from billing.occupancy import (
    empty_days,
    gap_in_evidence,
    may_have_lived_there,
    occupancy_doubt,
)
from billing.rubs import (
    BillInput,
    BillPeriod,
    Problem,
    RuleInput,
    Stay,
    UnitInput,
)
from billing.rubs.bill_lines import BillLine, LineKind, Spread
from billing.rubs.bill_terms import BillTerm, with_bill_terms
from billing.rubs.document import Document
from billing.rubs.numbers import Number
from billing.rubs.rule_input import Limits
from billing.rubs.wire_rule import read_rule
from integrations.models import ReviewItem, ReviewKind
from meterbase.lib.periods import Period
from portfolios.models import LeaseStatus, UnitField
from portfolios.queries import CURRENT_LEASES, LeaseFacts, UnitFacts, read_units


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


@dataclass(frozen=True, slots=True)
class _Particulars:
    """What is known of one unit beside the PMS's facts."""

    terms: UnitTerms | None
    usage: Number | None


def rule_for(bill: UtilityBill) -> ShareRule | None:
    """Find the version of the property's rule that counts for a bill's period."""
    in_force = Q(effective_from=None) | Q(effective_from__lte=bill.period_start)
    standing = ShareRule.objects.filter(withdrawn_at=None)
    rules = standing.filter(in_force, property=bill.property, utility=bill.utility)
    return rules.order_by("-version").first()


def rule_input(rule: ShareRule) -> RuleInput:
    """Read a stored rule as the arithmetic takes it."""
    columns = {
        "method": rule.method,
        "vacancy": rule.vacancy,
        "common_area_percent": str(rule.common_area_percent),
        "vacant_unit_occupants": None
        if rule.vacant_unit_occupants is None
        else str(rule.vacant_unit_occupants),
    }
    return read_rule(Document(_USUAL_OPTIONS | rule.options | columns, "rule"))


_USUAL_OPTIONS = {
    "strict_floor": False,
    "bedroom_factor": "1",
    "bathroom_factor": "1/2",
    "studio_bedrooms": "1",
}


def gather_inputs(
    *,
    bill: UtilityBill,
    rule: ShareRule | None = None,
    proposal: RuleInput | None = None,
    terms: Mapping[str, BillTerm] | None = None,
) -> Gathered:
    """Read everything that a bill's calculation depends on.

    Shape: a proposal takes the place of the stored rule; one of the two must be given. `terms` by
        unit key take the place of those that are stored for this bill alone.
    """
    if proposal is None:
        if rule is None:
            raise ValueError("a calculation needs a stored rule or a proposed one")
        proposal = rule_input(rule)
    units = read_units(bill.property)
    terms = read_bill_terms(bill) if terms is None else terms
    return Gathered(
        bill_input=with_bill_terms(_bill_input(bill, proposal, units), terms),
        units={unit.propexo_unit_id: unit for unit in units},
        leases={lease.propexo_lease_id: lease for unit in units for lease in unit.leases},
        problems=tuple(_problems_of_units(units, bill)),
    )


def current_input(*, bill: UtilityBill, rule: ShareRule) -> BillInput:
    """Read what a bill would be calculated from now, without asking what stands in the way."""
    found = _bill_input(bill, rule_input(rule), read_units(bill.property))
    return with_bill_terms(found, read_bill_terms(bill))


def _bill_input(bill: UtilityBill, rule: RuleInput, units: Sequence[UnitFacts]) -> BillInput:
    particulars = _read_particulars(bill)
    return BillInput(
        amount_cents=bill.amount_cents,
        period=BillPeriod(bill.period_start, bill.period_end),
        rule=rule,
        units=tuple(
            _unit_input(unit, _stays(unit, bill.period), particulars.get(unit.unit_id))
            for unit in units
        ),
        lines=_read_lines(bill),
    )


def _read_lines(bill: UtilityBill) -> tuple[BillLine, ...]:
    return tuple(
        BillLine(
            kind=LineKind(line.kind),
            amount_cents=line.amount_cents,
            name=line.name,
            spread=Spread(line.spread) if line.spread else None,
        )
        for line in bill.lines.all()
    )


def _read_particulars(bill: UtilityBill) -> dict[int, _Particulars]:
    terms = {
        found.unit_id: found
        for found in UnitTerms.objects.filter(unit__property=bill.property, utility=bill.utility)
    }
    usage = dict(bill.readings.values_list("unit_id", "usage"))
    return {
        unit_id: _Particulars(terms.get(unit_id), usage.get(unit_id))
        for unit_id in terms.keys() | usage.keys()
    }


def _unit_input(unit: UnitFacts, stays: tuple[Stay, ...], more: _Particulars | None) -> UnitInput:
    terms = more.terms if more else None
    return UnitInput(
        key=unit.propexo_unit_id,
        label=unit.label,
        sqft=unit.sqft,
        bedrooms=unit.bedrooms,
        bathrooms=unit.bathrooms,
        billable=unit.billable,
        stays=stays,
        excluded_because=(terms.excluded_because or None) if terms else None,
        weight=terms.weight if terms else None,
        percent=terms.percent if terms else None,
        usage=more.usage if more else None,
        limits=_limits(terms) if terms else None,
    )


def _limits(terms: UnitTerms) -> Limits | None:
    limits = Limits(
        minimum_cents=terms.minimum_cents,
        cap_cents=terms.cap_cents,
        flat_cents=terms.flat_cents,
    )
    return None if limits == Limits() else limits


def _stays(unit: UnitFacts, period: Period) -> tuple[Stay, ...]:
    """Cut the leases to the bill's period, so that only what matters for it is frozen with it.

    A current lease goes on whatever its end date says: people stay month to month, and only the
    PMS's move-out, which makes the lease a past one, ends it. One that is over without a day of
    which that is known counts for nobody.
    """
    if not unit.billable:
        return ()
    found = []
    for lease in unit.leases:
        days = period.overlap(lease.start, _end(lease))
        # One that the PMS no longer shows bills nobody; `_problems` asks about it first.
        over = lease.status == LeaseStatus.PAST and lease.end is not None
        counts = lease.is_current or over
        if counts and lease.start is not None and days is not None:
            found.append(_stay(unit, lease, days))
    return tuple(found)


def _end(lease: LeaseFacts) -> date | None:
    return None if lease.status in CURRENT_LEASES else lease.end


def _stay(unit: UnitFacts, lease: LeaseFacts, days: Period) -> Stay:
    # A number of people that was typed is about those who live there now, not about former ones.
    typed = unit.value_typed(UnitField.OCCUPANT_COUNT) and lease.status in CURRENT_LEASES
    return Stay(
        lease_key=lease.propexo_lease_id,
        start=days.start,
        end=days.end,
        occupants=unit.occupant_count if typed else lease.occupants,
    )


def _problems_of_units(units: Sequence[UnitFacts], bill: UtilityBill) -> Iterable[Problem]:
    """Find what a person must settle before the bill can be shared."""
    vanished = _leases_to_decide(bill, ReviewKind.VANISHED)
    odd = _leases_to_decide(bill, ReviewKind.ODD_VALUE)
    billable = [unit for unit in units if unit.billable]
    gap = ""
    if any(unit.is_silent for unit in billable):
        lease_ids = {lease.propexo_lease_id for unit in units for lease in unit.leases}
        gap = gap_in_evidence(bill.property, bill.period, lease_ids=lease_ids)
    for unit in billable:
        problem = _problem_of_occupancy(unit, bill.period, vanished, gap)
        if problem is not None:
            yield problem
        yield from _problems_of_leases(unit, bill.period, vanished)
        yield from _problems_of_endings(unit, bill.period, odd)


def _problem_of_occupancy(
    unit: UnitFacts, period: Period, vanished: Set[str], gap: str
) -> Problem | None:
    name = f"Unit {unit.label}"
    if unit.missing:
        return _problem(
            unit,
            "unit",
            f"{name} was not in the PMS at the last sync. Sync again, or mark it as not billable.",
        )
    if unit.occupied is None:
        return _unknown_occupancy(unit, period, vanished, gap)
    if unit.occupied is False and unit.value_typed(UnitField.OCCUPIED) and _current(unit):
        return _problem(
            unit,
            "occupied",
            f"{name} is said to be vacant by hand, but the PMS has a current lease "
            f"({_current(unit)}). Clear the value on the unit, or end the lease in the PMS and "
            "sync.",
        )
    if unit.occupied and not _current(unit):
        return _problem(
            unit,
            "lease",
            f"{name} is occupied, but has no current lease to charge. Sync it again, or say on the "
            "unit that it is vacant.",
        )
    return None


def _unknown_occupancy(
    unit: UnitFacts, period: Period, vanished: Set[str], gap: str
) -> Problem | None:
    """Ask about a status that MeterBase does not know, and about silence that leases leave open."""
    if not unit.is_silent:
        said = f"has the PMS status “{unit.raw_status}”, which does not say whether it is occupied"
        return _problem(unit, "occupied", f"Unit {unit.label} {said}. Say so on the unit.")
    doubt = occupancy_doubt(unit, period, gap=gap, asked_about=vanished)
    if not doubt:
        return None
    return _problem(
        unit,
        "occupied",
        f"Unit {unit.label} has no status in the PMS that says whether it is occupied, and "
        f"{doubt}. Say so on the unit.",
    )


def _problems_of_leases(unit: UnitFacts, period: Period, vanished: Set[str]) -> Iterable[Problem]:
    name = f"Unit {unit.label}"
    for lease in unit.leases:
        if lease.missing and lease.propexo_lease_id in vanished:
            yield _problem(
                unit,
                "lease",
                f"{name}: the lease {lease.propexo_lease_id} is no longer in the PMS. Decide its "
                "review item first: without it the lease bills nobody.",
            )
        if lease.status == LeaseStatus.UNKNOWN and period.overlap(lease.start, lease.end):
            yield _problem(
                unit,
                "lease",
                f"{name} has a lease ({lease.propexo_lease_id}) whose status in the PMS is not "
                "known. Correct it in the PMS and sync again.",
            )


def _problems_of_endings(unit: UnitFacts, period: Period, odd: Set[str]) -> Iterable[Problem]:
    """Ask about leases of which it is not certain until when they had their unit.

    Shape: `odd` are those that wait for a person's decision; what was decided counts as it stands.
    """
    certain = [lease for lease in unit.leases if lease.is_current or lease.end is not None]
    empty = empty_days(certain, period)
    for lease in unit.leases:
        if lease.propexo_lease_id not in odd:
            continue
        name = f"Unit {unit.label}: the lease {lease.propexo_lease_id}"
        if lease.is_current and lease.move_out is not None and lease.move_out < period.end:
            yield _problem(
                unit,
                "lease",
                f"{name} is current in the PMS, though everybody moved out on {lease.move_out}. "
                "Correct it in the PMS and sync again, or decide its review item: then it counts "
                "for the whole period.",
            )
        ended = lease.status == LeaseStatus.PAST and lease.end is None
        if ended and lease.contract_end is not None and may_have_lived_there(lease, empty):
            yield _problem(
                unit,
                "lease",
                f"{name} is over, and the PMS does not say since when. Enter the move-out in the "
                "PMS and sync again, or decide its review item: then it bills nobody.",
            )


def _current(unit: UnitFacts) -> str:
    """Name the leases that are charged now, as the PMS shows them."""
    return ", ".join(lease.propexo_lease_id for lease in unit.leases if lease.is_current)


def _leases_to_decide(bill: UtilityBill, kind: ReviewKind) -> frozenset[str]:
    """List the leases about which nobody has decided yet, though something is wrong with them."""
    items = ReviewItem.objects.filter(
        property=bill.property_id,
        kind=kind,
        record_kind="lease",
        resolved_at=None,
    )
    return frozenset(items.values_list("remote_id", flat=True))


def _problem(unit: UnitFacts, field: str, message: str) -> Problem:
    return Problem(unit.propexo_unit_id, unit.label, field, message)

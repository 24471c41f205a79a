"""Holding a property's rules and calculations against the rules of its place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from billing.models import PlaceFacts, PlaceOverride, Utility
from billing.rubs import Allocation, Bucket, RuleInput
from billing.rubs.rule_input import CommonAreaBase, RatioTable
from billing.rubs.rules import (
    CalculationOutcome,
    CommonAreaKind,
    DeductionBase,
    Finding,
    Irrigation,
    MethodPart,
    Place,
    PropertyFacts,
    PropertyKind,
    RuleProposal,
    Severity,
    TenantCharge,
    WeightTable,
    review_calculation,
    review_rule,
)
from portfolios.models import Property


@dataclass(frozen=True, slots=True)
class PlaceFinding:
    """What the place's rules say, with the reason why an accountant set it aside, if one did."""

    finding: Finding
    override: PlaceOverride | None = None

    @property
    def blocks(self) -> bool:
        """Tell whether nothing may go on until somebody decides."""
        return self.finding.severity is Severity.BLOCK and self.override is None


def place_of(place: Property) -> Place:
    """Tell where a property is."""
    return Place(place.state, place.city)


def read_facts(place: Property) -> PropertyFacts:
    """Read what is known of a property for the law; what nobody said is unknown."""
    stored = PlaceFacts.objects.filter(property=place).first()
    facts: dict[str, Any] = dict(stored.facts) if stored else {}
    kinds = {"kind": PropertyKind, "irrigation": Irrigation}
    known = {field.name for field in fields(PropertyFacts)}
    read: dict[str, Any] = {}
    for name, value in facts.items():
        if name not in known or value is None:
            continue
        if name in kinds:
            read[name] = kinds[name](value)
        elif name.endswith("_on"):
            read[name] = date.fromisoformat(value)
        else:
            read[name] = value
    read.setdefault("unit_count", place.unit_count)
    return PropertyFacts(**read)


def review_share_rule(
    *, place: Property, utility: Utility, rule: RuleInput
) -> tuple[PlaceFinding, ...]:
    """Hold a share rule, stored or only proposed, against the rules of its place."""
    findings = review_rule(place_of(place), propose(place, utility, rule))
    return _with_overrides(place, utility, findings)


def review_allocation(
    *, place: Property, utility: Utility, rule: RuleInput, allocation: Allocation
) -> tuple[PlaceFinding, ...]:
    """Hold a calculation and the rule that it was made by against the rules of its place."""
    proposal = propose(place, utility, rule)
    fees = {(fee.unit_key, fee.lease_key): fee.cents for fee in allocation.fees}
    outcome = CalculationOutcome(
        proposal=proposal,
        bill_cents=allocation.bill_cents - allocation.owner_cents_in(Bucket.NOT_PASSED_ON),
        charges=tuple(
            TenantCharge(
                unit_label=line.unit_label,
                share_cents=line.cents,
                fee_cents=fees.get((line.unit_key, line.lease_key), 0),
            )
            for line in allocation.lines
        ),
        common_area_cents=allocation.owner_cents_in(Bucket.COMMON_AREA),
        period_days=allocation.basis.period.days,
    )
    spot = place_of(place)
    findings = (*review_rule(spot, proposal), *review_calculation(spot, outcome))
    return _with_overrides(place, utility, findings)


def propose(place: Property, utility: Utility, rule: RuleInput) -> RuleProposal:
    """Put a share rule into the words in which places speak of rules."""
    mixed = rule.method == "mix"
    fee = rule.admin_fee
    return RuleProposal(
        utility=utility.value,
        method=None if mixed else rule.method,
        parts=tuple(MethodPart(part.method, part.percent) for part in rule.mix),
        vacancy=rule.vacancy,
        common_area_kind=_common_area_kind(rule),
        common_area_percent=rule.common_area_percent,
        common_area_base=_BASES[rule.common_area_base],
        ratio_table=_weights(rule.occupancy_ratios, first=1),
        bedroom_table=_weights(rule.bedroom_ratios, first=0),
        admin_fee_percent=(fee.percent or 0) if fee else 0,
        admin_fee_cents=(fee.flat_cents or 0) if fee else 0,
        facts=read_facts(place),
    )


_BASES = {
    CommonAreaBase.BILL: DeductionBase.BILL,
    CommonAreaBase.SHARED_LINES: DeductionBase.AFTER_FIXED_CHARGES,
}


def _weights(table: RatioTable, *, first: int) -> WeightTable | None:
    """Give a rule's table in the words of places, which begin it at the same count everywhere."""
    return WeightTable(table.ratios, table.each_more) if table.first == first else None


def _common_area_kind(rule: RuleInput) -> CommonAreaKind | None:
    if rule.common_area_usage is not None:
        return CommonAreaKind.METERED
    return CommonAreaKind.FIXED if rule.common_area_cents else CommonAreaKind.PERCENT


def findings_to_json(findings: tuple[PlaceFinding, ...]) -> list[dict[str, Any]]:
    """Write findings as they are frozen with a calculation."""
    return [
        {
            **asdict(found.finding),
            "severity": found.finding.severity.value,
            "confidence": found.finding.confidence.value,
            "set_aside": None
            if found.override is None
            else {
                "by": str(found.override.decided_by),
                "on": found.override.decided_at.date().isoformat(),
                "reason": found.override.reason,
            },
        }
        for found in findings
    ]


def _with_overrides(
    place: Property, utility: Utility, findings: tuple[Finding, ...]
) -> tuple[PlaceFinding, ...]:
    overrides = {
        override.place_rule_id: override
        for override in PlaceOverride.objects.filter(
            property=place, utility=utility
        ).select_related("decided_by")
    }
    return tuple(PlaceFinding(found, overrides.get(found.rule_id)) for found in findings)

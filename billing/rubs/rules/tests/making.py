"""Short ways to make rulebooks, share rules and calculations for the tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from billing.rubs import Vacancy
from billing.rubs.rules import (
    BillLine,
    CalculationOutcome,
    DeductionBase,
    Finding,
    Irrigation,
    Item,
    Place,
    PropertyFacts,
    PropertyKind,
    RuleProposal,
    Severity,
    TenantCharge,
    VacantPart,
    review_rule,
)
from billing.rubs.rules.table import Table

RULE = """
place = "Testland"
state = "TX"

[[rules]]
id = "tx.one"
checks = "due_days"
utilities = ["water"]
severity = "block"
confidence = "high"
evidence = "text"
seen_on = "2025-03-28"
citation = "Code 1"
message = "A bill falls due after 16 days."
remedy = "Give 16 days."
[rules.limits]
minimum_days = 16
"""

# A rule that keeps everything: tests change one thing at a time.
SOUND = RuleProposal(
    utility="water",
    method="occupants",
    vacancy=Vacancy.OWNER_PAYS,
    common_area_percent=Decimal(10),
    common_area_base=DeductionBase.BILL,
    service_charge_vacant=VacantPart.OWNER,
    base_charge_vacant=VacantPart.OWNER,
    passed_on_lines=frozenset({BillLine.USAGE, BillLine.TAX}),
    admin_fee_percent=0,
    admin_fee_cents=0,
    late_fee_percent=0,
    late_fee_cents=0,
    due_days=30,
    changes_method=True,
    notice_days=90,
    tenants_sign=True,
    records_months=60,
    statement_items=frozenset(Item),
    lease_items=frozenset(Item),
    notice_items=frozenset(Item),
    effective_on=date(2026, 9, 1),
    facts=PropertyFacts(
        kind=PropertyKind.APARTMENTS,
        unit_count=40,
        irrigation=Irrigation.NONE,
        common_areas_metered=False,
        rent_controlled=False,
        tax_credit=False,
        previously_submetered=False,
        construction_began_on=date(1975, 1, 1),
        permit_sought_on=date(1974, 1, 1),
        permitted_on=date(1974, 6, 1),
        water_connected_on=date(1975, 6, 1),
    ),
)


def limits(**members: object) -> Table:
    """Make a table of limits as a data file would give it."""
    return Table(members, file="test.toml", place="limits")


def water(method: str | None = None) -> RuleProposal:
    """Make a rule for water of which nothing more is known."""
    return RuleProposal(utility="water", method=method)


def outcome(
    proposal: RuleProposal,
    bill_cents: int,
    *charges: tuple[int, int],
    common_area_cents: int | None = None,
    period_days: int | None = 30,
) -> CalculationOutcome:
    """Make a calculation from the shares and fees of units 1, 2 and so on."""
    return CalculationOutcome(
        proposal=proposal,
        bill_cents=bill_cents,
        charges=tuple(
            TenantCharge(unit_label=f"{number}", share_cents=share, fee_cents=fee)
            for number, (share, fee) in enumerate(charges, 1)
        ),
        common_area_cents=common_area_cents,
        period_days=period_days,
    )


def severities(findings: tuple[Finding, ...]) -> dict[str, Severity]:
    """Tell how grave each rule's finding is."""
    return {finding.rule_id: finding.severity for finding in findings}


def reviewed(state: str, proposal: RuleProposal, city: str = "") -> dict[str, Severity]:
    """Review a rule and tell how grave each finding is."""
    return severities(review_rule(Place(state, city), proposal))


def with_facts(proposal: RuleProposal, **facts: object) -> RuleProposal:
    """Give a rule's property other facts."""
    return replace(proposal, facts=replace(proposal.facts, **facts))  # type: ignore[arg-type]  # the test names the fields


def found(state: str, proposal: RuleProposal, city: str = "") -> dict[str, Severity]:
    """Tell what is found besides notes."""
    all_of_it = reviewed(state, proposal, city)
    return {rule: severity for rule, severity in all_of_it.items() if severity is not Severity.NOTE}

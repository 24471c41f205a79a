"""What a share rule would do: the last bill under it, and what its place says about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from billing.inputs import rule_for, rule_input
from billing.models import UtilityBill
from billing.place_review import PlaceFinding, review_share_rule
from billing.rubs import Allocation, Bucket, RuleInput
from billing.rubs.rules import Severity
from billing.views.bill_problems import reasons
from billing.views.owner_buckets import name_of
from billing.views.rule_scope import RuleScope
from billing.views.wording import Badge, billing_month, percent
from billing.what_if import UnitChange, latest_bill, try_rule, unit_changes

CHANGES_SHOWN = 5

_SEVERITIES = {
    Severity.BLOCK: Badge("Blocks", "danger"),
    Severity.WARN: Badge("Warning", "warning"),
    Severity.CONFIRM: Badge("To confirm", "unknown"),
    Severity.NOTE: Badge("Note", "neutral"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The last bill under a rule; either the sums or the reasons why there are none.

    Shape: `owner` are (name, cents) pairs; `changes` are against the rule in force, None when that
        gives nothing to compare with; `reasons` are (sentence, url) pairs.
    Units: cents.
    """

    bill: UtilityBill
    month: str
    allocation: Allocation | None = None
    recovery: str = ""
    owner: tuple[tuple[str, int], ...] = ()
    changes: tuple[UnitChange, ...] | None = None
    changed: int = 0
    reasons: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding of the place's rules as it is shown."""

    found: PlaceFinding
    badge: Badge
    set_aside_url: str


@dataclass(frozen=True, slots=True)
class PlaceReview:
    """What the place's rules say: what is not kept, what nobody knows, what is good to know."""

    open: tuple[FindingRow, ...]
    to_confirm: tuple[FindingRow, ...]
    notes: tuple[FindingRow, ...]


def preview_rule(scope: RuleScope, rule: RuleInput) -> Preview | None:
    """Share the last bill by a rule; None when there is no bill."""
    bill = latest_bill(scope.place, scope.utility)
    if bill is None:
        return None
    trial = try_rule(bill, rule)
    month = billing_month(bill)
    if trial.allocation is None:
        return Preview(bill=bill, month=month, reasons=tuple(reasons(bill, trial.problems)))
    allocation = trial.allocation
    changes = _changes(bill, allocation)
    return Preview(
        bill=bill,
        month=month,
        allocation=allocation,
        recovery=percent(Fraction(allocation.tenants_cents, bill.amount_cents), places=1),
        owner=_owner_parts(allocation),
        changes=None if changes is None else changes[:CHANGES_SHOWN],
        changed=len(changes or ()),
    )


def _changes(bill: UtilityBill, allocation: Allocation) -> tuple[UnitChange, ...] | None:
    stored = rule_for(bill)
    present = try_rule(bill, rule_input(stored)).allocation if stored else None
    if present is None:
        return None
    changes = unit_changes([present], [allocation])
    return tuple(change for change in changes if change.difference_cents)


def _owner_parts(allocation: Allocation) -> tuple[tuple[str, int], ...]:
    there = {line.bucket for line in allocation.owner}
    return tuple(
        (name_of(bucket), cents)
        for bucket in Bucket
        if bucket in there and (cents := allocation.owner_cents_in(bucket))
    )


def review_of(scope: RuleScope, rule: RuleInput) -> PlaceReview:
    """Hold a rule against the rules of its place."""
    findings = review_share_rule(place=scope.place, utility=scope.utility, rule=rule)
    rows = [_finding_row(scope, found) for found in findings]
    return PlaceReview(
        open=_of(rows, Severity.BLOCK, Severity.WARN),
        to_confirm=_of(rows, Severity.CONFIRM),
        notes=_of(rows, Severity.NOTE),
    )


def _of(rows: Sequence[FindingRow], *severities: Severity) -> tuple[FindingRow, ...]:
    return tuple(row for row in rows if row.found.finding.severity in severities)


def _finding_row(scope: RuleScope, found: PlaceFinding) -> FindingRow:
    if found.override is not None:
        return FindingRow(found, Badge("Set aside", "neutral"), "")
    url = scope.url("place-set-aside", found.finding.rule_id)
    may = found.blocks and scope.may_approve
    return FindingRow(found, _SEVERITIES[found.finding.severity], url if may else "")

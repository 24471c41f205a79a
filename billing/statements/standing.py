"""How issued statements stand: whether what they tell still holds, and whether it was posted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from enum import StrEnum

from django.db.models import Q

from billing.models import (
    Calculation,
    CalculationState,
    Posting,
    PostingState,
    ResolvedAs,
    Statement,
)
from billing.statements.month import LONGEST_HALF, standing_charges
from billing.words import month_of

LeaseMonthKey = tuple[int, date]


class StatementStanding(StrEnum):
    """Where an issued statement stands.

    Shape: an outdated one tells of other charges than are approved now: issue it anew.
    """

    ISSUED = "issued"
    PARTLY_POSTED = "partly_posted"
    POSTED = "posted"
    OUTDATED = "outdated"


def standings_of(statements: Collection[Statement]) -> dict[int, StatementStanding]:
    """Tell how statements stand, by id; their lines have to be read along."""
    standing = _charges_now(statements)
    told = {
        statement.pk: frozenset(line.charge_id for line in statement.lines.all())
        for statement in statements
    }
    posted = _posted([charge for charges in told.values() for charge in charges])
    return {
        statement.pk: StatementStanding.OUTDATED
        if told[statement.pk] != standing[statement.lease_id, statement.month]
        else _how_far(statement, posted)
        for statement in statements
    }


def _how_far(statement: Statement, posted: frozenset[int]) -> StatementStanding:
    # What comes to nothing is never posted.
    charges = {line.charge_id for line in statement.lines.all() if line.amount_cents}
    if charges and charges <= posted:
        return StatementStanding.POSTED
    return StatementStanding.PARTLY_POSTED if charges & posted else StatementStanding.ISSUED


def _charges_now(statements: Collection[Statement]) -> defaultdict[LeaseMonthKey, frozenset[int]]:
    """Find the charges that statements of the same leases and months would tell of now."""
    found: defaultdict[LeaseMonthKey, frozenset[int]] = defaultdict(frozenset)
    if not statements:
        return found
    leases = {statement.lease_id for statement in statements}
    months = {statement.month for statement in statements}
    around = Calculation.objects.filter(
        state=CalculationState.APPROVED,
        bill__property__in={statement.property_id for statement in statements},
        bill__period_start__gt=min(months) - LONGEST_HALF,
        bill__period_end__lt=max(months) + LONGEST_HALF,
    )
    of_calculation = {
        calculation.pk: month_of(calculation.bill.period)
        for calculation in around.select_related("bill").defer("inputs", "result")
        if month_of(calculation.bill.period) in months
    }
    charges = standing_charges(Calculation.objects.filter(pk__in=of_calculation))
    rows = charges.filter(lease__in=leases).values_list("pk", "lease_id", "calculation_id")
    for charge, lease, calculation in rows:
        found[lease, of_calculation[calculation]] |= {charge}
    return found


def _posted(charges: Collection[int]) -> frozenset[int]:
    """Find what is in the PMS, by MeterBase's hand or a person's."""
    postings = Posting.objects.filter(
        Q(state=PostingState.POSTED) | Q(resolved_as=ResolvedAs.BY_HAND),
        charge__in=charges,
        reverses=None,
        reversed_at=None,
        job__post_to_pms=True,
    )
    return frozenset(postings.values_list("charge_id", flat=True))

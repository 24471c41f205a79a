"""Issuing statements: what a resident is told is frozen, and a later version never changes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from billing.models import (
    Calculation,
    CalculationState,
    Statement,
    StatementCharge,
)
from billing.rubs.rules import StatementField
from billing.statements.compose import Composed, composer_for
from billing.statements.content import content_to_json, digest_of
from billing.statements.month import LeaseMonth, LeaseTotal, read_month
from portfolios.models import Lease, Property, User
from portfolios.operations.audit import record_event

_BATCH = 200


class NothingToIssue(Exception):
    """No charge is approved that a statement could tell of, or the statement says it already."""


class NotComplete(Exception):
    """The place asks for something that nobody has filled in."""

    def __init__(self, fields: Sequence[StatementField]) -> None:
        names = "; ".join(f"{field.label} ({field.citation})" for field in fields)
        super().__init__(f"Complete what this place asks for first: {names}.")
        self.fields = tuple(fields)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A statement that is about to be issued."""

    found: LeaseMonth
    composed: Composed


def issue_statement(*, lease: Lease, month: date, by: User, now: datetime) -> Statement:
    """Issue the statement of one lease for a month, or a new version of it.

    Errors: NothingToIssue, NotComplete.
    Effects: a statement that is never changed; an audit event.
    """
    place = lease.unit.property
    drafts = _drafts(place, month, now=now, leases=[lease.pk])
    _refuse_incomplete(drafts)
    issued = _freeze(place, month, drafts, by=by, now=now, also_rewordings=True)
    if not issued:
        raise NothingToIssue(
            "The latest version of this statement says the same."
            if drafts
            else "Nothing of this month is approved for this resident."
        )
    return issued[0]


@dataclass(frozen=True, slots=True)
class MonthIssued:
    """A month whose statements are issued.

    Shape: `leases` are all that have a statement which holds, `count` the new statements.
    """

    leases: frozenset[int]
    count: int


def issue_month(*, place: Property, month: date, by: User, now: datetime) -> MonthIssued:
    """Issue the statements of a month that were never issued, or whose charges have changed.

    Shape: what was issued before and still holds stays as it is.
    Errors: NothingToIssue when the month has no approved charge, NotComplete.
    Effects: as `issue_statement`, in several transactions: what is done stays done.
    """
    drafts = _drafts(place, month, now=now)
    if not drafts:
        raise NothingToIssue(f"Nothing of {month:%B %Y} is approved for {place}.")
    _refuse_incomplete(drafts)
    count = 0
    for start in range(0, len(drafts), _BATCH):
        batch = drafts[start : start + _BATCH]
        count += len(_freeze(place, month, batch, by=by, now=now, also_rewordings=False))
    return MonthIssued(frozenset(draft.found.lease.pk for draft in drafts), count)


def latest_statements(place: Property, month: date) -> dict[int, Statement]:
    """Give the latest version of every statement of a month, by lease."""
    statements = Statement.objects.filter(property=place, month=month).order_by("version")
    return {statement.lease_id: statement for statement in statements}


def charges_told(place: Property, month: date) -> dict[int, frozenset[int]]:
    """List the charges that the statements of a month tell of, by statement."""
    told: dict[int, set[int]] = {}
    lines = StatementCharge.objects.filter(statement__property=place, statement__month=month)
    for statement, charge in lines.order_by("pk").values_list("statement", "charge"):
        told.setdefault(statement, set()).add(charge)
    return {statement: frozenset(charges) for statement, charges in told.items()}


def compose_for(lease: Lease, month: date, *, now: datetime) -> Composed | None:
    """Compose a lease's statement as it would be issued now; None when nothing is approved."""
    drafts = _drafts(lease.unit.property, month, now=now, leases=[lease.pk])
    return drafts[0].composed if drafts else None


def missing_in_month(
    place: Property, month: date, totals: Iterable[LeaseTotal], *, now: datetime
) -> NotComplete | None:
    """Say what has to be completed before a month's statements are issued; None when nothing."""
    # What can be completed is the same for all who share the same bills.
    one_of_each = {total.calculations: total.lease.pk for total in totals}
    try:
        _refuse_incomplete(_drafts(place, month, now=now, leases=one_of_each.values()))
    except NotComplete as missing:
        return missing
    return None


def _drafts(
    place: Property, month: date, *, now: datetime, leases: Iterable[int] | None = None
) -> list[_Draft]:
    found = read_month(place, month, leases=leases)
    composer, issued = composer_for(place, found), timezone.localdate(now)
    return [_Draft(each, composer.compose(each, month=month, issued=issued)) for each in found]


def _refuse_incomplete(drafts: list[_Draft]) -> None:
    missing = {field.name: field for draft in drafts for field in draft.composed.to_complete}
    if missing:
        raise NotComplete(tuple(missing.values()))


@transaction.atomic
def _freeze(
    place: Property,
    month: date,
    drafts: list[_Draft],
    *,
    by: User,
    now: datetime,
    also_rewordings: bool,
) -> list[Statement]:
    # The row lock makes two people who issue at once take turns.
    Property.objects.select_for_update().get(pk=place.pk)
    _refuse_not_approved(drafts)
    latest = latest_statements(place, month)
    told = charges_told(place, month)
    new = []
    for draft in drafts:
        before = latest.get(draft.found.lease.pk)
        statement = _statement(place, month, draft, before, by=by, now=now)
        told_now = told.get(before.pk) if before else None
        changed = told_now != frozenset(charge.pk for charge in draft.found.charges)
        if changed or (before and also_rewordings and _says_more(before, statement)):
            new.append((draft, statement))
    _store(place, month, new, by=by, now=now)
    return [statement for _, statement in new]


def _refuse_not_approved(drafts: list[_Draft]) -> None:
    calculations = {shared.calculation.pk for draft in drafts for shared, _ in draft.found.accounts}
    approved = Calculation.objects.filter(pk__in=calculations, state=CalculationState.APPROVED)
    if approved.count() < len(calculations):
        raise NothingToIssue(
            "A bill of this month was calculated anew a moment ago. Look again when it is approved."
        )


def _statement(
    place: Property,
    month: date,
    draft: _Draft,
    before: Statement | None,
    *,
    by: User,
    now: datetime,
) -> Statement:
    stored = content_to_json(draft.composed.content)
    return Statement(
        property=place,
        lease=draft.found.lease,
        month=month,
        version=before.version + 1 if before else 1,
        content=stored,
        digest=digest_of(stored),
        total_cents=draft.found.total_cents,
        issued_by=by,
        issued_at=now,
    )


def _says_more(before: Statement, statement: Statement) -> bool:
    """Tell whether another version would say anything new but its own day."""
    days = {"issued_on": "", "due_on": ""}
    return bool(before.content | days != statement.content | days) or (
        bool(before.content["due_on"]) != bool(statement.content["due_on"])
    )


def _store(
    place: Property,
    month: date,
    new: list[tuple[_Draft, Statement]],
    *,
    by: User,
    now: datetime,
) -> None:
    if not new:
        return
    Statement.objects.bulk_create([statement for _, statement in new])
    StatementCharge.objects.bulk_create(
        [
            StatementCharge(statement=statement, charge=charge, amount_cents=charge.amount_cents)
            for draft, statement in new
            for charge in draft.found.charges
        ]
    )
    record_event(
        verb="statements.issued",
        subject=place,
        by=by,
        now=now,
        after={
            "month": month.isoformat(),
            "statements": [statement.pk for _, statement in new],
            "total_cents": sum(statement.total_cents for _, statement in new),
        },
    )

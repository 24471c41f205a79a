"""Calculating a bill, and bringing the calculation before somebody who approves it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q

from billing.approval_tiers import approvals_of
from billing.inputs import Gathered, gather_inputs, rule_for, rule_input
from billing.models import (
    Calculation,
    CalculationState,
    Charge,
    ChargeKind,
    OwnerShare,
    ShareRule,
    Utility,
    UtilityBill,
)
from billing.notices.acts import tell_approval_waits
from billing.operations.postings import AlreadyPosted, ShownInThePms, cancel_refused
from billing.place_review import findings_to_json, review_allocation
from billing.queries import blockers, changes_since, charging_jobs
from billing.rubs import Allocation, Bucket, CannotAllocate, Problem, allocate
from billing.rubs.wire import allocation_to_json, bill_input_to_json, digest
from integrations.freshness import Freshness, over_time, read_freshness
from portfolios.models import User
from portfolios.operations.audit import record_event


class CannotCalculate(Exception):
    """The bill cannot be shared until every one of these problems is solved."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class NoShareRule(Exception):
    """The property has no rule for this utility."""

    def __init__(self, bill: UtilityBill) -> None:
        super().__init__(
            f"{bill.property} has no share rule for {bill.get_utility_display().lower()}. "
            "Set one, then calculate."
        )


class WrongState(Exception):
    """The calculation is not where this act needs it."""


class OutOfDate(Exception):
    """What the calculation was made from has changed since."""

    def __init__(self, changes: Sequence[str]) -> None:
        super().__init__(
            "The calculation is out of date: " + "; ".join(changes) + ". Calculate the bill again."
        )
        self.changes = tuple(changes)


class Blocked(Exception):
    """Something has to be decided before the calculation can go into review."""

    def __init__(self, blockers: Sequence[str]) -> None:
        super().__init__(" ".join(blockers))
        self.blockers = tuple(blockers)


def calculate_bill(*, bill: UtilityBill, by: User, now: datetime) -> Calculation:
    """Share a bill by the property's active rule, as a new version.

    Errors: NoShareRule, CannotCalculate with all problems; WrongState when the bill was posted or
        voided.
    Effects: a calculation with its charges; the version before it is superseded; an audit event.
    """
    rule = rule_for(bill)
    if rule is None:
        raise NoShareRule(bill)
    before = read_freshness(bill.property)
    gathered = gather_inputs(bill=bill, rule=rule)
    freshness = over_time(before, read_freshness(bill.property))
    allocation = _allocate(gathered)
    return _store(gathered, allocation, freshness=freshness, bill=bill, rule=rule, by=by, now=now)


def _allocate(gathered: Gathered) -> Allocation:
    problems = list(gathered.problems)
    try:
        allocation = allocate(gathered.bill_input)
    except CannotAllocate as refusal:
        problems.extend(refusal.problems)
    if problems:
        raise CannotCalculate(problems)
    return allocation


@transaction.atomic
def _store(
    gathered: Gathered,
    allocation: Allocation,
    *,
    freshness: Freshness | None,
    bill: UtilityBill,
    rule: ShareRule,
    by: User,
    now: datetime,
) -> Calculation:
    findings = review_allocation(
        place=bill.property,
        utility=Utility(bill.utility),
        rule=rule_input(rule),
        allocation=allocation,
    )
    # The row lock makes two people who calculate at once take turns.
    lock_bill(bill.pk)
    _supersede(bill, by=by, now=now)
    latest: int = bill.calculations.aggregate(latest=Max("version"))["latest"] or 0
    calculation = Calculation.objects.create(
        bill=bill,
        share_rule=rule,
        version=latest + 1,
        inputs=bill_input_to_json(gathered.bill_input),
        inputs_digest=digest(gathered.bill_input),
        result=allocation_to_json(allocation),
        engine_version=allocation.engine_version,
        bill_cents=allocation.bill_cents,
        tenants_cents=allocation.tenants_cents,
        owner_cents=allocation.owner_cents,
        fees_cents=allocation.fees_cents,
        findings=findings_to_json(findings),
        data_as_of=freshness.as_of if freshness else None,
        data_in_sync=freshness is not None and freshness.is_syncing,
        prepared_by=by,
        prepared_at=now,
    )
    Charge.objects.bulk_create(_charges(calculation, gathered))
    OwnerShare.objects.bulk_create(_owner_shares(calculation, allocation))
    record_event(
        verb="calculation.made",
        subject=calculation,
        by=by,
        now=now,
        after={
            "tenants_cents": calculation.tenants_cents,
            "owner_cents": calculation.owner_cents,
            "inputs_digest": calculation.inputs_digest,
        },
    )
    return calculation


def lock_bill(bill_id: int) -> UtilityBill:
    """Read a bill, and hold it until the transaction ends: nobody changes it meanwhile.

    Errors: WrongState when it was voided.
    """
    bill = UtilityBill.everything.select_for_update().get(pk=bill_id)
    if bill.voided_at is not None:
        raise WrongState("This bill was voided, so it is not calculated any more.")
    return bill


def _supersede(bill: UtilityBill, *, by: User, now: datetime) -> None:
    # Whoever posts a calculation locks its row as well: it is posted or superseded, never both.
    live = bill.calculations.select_for_update().filter(state__in=_LIVE).first()
    if live is None:
        return
    if charging_jobs(live.jobs.all()).exists():
        raise WrongState(_POSTED)
    try:
        refused = Q(job__calculation=live)
        cancel_refused(refused, by=by, now=now, note="The bill was calculated anew.")
    except ShownInThePms as shown:
        raise WrongState(str(shown)) from None
    except AlreadyPosted:
        raise WrongState(_POSTED) from None
    live.state = CalculationState.SUPERSEDED
    live.save(update_fields=["state"])


_POSTED = "This bill has been posted. Its charges can be reversed, but not calculated anew."
_LIVE = (CalculationState.DRAFT, CalculationState.IN_REVIEW, CalculationState.APPROVED)


def _charges(calculation: Calculation, gathered: Gathered) -> list[Charge]:
    charges = []
    shares = [(ChargeKind.SHARE, line) for line in calculation.result["lines"]]
    fees = [(ChargeKind.FEE, line) for line in calculation.result["fees"]]
    for kind, line in (*shares, *fees):
        unit = gathered.units[line["unit_key"]]
        lease = gathered.leases[line["lease_key"]]
        charges.append(
            Charge(
                calculation=calculation,
                kind=kind,
                unit_id=unit.unit_id,
                lease_id=lease.lease_id,
                unit_label=unit.label,
                resident_name=lease.resident_name,
                propexo_unit_id=unit.propexo_unit_id,
                propexo_lease_id=lease.propexo_lease_id,
                propexo_resident_id=lease.propexo_resident_id,
                amount_cents=line["cents"],
                explanation=line,
            )
        )
    return charges


def _owner_shares(calculation: Calculation, allocation: Allocation) -> list[OwnerShare]:
    sums = {bucket: allocation.owner_cents_in(bucket) for bucket in Bucket}
    return [
        OwnerShare(calculation=calculation, bucket=bucket.value, amount_cents=cents)
        for bucket, cents in sums.items()
        if cents
    ]


@transaction.atomic
def submit_calculation(*, calculation: Calculation, by: User, now: datetime) -> None:
    """Hand a draft over to the accountants.

    Errors: WrongState, OutOfDate, Blocked.
    Effects: the calculation is in review; an audit event; notices to those who may approve it.
    """
    lock_bill(calculation.bill_id)
    refuse_out_of_date(calculation)
    refuse_blocked(calculation)
    needed = approvals_of(calculation).needed
    change_state(
        calculation,
        CalculationState.DRAFT,
        CalculationState.IN_REVIEW,
        submitted_by=by,
        submitted_at=now,
        approvals_needed=needed,
    )
    record_event(
        verb="calculation.submitted",
        subject=calculation,
        by=by,
        now=now,
        after={"approvals_needed": needed},
    )
    tell_approval_waits(calculation, now=now)


def refuse_out_of_date(calculation: Calculation) -> None:
    """Refuse a calculation that would come out differently now.

    Errors: OutOfDate.
    """
    changes = changes_since(calculation)
    if changes:
        raise OutOfDate(changes)


def refuse_blocked(calculation: Calculation) -> None:
    """Refuse a calculation of which something is still to be decided.

    Errors: Blocked.
    """
    found = blockers(calculation)
    if found:
        raise Blocked(found)


def change_state(
    calculation: Calculation, was: CalculationState, to: CalculationState, **changes: object
) -> None:
    """Move a calculation on, with other columns in the same statement.

    Errors: WrongState when it is not, or no longer, where the move begins.
    """
    changed = Calculation.objects.filter(pk=calculation.pk, state=was).update(state=to, **changes)
    if not changed:
        calculation.refresh_from_db(fields=["state"])
        raise WrongState(
            f"This needs a calculation that is {was.label.lower()}; this one is "
            f"{calculation.get_state_display().lower()}."
        )
    calculation.refresh_from_db()

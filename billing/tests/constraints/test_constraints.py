"""What the database refuses by itself, whoever writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import CheckConstraint, F, Model

from billing.models import (
    Approval,
    BillDocument,
    BillFlag,
    BillTerms,
    Calculation,
    Charge,
    ChargeCode,
    ChargeCodeMapping,
    FailureFollowUp,
    GoLiveTick,
    LedgerCheck,
    LedgerDifference,
    LedgerSighting,
    PlaceOverride,
    Posting,
    PostingAttempt,
    PostingJob,
    Reversal,
    ReversalItem,
    SavedView,
    ShareRule,
    SubmeterReading,
    UnitTerms,
    UtilityBill,
    UtilityBillLine,
    UtilityChargeCode,
)
from billing.tests.paper_offences import PAPER_OFFENCES
from billing.tests.small_place import small_job

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Rows:
    """One sound row of each table."""

    bill: UtilityBill
    line: UtilityBillLine
    reading: SubmeterReading
    flag: BillFlag
    terms: UnitTerms
    bill_terms: BillTerms
    override: PlaceOverride
    rule: ShareRule
    calculation: Calculation
    approval: Approval
    charge: Charge
    job: PostingJob
    posting: Posting
    attempt: PostingAttempt
    check: LedgerCheck
    code: ChargeCode
    usual: UtilityChargeCode
    mapping: ChargeCodeMapping
    reversal: Reversal
    item: ReversalItem
    tick: GoLiveTick
    now: datetime


@pytest.fixture
def rows(settings, cast, now) -> Rows:
    """Make a job, and an attempt that is open."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = small_job(cast, now)
    approved = job.calculation
    posting = job.postings.all()[0]
    bill, unit = approved.bill, posting.charge.unit
    entered = {"entered_by": cast.manager, "entered_at": now}
    return Rows(
        bill=bill,
        line=UtilityBillLine.objects.create(bill=bill, position=1, kind="usage", amount_cents=1),
        reading=SubmeterReading.objects.create(bill=bill, unit=unit, usage=1, **entered),
        flag=BillFlag.objects.create(bill=bill, kind="gap", message="A gap.", found_at=now),
        terms=UnitTerms.objects.create(unit=unit, utility="water", set_by=cast.manager, set_at=now),
        bill_terms=BillTerms.objects.create(
            bill=bill,
            unit=unit,
            kind="cap",
            amount_cents=0,
            reason="A leak.",
            set_by=cast.manager,
            set_at=now,
        ),
        override=PlaceOverride.objects.create(
            property=bill.property,
            utility="water",
            place_rule_id="ct.not_allowed",
            reason="Counsel agreed.",
            decided_by=cast.accountant,
            decided_at=now,
        ),
        rule=approved.share_rule,
        calculation=approved,
        approval=approved.approvals.get(),
        charge=posting.charge,
        job=job,
        posting=posting,
        attempt=PostingAttempt.objects.create(
            posting=posting, number=1, token="t", host="here", pid=1, started_at=now
        ),
        check=LedgerCheck.objects.create(property=bill.property, started_at=now, finished_at=now),
        code=ChargeCode.objects.get(code="WATER"),
        usual=UtilityChargeCode.objects.get(utility="water"),
        mapping=ChargeCodeMapping.objects.get(charge_code__code="WATER"),
        reversal=(
            reversal := Reversal.objects.create(
                public_id="rev_1",
                job=job,
                reason="The meter was read wrongly.",
                charge_date=job.charge_date,
                requested_by=cast.accountant,
                requested_at=now,
            )
        ),
        item=ReversalItem.objects.create(reversal=reversal, posting=posting),
        tick=GoLiveTick.objects.get(connection=job.connection, item="results_checked"),
        now=now,
    )


def again(row: Model, **changes: object) -> None:
    """Write a row a second time, a little changed."""
    row.pk = None
    row._state.adding = True
    change(row, **changes)


def begin_twice(rows: Rows, job: PostingJob | None = None) -> None:
    """Begin two comparisons of the same thing."""
    place, now = rows.bill.property, rows.now
    for _ in range(2):
        LedgerCheck.objects.create(property=place, job=job, started_at=now, continue_at=now)


def sight_twice(rows: Rows) -> None:
    """See a charge in the ledger twice for the first time."""
    for charge_id in ("chg_1", "chg_2"):
        LedgerSighting.objects.create(
            check_run=rows.check, posting=rows.posting, remote_charge_id=charge_id
        )


def change(row: Model, **changes: object) -> None:
    """Write a row as it may not be."""
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()


Offence = Callable[[Rows], Any]

OFFENCES: list[tuple[str, Offence]] = [
    *PAPER_OFFENCES,
    ("bill_period_not_empty", lambda r: change(r.bill, period_end=r.bill.period_start)),
    ("bill_amount_not_zero", lambda r: change(r.bill, amount_cents=0)),
    ("bill_utility_known", lambda r: change(r.bill, utility="steam")),
    ("bill_once_per_account_and_period", lambda r: again(r.bill)),
    ("calculation_version_once", lambda r: again(r.calculation, state="superseded")),
    ("calculation_one_live_per_bill", lambda r: again(r.calculation, version=2)),
    (
        "calculation_one_live_per_bill",
        lambda r: again(r.calculation, version=2, state="in_review"),
    ),
    (
        "calculation_conserves_every_cent",
        lambda r: change(r.calculation, owner_cents=F("owner_cents") + 1),
    ),
    ("calculation_submitted_by_and_at", lambda r: change(r.calculation, submitted_at=None)),
    ("calculation_submitted_by_and_at", lambda r: change(r.calculation, submitted_by=None)),
    ("calculation_state_known", lambda r: change(r.calculation, state="done")),
    ("calculation_needs_one_or_two", lambda r: change(r.calculation, approvals_needed=0)),
    ("calculation_needs_one_or_two", lambda r: change(r.calculation, approvals_needed=3)),
    ("approval_once_per_person", lambda r: again(r.approval)),
    ("approval_rejected_once", lambda r: reject_twice(r)),
    ("approval_rejection_has_reason", lambda r: change(r.approval, decision="rejected")),
    ("approval_rejection_has_reason", lambda r: change(r.approval, decision="perhaps")),
    ("charge_once_per_unit_lease_and_kind", lambda r: again(r.charge)),
    ("charge_kind_known", lambda r: change(r.charge, kind="tip")),
    ("bill_line_position_once", lambda r: again(r.line)),
    ("bill_line_kind_known", lambda r: change(r.line, kind="gift")),
    ("bill_line_spread_known", lambda r: change(r.line, spread="by_mood")),
    ("reading_once_per_bill", lambda r: again(r.reading)),
    ("reading_not_negative", lambda r: change(r.reading, usage=Decimal("-0.001"))),
    ("bill_flag_once_per_kind", lambda r: again(r.flag)),
    ("bill_flag_kind_known", lambda r: change(r.flag, kind="smell")),
    (
        "bill_flag_cleared_by_at_and_why",
        lambda r: change(r.flag, cleared_by=r.job.created_by, cleared_at=r.now),
    ),
    (
        "bill_flag_cleared_by_at_and_why",
        lambda r: change(r.flag, cleared_by=r.job.created_by, note="Seen."),
    ),
    ("bill_flag_cleared_by_at_and_why", lambda r: change(r.flag, cleared_at=r.now, note="Seen.")),
    ("bill_flag_cleared_by_at_and_why", lambda r: change(r.flag, note="Seen.")),
    ("unit_terms_once", lambda r: again(r.terms)),
    ("unit_terms_utility_known", lambda r: change(r.terms, utility="steam")),
    ("bill_terms_once", lambda r: again(r.bill_terms)),
    ("bill_terms_amount_unless_excluded", lambda r: change(r.bill_terms, kind="gift")),
    ("bill_terms_amount_unless_excluded", lambda r: change(r.bill_terms, amount_cents=None)),
    ("bill_terms_amount_unless_excluded", lambda r: change(r.bill_terms, amount_cents=-1)),
    ("bill_terms_amount_unless_excluded", lambda r: change(r.bill_terms, kind="excluded")),
    ("bill_terms_have_a_reason", lambda r: change(r.bill_terms, reason="")),
    ("place_override_once", lambda r: again(r.override)),
    ("place_override_reason", lambda r: change(r.override, reason="")),
    ("posting_one_live_per_charge", lambda r: again(r.posting, reference="MB-OTHER")),
    (
        "posting_one_live_per_charge",
        lambda r: again(r.posting, reference="MB-OTHER", state="rejected"),
    ),
    (
        "posting_remote_charge_once",
        lambda r: link_all_to_one(r),
    ),
    ("posting_state_known", lambda r: change(r.posting, state="sent")),
    ("posting_posted_has_remote_id", lambda r: change(r.posting, state="posted")),
    (
        "posting_accepted_has_job_id",
        lambda r: change(r.posting, state="accepted", settle_at=r.now),
    ),
    ("posting_sending_has_lease", lambda r: change(r.posting, state="sending", token="t")),
    (
        "posting_sending_has_lease",
        lambda r: change(r.posting, state="sending", lease_until=r.now),
    ),
    ("posting_in_doubt_has_settle_time", lambda r: change(r.posting, state="unknown")),
    (
        "posting_in_doubt_has_settle_time",
        lambda r: change(r.posting, state="accepted", remote_job_id="job_1"),
    ),
    (
        "posting_resend_asked_in_review",
        lambda r: change(r.posting, state="review", resend_asked_at=r.now, resend_reason="Gone."),
    ),
    (
        "posting_resend_asked_in_review",
        lambda r: change(
            r.posting,
            resend_asked_at=r.now,
            resend_asked_by=r.job.created_by,
            resend_reason="Gone.",
        ),
    ),
    ("job_paused_by_and_at", lambda r: change(r.job, paused_at=r.now)),
    ("job_paused_by_and_at", lambda r: change(r.job, paused_by=r.job.created_by)),
    ("job_stopped_by_and_at", lambda r: change(r.job, stopped_at=r.now)),
    (
        "job_stopped_by_and_at",
        lambda r: change(
            r.job,
            stopped_at=r.now,
            stopped_by=r.job.created_by,
            paused_at=r.now,
            paused_by=r.job.created_by,
        ),
    ),
    ("ledger_check_adds_up", lambda r: change(r.check, sent=1)),
    ("ledger_check_goes_on_or_is_over", lambda r: change(r.check, finished_at=None)),
    ("ledger_check_one_at_a_time", lambda r: begin_twice(r)),
    ("ledger_check_one_at_a_time_of_job", lambda r: begin_twice(r, job=r.job)),
    ("ledger_sighting_once_per_charge", lambda r: sight_twice(r)),
    (
        "ledger_difference_kind_known",
        lambda r: LedgerDifference(check_run=r.check, kind="odd", message="?").save(),
    ),
    (
        "posting_resolved_by_at_and_why",
        lambda r: change(r.posting, state="rejected", resolved_at=r.now, resolution="Done."),
    ),
    (
        "posting_resolved_by_at_and_why",
        lambda r: change(
            r.posting, state="rejected", resolved_by=r.job.created_by, resolution="Done."
        ),
    ),
    (
        "posting_resolved_by_at_and_why",
        lambda r: change(
            r.posting, state="rejected", resolved_at=r.now, resolved_by=r.job.created_by
        ),
    ),
    (
        "posting_resolved_by_at_and_why",
        lambda r: change(
            r.posting,
            state="pending",
            resolved_at=r.now,
            resolved_by=r.job.created_by,
            resolution="Done.",
        ),
    ),
    ("posting_resolved_as_known", lambda r: change(r.posting, resolved_as="owner")),
    ("posting_resolved_as_known", lambda r: close(r, resolved_as="forgotten")),
    ("posting_resolved_as_known", lambda r: close(r, resolved_as="owner", state="review")),
    ("posting_by_hand_has_reference", lambda r: close(r, resolved_as="by_hand")),
    ("posting_by_hand_has_reference", lambda r: close(r, pms_reference="CM 1")),
    ("follow_up_assigned_by_and_at", lambda r: follow_up(r, assigned_to=r.job.created_by)),
    ("follow_up_snoozed_by_and_at", lambda r: follow_up(r, snoozed_until=date(2026, 5, 1))),
    ("follow_up_acted_as_by_and_at", lambda r: follow_up(r, acted_as="retried")),
    (
        "follow_up_acted_as_by_and_at",
        lambda r: follow_up(r, acted_as="luck", acted_by=r.job.created_by, acted_at=r.now),
    ),
    ("saved_view_name_once", lambda r: save_views(r, "Mine", "Mine")),
    ("saved_view_has_name", lambda r: save_views(r, "")),
    (
        "attempt_number_once",
        lambda r: again(r.attempt, outcome="rejected", finished_at=r.now),
    ),
    ("attempt_one_open_per_posting", lambda r: again(r.attempt, number=2)),
    ("attempt_one_posted_per_posting", lambda r: post_twice(r)),
    ("attempt_ended_has_time", lambda r: change(r.attempt, outcome="not_applied")),
    ("charge_code_once_per_portfolio", lambda r: again(r.code, code="Water")),
    ("charge_code_not_empty", lambda r: again(r.code, code="")),
    ("utility_charge_code_once", lambda r: again(r.usual)),
    ("utility_charge_code_utility_known", lambda r: change(r.usual, utility="steam")),
    ("charge_code_mapped_once_per_property", lambda r: again(r.mapping)),
    (
        "charge_code_mapping_emptied_by_a_person",
        lambda r: change(r.mapping, pms_charge_code=None, financial_account=None),
    ),
    ("job_post_month_is_a_first", lambda r: change(r.job, post_month=date(2026, 4, 2))),
    ("job_duplicates_have_reason", lambda r: change(r.job, duplicates_found="Unit 101.")),
    ("job_duplicates_have_reason", lambda r: change(r.job, duplicates_reason="Known.")),
    ("job_reversal_is_sent", lambda r: change(r.job, reverses=r.job, post_to_pms=False)),
    ("posting_one_live_reversal", lambda r: reverse_twice(r)),
    ("posting_reversed_was_posted", lambda r: change(r.posting, reversed_at=r.now)),
    (
        "posting_reversed_was_posted",
        lambda r: change(
            r.posting,
            state="posted",
            remote_charge_id="chg_1",
            reverses=r.posting,
            reversed_at=r.now,
        ),
    ),
    ("posting_sent_as_known", lambda r: change(r.posting, sent_as="gift")),
    ("reversal_state_known", lambda r: decide(r, state="perhaps")),
    ("reversal_has_reason", lambda r: change(r.reversal, reason="")),
    ("reversal_decided_by_and_at", lambda r: change(r.reversal, state="withdrawn")),
    ("reversal_decided_by_and_at", lambda r: change(r.reversal, decided_at=r.now)),
    ("reversal_decided_by_and_at", lambda r: decide(r, state="requested")),
    ("reversal_decided_by_another", lambda r: decide(r, decided_by=r.reversal.requested_by)),
    (
        "reversal_decided_by_another",
        lambda r: decide(
            r, state="approved", reversing_job=r.job, decided_by=r.reversal.requested_by
        ),
    ),
    ("reversal_by_hand_has_reference", lambda r: change(r.reversal, by_hand=True)),
    ("reversal_by_hand_has_reference", lambda r: change(r.reversal, pms_reference="CM 1")),
    ("reversal_approved_has_job", lambda r: decide(r, state="approved")),
    ("reversal_approved_has_job", lambda r: decide(r, reversing_job=r.job)),
    (
        "reversal_approved_has_job",
        lambda r: decide(
            r, state="approved", by_hand=True, pms_reference="CM 1", reversing_job=r.job
        ),
    ),
    ("reversal_item_once", lambda r: again(r.item, is_open=False)),
    ("reversal_item_one_open", lambda r: ask_twice(r)),
    ("go_live_tick_stands_once", lambda r: again(r.tick)),
    ("go_live_tick_item_known", lambda r: change(r.tick, item="luck")),
    ("go_live_tick_has_a_note", lambda r: change(r.tick, note="")),
    ("go_live_tick_withdrawn_at_by_why", lambda r: change(r.tick, withdrawn_at=r.now)),
    ("go_live_tick_withdrawn_at_by_why", lambda r: change(r.tick, withdrawn_because="Alone.")),
    (
        "go_live_tick_withdrawn_at_by_why",
        lambda r: change(r.tick, withdrawn_at=r.now, withdrawn_by=r.job.created_by),
    ),
    ("share_rule_version_once", lambda r: again(r.rule, is_active=False)),
    ("share_rule_one_active", lambda r: again(r.rule, version=2)),
    (
        "share_rule_common_area_0_to_50",
        lambda r: change(r.rule, common_area_percent=Decimal("50.01")),
    ),
    (
        "share_rule_common_area_0_to_50",
        lambda r: change(r.rule, common_area_percent=Decimal("-0.01")),
    ),
    ("share_rule_method_known", lambda r: change(r.rule, method="by_height")),
    ("share_rule_vacancy_known", lambda r: change(r.rule, vacancy="nobody_pays")),
    (
        "share_rule_headcount_needs_assumption",
        lambda r: change(r.rule, method="occupants", vacant_unit_occupants=0),
    ),
]


def link_all_to_one(rows: Rows) -> None:
    """Give all postings the same charge id."""
    rows.job.postings.update(remote_charge_id="chg_1")


def close(rows: Rows, **changes: object) -> None:
    """Close a refused charge by hand, but for what is changed."""
    closed = {"state": "rejected", "resolved_at": rows.now, "resolved_by": rows.job.created_by}
    change(rows.posting, **{**closed, "resolution": "Done.", **changes})


def follow_up(rows: Rows, **said: object) -> None:
    """Say half a thing about a failure."""
    FailureFollowUp.objects.create(posting=rows.posting, **said)


def save_views(rows: Rows, *names: str) -> None:
    """Keep views under these names."""
    for name in names:
        SavedView.objects.create(user=rows.job.created_by, name=name, query="", created_at=rows.now)


def reverse_twice(rows: Rows) -> None:
    """Take one charge back by two postings."""
    charged = rows.job.postings.last()
    for number in ("1", "2"):
        again(
            rows.posting,
            reverses=charged,
            reference=f"MB-OTHER-{number}",
            business_key=f"reversal-{number}",
        )


def decide(rows: Rows, **changes: object) -> None:
    """Have somebody else refuse the reversal, but for what is changed."""
    changes = {"state": "refused", "decided_by": rows.bill.entered_by} | changes
    change(rows.reversal, decided_at=rows.now, **changes)


def ask_twice(rows: Rows) -> None:
    """Put one charge into two open reversals."""
    again(rows.reversal, public_id="rev_2")
    again(rows.item, reversal=rows.reversal)


def reject_twice(rows: Rows) -> None:
    """Have two people send one calculation back."""
    for person in (rows.job.created_by, rows.bill.entered_by):
        again(rows.approval, decision="rejected", reason="Wrong.", decided_by=person)


def post_twice(rows: Rows) -> None:
    """Claim for two attempts that they made the charge."""
    change(rows.attempt, outcome="posted", finished_at=rows.now)
    again(rows.attempt, number=2)


@pytest.mark.parametrize(
    ("name", "offence"), OFFENCES, ids=[f"{n}-{name}" for n, (name, _) in enumerate(OFFENCES)]
)
def test_the_database_refuses(rows: Rows, name: str, offence: Offence):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        offence(rows)

    # SQLite names the columns of a unique constraint and not the constraint.
    if connection.vendor == "postgresql" or isinstance(CONSTRAINTS[name], CheckConstraint):
        assert name in str(refusal.value)
    else:
        assert "UNIQUE constraint failed" in str(refusal.value)


CONSTRAINTS = {
    constraint.name: constraint
    for model in apps.get_app_config("billing").get_models()
    for constraint in model._meta.constraints
}


def test_a_rule_by_people_cannot_do_without_an_assumption_for_vacant_units(rows: Rows):
    with pytest.raises(IntegrityError), transaction.atomic():
        change(rows.rule, method="occupants", vacant_unit_occupants=None)


def test_a_bill_has_one_document_and_a_file_belongs_to_one_bill(rows: Rows):
    facts = {"content_type": "application/pdf", "size": 1, "sha256": "0" * 64}
    first = BillDocument.objects.create(
        bill=rows.bill,
        stored_as="a",
        name="bill.pdf",
        uploaded_by=rows.job.created_by,
        uploaded_at=rows.now,
        **facts,
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        again(first, stored_as="b")
    again(rows.bill, account_number="2")
    with pytest.raises(IntegrityError), transaction.atomic():
        again(first, stored_as="a", bill=rows.bill)


def test_a_fee_stands_beside_the_share_of_the_same_lease(rows: Rows):
    again(rows.charge, kind="fee")

    assert rows.calculation.charges.filter(unit=rows.charge.unit).count() == 2


def test_no_constraint_is_left_out():
    assert {name for name, _ in OFFENCES} == set(CONSTRAINTS)


def test_a_reference_is_used_once(rows: Rows):
    with pytest.raises(IntegrityError), transaction.atomic():
        again(rows.posting, business_key="another")


def test_a_job_number_is_used_once(rows: Rows):
    with pytest.raises(IntegrityError), transaction.atomic():
        again(rows.job)


def test_a_cancelled_posting_leaves_its_charge_free(rows: Rows):
    change(rows.posting, state="cancelled")

    again(rows.posting, reference="MB-OTHER", state="pending")

    assert Posting.objects.filter(business_key=rows.posting.business_key).count() == 2

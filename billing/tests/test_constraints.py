"""What the database refuses by itself, whoever writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import CheckConstraint, F, Model

from billing.models import (
    Approval,
    BillDocument,
    BillFlag,
    Calculation,
    Charge,
    ChargeCode,
    ChargeCodeMapping,
    LedgerCheck,
    LedgerDifference,
    PlaceOverride,
    Posting,
    PostingAttempt,
    PostingJob,
    ShareRule,
    SubmeterReading,
    UnitTerms,
    UtilityBill,
    UtilityBillLine,
    UtilityChargeCode,
)
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
        now=now,
    )


def again(row: Model, **changes: object) -> None:
    """Write a row a second time, a little changed."""
    row.pk = None
    row._state.adding = True
    change(row, **changes)


def change(row: Model, **changes: object) -> None:
    """Write a row as it may not be."""
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()


Offence = Callable[[Rows], None]

OFFENCES: list[tuple[str, Offence]] = [
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
    ("approval_once_per_calculation", lambda r: again(r.approval)),
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

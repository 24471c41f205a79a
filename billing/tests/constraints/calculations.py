"""Calculations, approvals and charges as they may not be."""

from __future__ import annotations

from django.db.models import F

from billing.models import OwnerShare
from billing.tests.constraints.rows import Offence, Rows, again, change


def reject_twice(rows: Rows) -> None:
    """Have two people send one calculation back."""
    for person in (rows.job.created_by, rows.bill.entered_by):
        again(rows.approval, decision="rejected", reason="Wrong.", decided_by=person)


def share(rows: Rows, bucket: str, cents: int = 5) -> None:
    """Give the owner a share of the bill."""
    OwnerShare.objects.filter(calculation=rows.calculation).exclude(bucket="common_area").delete()
    OwnerShare.objects.create(calculation=rows.calculation, bucket=bucket, amount_cents=cents)


def shares(rows: Rows) -> None:
    """Give the owner two shares for one reason."""
    for _ in range(2):
        share(rows, "common_area")


OFFENCES: list[Offence] = [
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
    ("owner_share_once_per_reason", shares),
    ("owner_share_reason_known", lambda r: share(r, "luck")),
    ("owner_share_not_zero", lambda r: share(r, "cap", 0)),
]

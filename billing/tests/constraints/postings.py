"""Jobs, postings, their attempts and their failures as they may not be."""

from __future__ import annotations

from datetime import date

from billing.models import FailureFollowUp, SavedView
from billing.tests.constraints.rows import Offence, Rows, again, change


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


def post_twice(rows: Rows) -> None:
    """Claim for two attempts that they made the charge."""
    change(rows.attempt, outcome="posted", finished_at=rows.now)
    again(rows.attempt, number=2)


OFFENCES: list[Offence] = [
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
    ("job_post_month_is_a_first", lambda r: change(r.job, post_month=date(2026, 4, 2))),
    ("job_duplicates_have_reason", lambda r: change(r.job, duplicates_found="Unit 101.")),
    ("job_duplicates_have_reason", lambda r: change(r.job, duplicates_reason="Known.")),
    ("job_reversal_is_sent", lambda r: change(r.job, reverses=r.job, post_to_pms=False)),
]

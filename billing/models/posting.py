"""Charges on their way into the PMS: the job, one posting per charge, one attempt per call.

The rows are the outbox: they are made in the transaction that decides to post, and what they say
is the truth whatever happens to queues and workers.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from billing.models.calculation import Calculation, Charge
from integrations.models import Connection
from portfolios.models import User
from portfolios.models.scope import PortfolioRow


class PostingState(models.TextChoices):
    """Where a posting stands."""

    PENDING = "pending", "Waiting"
    SENDING = "sending", "Being sent"
    ACCEPTED = "accepted", "Taken by the PMS, being written"
    POSTED = "posted", "Posted"
    REJECTED = "rejected", "Failed"
    UNKNOWN = "unknown", "Not known yet"
    REVIEW = "review", "Needs a decision"
    CANCELLED = "cancelled", "Skipped"


class SentAs(models.TextChoices):
    """By which call of the PMS a posting is made."""

    CHARGE = "charge", "Charge"
    CREDIT = "credit", "Credit"


class ResolvedAs(models.TextChoices):
    """What became of a failure that a person closed."""

    OTHERWISE = "otherwise", "Dealt with outside MeterBase"
    BY_HAND = "by_hand", "Posted by hand in the PMS"
    OWNER = "owner", "Charged to the owner"
    WRITTEN_OFF = "written_off", "Written off"


class PostingJob(PortfolioRow):
    """One confirmed decision to post a calculation; its status is computed from its postings.

    Shape: `reverses` is the job that a reversal takes back, in part or whole; None for charges.
    """

    portfolio_path = "calculation__bill__property__portfolio"

    public_id = models.CharField("job", max_length=40, unique=True)
    calculation = models.ForeignKey(Calculation, on_delete=models.PROTECT, related_name="jobs")
    reverses = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversing_jobs"
    )
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="posting_jobs"
    )
    charge_date = models.DateField()
    post_month = models.DateField(null=True, blank=True)
    charge_code = models.CharField(max_length=40)
    description = models.CharField(max_length=200)
    post_to_pms = models.BooleanField("sent to the PMS")
    duplicates_found = models.TextField("earlier charges that were found", blank=True)
    duplicates_reason = models.TextField("why it was posted all the same", blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    paused_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    paused_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True, paused_by__isnull=True)
                | Q(paused_at__isnull=False, paused_by__isnull=False),
                name="job_paused_by_and_at",
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True, stopped_by__isnull=True)
                | Q(stopped_at__isnull=False, stopped_by__isnull=False, paused_at__isnull=True),
                name="job_stopped_by_and_at",
            ),
            models.CheckConstraint(
                condition=Q(post_month__isnull=True) | Q(post_month__day=1),
                name="job_post_month_is_a_first",
            ),
            models.CheckConstraint(
                condition=Q(duplicates_found="", duplicates_reason="")
                | (~Q(duplicates_found="") & ~Q(duplicates_reason="")),
                name="job_duplicates_have_reason",
            ),
            models.CheckConstraint(
                condition=Q(reverses__isnull=True) | Q(post_to_pms=True),
                name="job_reversal_is_sent",
            ),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="job_newest")]

    def __str__(self) -> str:
        return self.public_id


class Posting(PortfolioRow):
    """One charge on its way into the PMS.

    Shape: `business_key` says what is billed, `reference` is made from it before any call and
        never changes, `body` holds the exact bytes that are sent. A reversal has a posting of its
        own, which `reverses` the charge's; once that is posted, the charge's has `reversed_at`.
    Units: cents; negative for what is taken back.
    """

    portfolio_path = "job__calculation__bill__property__portfolio"

    # An index of several columns begins with the job.
    job = models.ForeignKey(
        PostingJob, on_delete=models.PROTECT, related_name="postings", db_index=False
    )
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="postings")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="postings")
    reverses = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversing_postings"
    )
    reversed_at = models.DateTimeField(null=True, blank=True)
    business_key = models.CharField(max_length=200)
    reference = models.CharField(max_length=20, unique=True)
    amount_cents = models.BigIntegerField("amount")
    body = models.TextField()
    body_sha256 = models.CharField(max_length=64)
    sent_as = models.CharField(max_length=10, choices=SentAs.choices, default=SentAs.CHARGE)
    state = models.CharField(
        max_length=20, choices=PostingState.choices, default=PostingState.PENDING
    )
    not_before = models.DateTimeField()
    waiting_because = models.CharField(max_length=200, blank=True)
    tries = models.PositiveIntegerField(default=0)
    token = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    settle_at = models.DateTimeField(null=True, blank=True)
    negative_looks = models.PositiveIntegerField(default=0)
    remote_charge_id = models.CharField("charge id in the PMS", max_length=100, blank=True)
    remote_job_id = models.CharField("job id in Propexo", max_length=100, blank=True)
    job_looks = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=40, blank=True)
    error = models.TextField(blank=True)
    raw_error = models.TextField("error as the PMS wrote it", blank=True)
    created_at = models.DateTimeField()
    state_at = models.DateTimeField()
    resolved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.TextField(blank=True)
    resolved_as = models.CharField(max_length=20, choices=ResolvedAs.choices, blank=True)
    pms_reference = models.CharField("what the PMS calls it", max_length=200, blank=True)
    resend_asked_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resend_asked_at = models.DateTimeField(null=True, blank=True)
    resend_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["business_key"],
                condition=~Q(state="cancelled")
                & Q(resolved_at__isnull=True, reversed_at__isnull=True),
                name="posting_one_live_per_charge",
            ),
            models.UniqueConstraint(
                fields=["reverses"],
                # What was skipped took nothing back, nor what was refused and then closed.
                condition=Q(reverses__isnull=False)
                & ~Q(state="cancelled")
                & ~Q(state="rejected", resolved_at__isnull=False),
                name="posting_one_live_reversal",
            ),
            models.CheckConstraint(
                condition=Q(reversed_at__isnull=True) | Q(state="posted", reverses__isnull=True),
                name="posting_reversed_was_posted",
            ),
            models.CheckConstraint(
                condition=Q(sent_as__in=SentAs.values), name="posting_sent_as_known"
            ),
            models.UniqueConstraint(
                fields=["connection", "remote_charge_id"],
                condition=~Q(remote_charge_id=""),
                name="posting_remote_charge_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=PostingState.values), name="posting_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="posted") | ~Q(remote_charge_id="") | ~Q(remote_job_id=""),
                name="posting_posted_has_remote_id",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | ~Q(remote_job_id=""),
                name="posting_accepted_has_job_id",
            ),
            models.CheckConstraint(
                condition=~Q(state="sending") | (~Q(token="") & Q(lease_until__isnull=False)),
                name="posting_sending_has_lease",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["unknown", "accepted"]) | Q(settle_at__isnull=False),
                name="posting_in_doubt_has_settle_time",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True, resolved_by__isnull=True, resolution="")
                | (
                    Q(resolved_at__isnull=False, resolved_by__isnull=False)
                    & ~Q(resolution="")
                    & Q(state__in=["rejected", "review"])
                ),
                name="posting_resolved_by_at_and_why",
            ),
            models.CheckConstraint(
                # What may be in the PMS is nobody's to write off.
                condition=Q(resolved_as="")
                | Q(resolved_as="otherwise", resolved_at__isnull=False)
                | Q(
                    resolved_as__in=["by_hand", "owner", "written_off"],
                    resolved_at__isnull=False,
                    state="rejected",
                ),
                name="posting_resolved_as_known",
            ),
            models.CheckConstraint(
                condition=(Q(resolved_as="by_hand") & ~Q(pms_reference=""))
                | (~Q(resolved_as="by_hand") & Q(pms_reference="")),
                name="posting_by_hand_has_reference",
            ),
            models.CheckConstraint(
                condition=Q(
                    resend_asked_at__isnull=True, resend_asked_by__isnull=True, resend_reason=""
                )
                | (
                    Q(resend_asked_at__isnull=False, resend_asked_by__isnull=False, state="review")
                    & ~Q(resend_reason="")
                ),
                name="posting_resend_asked_in_review",
            ),
        ]
        indexes = [
            # The last two tell which jobs are under way.
            models.Index(
                fields=["connection", "not_before", "id", "job", "state"],
                condition=Q(state="pending"),
                name="posting_due",
            ),
            models.Index(
                fields=["state", "settle_at"],
                condition=Q(state__in=["sending", "accepted", "unknown"]),
                name="posting_in_doubt",
            ),
            # These two have all that is summed up: of jobs, and of failures by cause.
            models.Index(
                fields=["job", "state", "amount_cents", "reversed_at", "resolved_at"],
                name="posting_of_job",
            ),
            models.Index(
                fields=["error_code", "job", "amount_cents", "state", "state_at", "resolved_at"],
                condition=Q(state__in=["rejected", "review"], resolved_at__isnull=True),
                name="posting_failed",
            ),
            models.Index(
                fields=["resolved_at"],
                condition=Q(resolved_at__isnull=False),
                name="posting_resolved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference}, {self.charge}"


class AttemptOutcome(models.TextChoices):
    """What is proven of one call."""

    POSTED = "posted", "Posted"
    NOT_APPLIED = "not_applied", "Nothing was charged"
    REJECTED = "rejected", "Refused"


class PostingAttempt(PortfolioRow):
    """One call to the PMS, written down before it is made; open until its outcome is proven."""

    portfolio_path = "posting__job__calculation__bill__property__portfolio"

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    token = models.CharField(max_length=40)
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, choices=AttemptOutcome.choices, blank=True)
    evidence = models.CharField(max_length=40, blank=True)
    http_status = models.PositiveIntegerField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        ordering = ["posting", "number"]
        constraints = [
            models.UniqueConstraint(fields=["posting", "number"], name="attempt_number_once"),
            models.UniqueConstraint(
                fields=["posting"],
                condition=Q(outcome=""),
                name="attempt_one_open_per_posting",
            ),
            models.UniqueConstraint(
                fields=["posting"],
                condition=Q(outcome="posted"),
                name="attempt_one_posted_per_posting",
            ),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(finished_at__isnull=False),
                name="attempt_ended_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"Attempt {self.number} of {self.posting.reference}"


class PostingEvent(PortfolioRow):
    """One move of a posting from state to state."""

    portfolio_path = "posting__job__calculation__bill__property__portfolio"

    posting = models.ForeignKey(Posting, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20)
    actor = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.from_state or 'new'} → {self.to_state}"

"""What billing reports to other programs by webhook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, Max, OuterRef

from billing.models import Calculation, Posting, PostingJob, PostingState
from billing.queries import JobCounts, count_jobs
from integrations.models import OutgoingKind, WebhookEndpoint
from integrations.outgoing import is_heard, queue_event, queue_events
from integrations.outgoing.queueing import Report, written
from meterbase.lib.money import dollars_from_cents

CURRENCY = "USD"

_KINDS: Mapping[PostingState, OutgoingKind] = {
    PostingState.POSTED: OutgoingKind.CHARGE_POSTED,
    PostingState.REJECTED: OutgoingKind.CHARGE_FAILED,
    PostingState.REVIEW: OutgoingKind.CHARGE_FAILED,
}

# Something may still happen to these by itself.
_UNDER_WAY = (
    PostingState.PENDING,
    PostingState.SENDING,
    PostingState.ACCEPTED,
    PostingState.UNKNOWN,
)

# So long after its end a job is still reported: the workers may have been away meanwhile.
_LOOKS_BACK = timedelta(days=1)
# One that is older and was taken up again is left to those who did so.
_OLDEST_JOB = timedelta(days=31)


def report_posting(posting: Posting, to: PostingState, *, now: datetime) -> None:
    """Report a charge that was posted, or failed; in the transaction that moves it.

    Effects: one statement where nobody listens; none for any other move.
    """
    kind = _KINDS.get(to)
    if kind is None:
        return
    listeners = WebhookEndpoint.objects.filter(
        portfolio__properties__bills__calculations__jobs=posting.job_id, disabled_at=None
    )
    for portfolio_id, kinds in listeners.order_by().values_list("portfolio_id", "events"):
        if kind in kinds:
            [data] = _charges([posting.pk])
            queue_event(kind=kind, portfolio_id=portfolio_id, data=data, now=now)
            return


def report_failed_from_the_start(
    postings: Sequence[Posting], *, portfolio_id: int, now: datetime
) -> None:
    """Report the charges of a new job that cannot be sent; in the transaction that makes it.

    Effects: no statement where none failed, and one where nobody listens.
    """
    kind = OutgoingKind.CHARGE_FAILED
    failed = [posting.pk for posting in postings if posting.state == PostingState.REJECTED]
    if failed and is_heard(kind, portfolio_id=portfolio_id):
        reports = [Report(kind, data) for data in _charges(failed)]
        queue_events(reports=reports, portfolio_id=portfolio_id, now=now)


_CHARGE_COLUMNS = {
    "charge_id": "charge_id",
    "kind": "charge__kind",
    "reference": "reference",
    "job_id": "job__public_id",
    "calculation_id": "job__calculation_id",
    "bill_id": "job__calculation__bill_id",
    "utility": "job__calculation__bill__utility",
    "property_id": "job__calculation__bill__property_id",
    "unit_id": "charge__unit_id",
    "unit": "charge__unit_label",
    "lease_id": "charge__lease_id",
    "propexo_unit_id": "charge__propexo_unit_id",
    "propexo_lease_id": "charge__propexo_lease_id",
    "charge_code": "job__charge_code",
    "propexo_charge_id": "remote_charge_id",
    "reverses": "reverses__reference",
    "error": "error",
    "propexo_error_code": "error_code",
}


def _charges(posting_ids: Sequence[int]) -> list[Mapping[str, object]]:
    """Describe charges as they are now, in the words of the API."""
    rows = Posting.objects.values("amount_cents", "job__charge_date", *_CHARGE_COLUMNS.values())
    return [
        {
            **{word: row[column] for word, column in _CHARGE_COLUMNS.items()},
            "charge_date": row["job__charge_date"].isoformat(),
            "amount": dollars_from_cents(row["amount_cents"]),
            "currency": CURRENCY,
        }
        for row in rows.filter(pk__in=posting_ids).order_by("pk")
    ]


def report_approval(calculation: Calculation, *, now: datetime) -> None:
    """Report that a calculation has its last approval; in the transaction that gives it."""
    bill = calculation.bill
    data = {
        "calculation_id": calculation.pk,
        "bill_id": bill.pk,
        "property_id": bill.property_id,
        "property": bill.property.name,
        "utility": bill.utility,
        "period_start": bill.period_start.isoformat(),
        "period_end": bill.period_end.isoformat(),
        "version": calculation.version,
        "bill_amount": dollars_from_cents(calculation.bill_cents),
        "tenants_amount": dollars_from_cents(calculation.tenants_cents),
        "owner_amount": dollars_from_cents(calculation.owner_cents),
        "currency": CURRENCY,
    }
    queue_event(
        kind=OutgoingKind.CALCULATION_APPROVED,
        portfolio_id=bill.property.portfolio_id,
        data=data,
        now=now,
    )


def report_ended_jobs(*, now: datetime) -> int:
    """Report the posting jobs that came to their end of late, each end once; any number may do so.

    It is looked for and not told by the last charge: of two that come to rest at once, each would
    see the other still under way. A job that is taken up again ends again, and is reported again.

    Shape: tells how many were looked at.
    Effects: events for portfolios in which somebody listens.
    """
    looked_at = 0
    for portfolio_id, since in _who_wants_jobs().items():
        jobs = _ended_jobs(portfolio_id, since=max(since, now - _LOOKS_BACK))
        counts = count_jobs(jobs)
        # Somebody may have taken one up again since it was found.
        reports = [_job(job, counts[job.pk]) for job in jobs if counts[job.pk].is_over]
        queue_events(reports=reports, portfolio_id=portfolio_id, now=now)
        looked_at += len(jobs)
    return looked_at


def _who_wants_jobs() -> dict[int, datetime]:
    """List the portfolios in which somebody listens for jobs, and from when on."""
    living = WebhookEndpoint.objects.filter(disabled_at=None).order_by("-created_at")
    rows = living.values_list("portfolio_id", "created_at", "events")
    return {pk: since for pk, since, kinds in rows if OutgoingKind.JOB_COMPLETED in kinds}


def _ended_jobs(portfolio_id: int, *, since: datetime) -> list[PostingJob]:
    """Find the jobs of which nothing is under way and something moved since then."""
    moved = Posting.objects.filter(job=OuterRef("pk"), state_at__gte=since)
    under_way = Posting.objects.filter(job=OuterRef("pk"), state__in=_UNDER_WAY)
    jobs = PostingJob.objects.filter(
        Exists(moved),
        ~Exists(under_way),
        calculation__bill__property__portfolio=portfolio_id,
        created_at__gte=since - _OLDEST_JOB,
    )
    related = jobs.select_related("reverses", "calculation__bill").defer(
        "calculation__inputs", "calculation__result"
    )
    return list(related.annotate(ended_at=Max("postings__state_at")).order_by("pk"))


def _job(job: PostingJob, counts: JobCounts) -> Report:
    ended_at: datetime = job.ended_at  # type: ignore[attr-defined] # annotated above
    data = {
        "job_id": job.public_id,
        "status": counts.status,
        "calculation_id": job.calculation_id,
        "bill_id": job.calculation.bill_id,
        "property_id": job.calculation.bill.property_id,
        "post_to_pms": job.post_to_pms,
        "reverses": job.reverses.public_id if job.reverses else None,
        "total_charges": counts.total,
        "posted": counts.posted,
        "failed": counts.failed,
        "skipped": counts.skipped,
        "reversed": counts.reversed,
        "posted_amount": dollars_from_cents(counts.posted_cents),
        "currency": CURRENCY,
        "completed_at": written(ended_at),
    }
    once_key = f"{OutgoingKind.JOB_COMPLETED}:{job.public_id}:{ended_at.isoformat()}"
    return Report(OutgoingKind.JOB_COMPLETED, data, once_key)

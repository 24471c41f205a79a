"""What other pages say of reversals."""

from __future__ import annotations

from django.urls import reverse

from billing.models import PostingJob, Reversal, ReversalState
from billing.queries import JobCounts
from billing.views.wording import Badge

_TONES = {
    ReversalState.REQUESTED: "info",
    ReversalState.APPROVED: "success",
    ReversalState.REFUSED: "warning",
    ReversalState.WITHDRAWN: "neutral",
}


def reversal_badge(reversal: Reversal) -> Badge:
    """Name the state of a reversal."""
    state = ReversalState(reversal.state)
    return Badge(state.label, _TONES[state])


def reversal_part(job: PostingJob, counts: JobCounts) -> dict[str, object]:
    """Say what of a job was taken back, and what waits for a decision."""
    reversals = job.reversals.select_related("requested_by").order_by("-requested_at", "-pk")
    is_reversal = job.reverses_id is not None
    return {
        "reversal_of": job.reverses,
        "made_for": Reversal.objects.filter(reversing_job=job).first() if is_reversal else None,
        "reversals": [(reversal, reversal_badge(reversal)) for reversal in reversals],
        "counts": counts,
    }


def below_job(job: PostingJob) -> list[tuple[str, str]]:
    """Lead to a page of a job."""
    return [
        ("Jobs", reverse("billing:job-list")),
        (job.public_id, reverse("billing:job-detail", args=[job.public_id])),
    ]

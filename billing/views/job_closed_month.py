"""The way out for a job's charges whose accounting month is closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Sum
from django.urls import reverse

from billing.causes import Cause, month_closed
from billing.closed_months import latest_closed_month, month_after, month_of
from billing.models import CalculationState, PostingJob, PostingState
from integrations.pms.errors import PeriodClosed
from portfolios import access
from portfolios.access import Action
from portfolios.models import User


@dataclass(frozen=True, slots=True)
class ClosedOffer:
    """What was refused for a closed month, and where it can be posted in the next open one.

    Shape: `url` is empty for whoever may not post.
    Units: cents.
    """

    cause: Cause
    count: int
    cents: int
    next_open: date
    url: str


def closed_offer(job: PostingJob, *, user: User) -> ClosedOffer | None:
    """Offer the next month that may be open; None when nothing was refused for a closed one."""
    refused = job.postings.filter(
        state=PostingState.REJECTED,
        resolved_at=None,
        error_code=PeriodClosed.code,
        reverses__isnull=True,
    )
    sums = refused.aggregate(count=Count("pk"), cents=Sum("amount_cents"))
    if not sums["count"]:
        return None
    month = month_of(job)
    closed = latest_closed_month(job.calculation.bill.property)
    next_open = max(month_after(month), closed.next_open) if closed else month_after(month)
    portfolio = job.calculation.bill.property.portfolio
    may_post = (
        access.may(portfolio, Action.APPROVE, user=user)
        and job.calculation.state == CalculationState.APPROVED
    )
    form = reverse("billing:posting-create", args=[job.calculation_id])
    return ClosedOffer(
        cause=month_closed(month),
        count=sums["count"],
        cents=sums["cents"],
        next_open=next_open,
        url=f"{form}?instead_of={job.public_id}" if may_post else "",
    )

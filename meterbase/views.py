"""The pages that look across all apps."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.models import Calculation, CalculationState, Posting, PostingJob, PostingState
from billing.queries import open_failures
from integrations.models import Connection, ConnectionStatus, ReviewItem
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property, User

_UNDER_WAY = [PostingState.PENDING, PostingState.SENDING, PostingState.UNKNOWN]


@dataclass(frozen=True, slots=True)
class Need:
    """Something that waits for a person, with how much of it there is."""

    label: str
    value: int
    url: str
    tone: str


@require_safe
@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    """Show what needs the reader today."""
    user = request.user
    return render(
        request,
        "meterbase/home.html",
        {
            "needs": _needs(user),
            "has_portfolio": access.rows(Property, user=user).exists(),
            "jobs": access.rows(PostingJob, user=user).select_related(
                "calculation__bill__property"
            )[:5],
        },
    )


def _needs(user: User) -> list[Need]:
    calculations = access.rows(Calculation, user=user)
    in_review = calculations.filter(state=CalculationState.IN_REVIEW)
    failures = open_failures(access.rows(Posting, user=user))
    jobs = access.rows(PostingJob, user=user).filter(postings__state__in=_UNDER_WAY).distinct()
    logins = access.rows(Connection, user=user).filter(status=ConnectionStatus.LOGIN_EXPIRED)
    items = access.rows(ReviewItem, user=user).filter(resolved_at=None)
    return [
        Need("Approvals waiting", in_review.count(), reverse("billing:approval-list"), "info"),
        Need("Charges that failed", failures.count(), reverse("billing:failure-list"), "danger"),
        Need("Jobs under way", jobs.count(), reverse("billing:job-list"), "info"),
        Need("Connections to renew", logins.count(), reverse("integrations:propexo"), "danger"),
        Need("Items to review", items.count(), reverse("integrations:review-item-list"), "warning"),
    ]

"""The start page: what needs the reader today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.bill_calendar import AccountMonths
from billing.models import PostingJob
from billing.queries import count_jobs
from billing.views.bill_calendar import calendar_of, calendar_rows, month_names
from billing.views.wording import job_badge
from meterbase.views.first_steps import first_steps
from meterbase.views.needs import (
    Needs,
    actions_of,
    billing_needs,
    data_needs,
    failure_causes,
    posting_needs,
    sort_needs,
)
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import User

_ACCOUNTS_SHOWN = 8
_JOBS_SHOWN = 5


@require_safe
@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    """Show what needs the reader today, and what waits for others."""
    user, now = request.user, timezone.now()
    calendar = calendar_of(user, today=timezone.localdate(now))
    causes = failure_causes(user, now=now)
    actions = actions_of(user)
    counted = [
        *billing_needs(user, calendar=calendar, now=now),
        *posting_needs(user, causes=causes),
        *data_needs(user, now=now),
    ]
    needs = sort_needs(counted, actions=actions)
    context = {
        "needs": needs,
        "lead": _lead(needs, actions),
        "steps": first_steps(user),
        "causes": causes,
        "jobs": _latest_jobs(user),
        **_missing_bills(calendar, user=user, now=now),
    }
    return render(request, "meterbase/home.html", context)


def _lead(needs: Needs, actions: frozenset[Action]) -> str:
    if not actions:
        return "You are in no portfolio yet: ask the manager of one, or support, to let you in."
    if actions == {Action.READ}:
        return "You may look at everything here; nothing waits for you."
    if not any(need.count for need in needs.mine):
        return "Nothing waits for you."
    return "Each number leads to the list that it counts."


def _missing_bills(
    calendar: Sequence[AccountMonths], *, user: User, now: datetime
) -> dict[str, object]:
    """Show the accounts that lack the most bills."""
    lacking = sorted((row for row in calendar if row.missing), key=lambda row: -row.missing)
    return {
        "accounts": calendar_rows(lacking[:_ACCOUNTS_SHOWN], user=user),
        "lacking_count": len(lacking),
        "month_names": month_names(timezone.localdate(now)),
    }


def _latest_jobs(user: User) -> list[dict[str, object]]:
    jobs = list(
        access.rows(PostingJob, user=user)
        .select_related("calculation__bill__property")
        .defer("calculation__inputs", "calculation__result")[:_JOBS_SHOWN]
    )
    counts = count_jobs(jobs)
    return [
        {
            "job": job,
            "bill": job.calculation.bill,
            "counts": counts[job.pk],
            "badge": job_badge(job, counts[job.pk]),
        }
        for job in jobs
    ]

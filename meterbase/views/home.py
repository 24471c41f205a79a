"""The start page: what needs the reader today."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.missing_bills import find_missing_bills
from billing.models import PostingJob
from billing.queries import count_jobs
from billing.views.bill_calendar import calendar_rows, month_names
from billing.views.wording import job_badge
from billing.worklists import count_waiting_for
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

_PLACE = "calculation__bill__property"
_kept_jobs = access.KeptRows(
    PostingJob.objects.select_related(_PLACE).only(
        *("public_id", "description", "created_at", "post_to_pms", "paused_at", "stopped_at"),
        *("reverses", f"{_PLACE}__name"),
    )
)


@require_safe
@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    """Show what needs the reader today, and what waits for others."""
    user, now = request.user, timezone.now()
    today = timezone.localdate(now)
    missing = find_missing_bills(user, today=today, shown=_ACCOUNTS_SHOWN)
    bill_count, steps = count_waiting_for(user)
    causes = failure_causes(user, now=now)
    actions = actions_of(user)
    counted = [
        *billing_needs(user, steps=steps, missing=missing.bills, now=now),
        *posting_needs(user, causes=causes),
        *data_needs(user, now=now),
    ]
    needs = sort_needs(counted, actions=actions)
    context = {
        "needs": needs,
        "lead": _lead(needs, actions),
        "steps": [] if bill_count else first_steps(user),
        "causes": causes,
        "jobs": _latest_jobs(user),
        "accounts": calendar_rows(missing.worst, user=user),
        "lacking_count": missing.accounts,
        "month_names": month_names(today),
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


def _latest_jobs(user: User) -> list[dict[str, object]]:
    jobs = _kept_jobs.seen_by(user)[0:_JOBS_SHOWN]
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

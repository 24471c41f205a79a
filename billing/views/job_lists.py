"""The list of posting jobs."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.models import Posting, PostingJob, PostingState, Utility
from billing.queries import JobCounts, count_jobs
from billing.views.filter_choices import Choice, chosen_key, row_choice, utility_choice
from billing.views.job_sheets import job_sheet
from billing.views.jobs import light_jobs
from billing.views.wording import PAGE_SIZE, Badge, billing_month, job_badge
from billing.worklists import jobs_under_way
from integrations.models import Connection
from meterbase.lib.searching import has_words, words_of
from meterbase.lib.sheets import chosen_filters
from meterbase.lib.sorting import Column, Sorting
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Property

_WORDS = (
    "public_id",
    "calculation__bill__property__name",
    "charge_code",
    "description",
    "created_by__username",
)
_COLUMNS = (
    Column("job", "Job", ("public_id",)),
    Column("property", "Property", ("calculation__bill__property__name", "created_at")),
    Column("bill", "Bill", ("calculation__bill__period_start", "calculation__bill__utility")),
    Column("state", "State"),
    Column("posted", "Posted", css="num"),
    Column("failed", "Failed", css="num"),
    Column("of", "Of", css="num"),
    Column("posted-dollars", "Posted", css="money"),
    Column("of-dollars", "Of", css="money"),
    Column("code", "Code", ("charge_code",)),
    Column("dated", "Dated", ("charge_date",)),
    Column("by", "Created by", ("created_by__username", "created_at")),
    Column("created", "Created", ("created_at",)),
)
_SHOWS = {
    "": "All",
    "under-way": "Under way",
    "paused": "Paused",
    "failed": "With failures",
    "in-doubt": "Need checking",
    "stopped": "Stopped",
    "reversals": "Reversals",
    "dry-runs": "Dry runs",
}
_SEARCHED = ("q", "property", "utility", "connection")
_PLACE = "calculation__bill__property"


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job with how it stands."""

    job: PostingJob
    month: str
    counts: JobCounts
    badge: Badge


@require_safe
@signed_in
def job_list(request: SignedInRequest) -> HttpResponseBase:
    """List the posting jobs, newest first unless sorted otherwise."""
    query = request.GET
    found = _found(access.rows(PostingJob, user=request.user), query)
    show = query.get("show", "") if query.get("show", "") in _SHOWS else ""
    sorting = Sorting(_COLUMNS, query, usual="-created")
    jobs = light_jobs(sorting.sort(_shown(found, show))).select_related(
        "calculation__bill__property", "connection", "created_by"
    )
    choices = _choices(request)
    chosen_by = chosen_filters(
        q=query.get("q", ""), choices=choices, show=_SHOWS[show] if show else ""
    )
    if answer := list_file(request, lambda: job_sheet(jobs, filters=chosen_by)):
        return answer
    page = Paginator(jobs, PAGE_SIZE).get_page(query.get("page"))
    is_searched = any(query.get(name) for name in _SEARCHED)
    return render(
        request,
        "billing/job_list.html",
        {
            "page": page,
            "rows": _rows(list(page)),
            "headings": sorting.headings(),
            "filters": _filters(found, query, show),
            "q": query.get("q", ""),
            "choices": choices,
            "kept": [(name, query[name]) for name in ("show", "sort") if query.get(name)],
            "is_searched": is_searched,
            "actions": [("General ledger", reverse("billing:general-ledger"))],
            "is_narrowed": is_searched or bool(show),
            "shows_under_way": show == "under-way" and not is_searched,
        },
    )


def _rows(jobs: list[PostingJob]) -> list[JobRow]:
    counts = count_jobs(jobs)
    return [
        JobRow(
            job, billing_month(job.calculation.bill), counts[job.pk], job_badge(job, counts[job.pk])
        )
        for job in jobs
    ]


def _found(jobs: QuerySet[PostingJob], query: QueryDict) -> QuerySet[PostingJob]:
    """Keep the jobs that the filter bar names; what it cannot mean keeps all."""
    found = jobs.filter(has_words(words_of(query.get("q", "")), *_WORDS))
    if query.get("utility") in Utility.values:
        found = found.filter(calculation__bill__utility=query["utility"])
    for name, lookup in (("connection", "connection"), ("property", _PLACE)):
        key = chosen_key(query, name)
        if key is not None:
            found = found.filter(**{lookup: key})
    return found


def _shown(jobs: QuerySet[PostingJob], show: str) -> QuerySet[PostingJob]:
    postings = Posting.objects.filter(job=OuterRef("pk"), resolved_at=None)
    in_doubt = postings.filter(state__in=[PostingState.REVIEW, PostingState.UNKNOWN])
    kept = {
        "under-way": lambda: jobs_under_way(jobs),
        "paused": lambda: jobs.filter(paused_at__isnull=False),
        "failed": lambda: jobs.filter(Exists(postings.filter(state=PostingState.REJECTED))),
        "in-doubt": lambda: jobs.filter(Exists(in_doubt)),
        "stopped": lambda: jobs.filter(stopped_at__isnull=False),
        "reversals": lambda: jobs.filter(reverses__isnull=False),
        "dry-runs": lambda: jobs.filter(post_to_pms=False),
    }
    return kept[show]() if show else jobs


def _filters(found: QuerySet[PostingJob], query: QueryDict, chosen: str) -> list[dict[str, object]]:
    """Count each kind; of the rare ones only those that there are, or the one that is shown."""
    return [
        {
            "label": label,
            "count": count,
            "url": _url(query, show),
            "active": show == chosen,
        }
        for show, label in _SHOWS.items()
        if (count := _shown(found, show).count()) or show in ("", "under-way", chosen)
    ]


def _url(query: QueryDict, show: str) -> str:
    kept = {name: query.get(name, "") for name in (*_SEARCHED, "sort")} | {"show": show}
    return reverse("billing:job-list", query={name: text for name, text in kept.items() if text})


def _choices(request: SignedInRequest) -> list[Choice]:
    connections = access.rows(Connection, user=request.user).order_by("pk")
    places = access.rows(Property, user=request.user).order_by("name", "pk")
    choices = [row_choice(request.GET, "property", "Property", places), utility_choice(request.GET)]
    if connections.count() > 1:
        choices.append(row_choice(request.GET, "connection", "PMS", connections))
    return choices

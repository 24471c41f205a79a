"""The charges that did not get through, by cause."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing.causes import Cause, cause_of
from billing.models import Posting, PostingState
from billing.operations.calculations import WrongState
from billing.operations.failures import retry_posting
from billing.queries import open_failures
from billing.views.wording import PAGE_SIZE, Badge, billing_month, charge_count, posting_badge
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property

_HEAVY = ("job__calculation__inputs", "job__calculation__result")
_IS_ID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Failure:
    """A charge that failed, in words."""

    posting: Posting
    month: str
    badge: Badge
    may_retry: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The failures with one cause; `count` and `cents` speak of all, `failures` of this page.

    Units: cents.
    """

    cause: Cause
    count: int
    cents: int
    failures: tuple[Failure, ...]

    @property
    def may_retry(self) -> bool:
        """Tell whether there is anything to tick."""
        return any(failure.may_retry for failure in self.failures)

    @property
    def places_to_map(self) -> list[Property]:
        """Give the properties whose charge codes have to be looked at."""
        if self.cause.code != "INVALID_CHARGE_CODE":
            return []
        bills = (failure.posting.job.calculation.bill for failure in self.failures)
        places = {bill.property_id: bill.property for bill in bills}
        return sorted(places.values(), key=str)


@require_safe
@signed_in
def failure_list(request: SignedInRequest) -> HttpResponse:
    """List the failures that wait for a person, or those that were dealt with by hand."""
    postings = access.rows(Posting, user=request.user)
    waiting = open_failures(postings)
    resolved = postings.filter(resolved_at__isnull=False)
    shows_resolved = request.GET.get("show") == "resolved"
    context: dict[str, object] = {
        "filters": _tabs(waiting.count(), resolved.count(), shows_resolved=shows_resolved),
        "shows_resolved": shows_resolved,
    }
    if shows_resolved:
        context |= _resolved(request, resolved)
    else:
        context |= _open(request, waiting)
    return render(request, "billing/failure_list.html", context)


@require_POST
@signed_in
def failure_retry(request: SignedInRequest) -> HttpResponse:
    """Send the ticked charges again; one that cannot be sent does not stop the others."""
    ids = {int(text) for text in request.POST.getlist("posting") if _IS_ID.fullmatch(text)}
    if not ids:
        messages.error(request, "Nothing was ticked, so nothing is sent again.")
        return redirect("billing:failure-list")
    refusals: list[str] = []
    ticked = _fetch_all(request, ids)
    for posting in ticked:
        try:
            retry_posting(posting=posting, by=request.user, now=timezone.now())
        except WrongState as refusal:
            refusals.append(f"Unit {posting.charge.unit_label}: {refusal}")
    sent = len(ticked) - len(refusals)
    if sent:
        messages.success(request, f"{charge_count(sent)} will be sent again.")
    for text in refusals:
        messages.error(request, text)
    return redirect("billing:failure-list")


def _fetch_all(request: SignedInRequest, ids: set[int]) -> list[Posting]:
    """Get all of the rows for an accountant's act, or refuse as `access.fetch` does for one."""
    if access.rows(Posting, user=request.user).filter(pk__in=ids).count() < len(ids):
        raise Http404("There is no such posting.")
    allowed = access.rows(Posting, user=request.user, action=Action.APPROVE)
    found = list(allowed.filter(pk__in=ids).select_related("charge").order_by("pk"))
    if len(found) < len(ids):
        raise PermissionDenied("To approve and post you need the role of accountant.")
    return found


def _tabs(waiting: int, resolved: int, *, shows_resolved: bool) -> list[dict[str, object]]:
    page = reverse("billing:failure-list")
    return [
        {"label": "Open", "count": waiting, "url": page, "active": not shows_resolved},
        {
            "label": "Resolved by hand",
            "count": resolved,
            "url": f"{page}?show=resolved",
            "active": shows_resolved,
        },
    ]


def _open(request: SignedInRequest, waiting: QuerySet[Posting]) -> dict[str, object]:
    page = Paginator(waiting.defer(*_HEAVY), PAGE_SIZE).get_page(request.GET.get("page"))
    retriable = access.rows(Posting, user=request.user, action=Action.APPROVE).filter(
        pk__in=[posting.pk for posting in page], state=PostingState.REJECTED
    )
    totals = waiting.aggregate(cents=Sum("amount_cents"))
    return {
        "page": page,
        "groups": _groups(page, waiting, set(retriable.values_list("pk", flat=True))),
        "total_cents": totals["cents"] or 0,
        "may_act": access.rows(Posting, user=request.user, action=Action.APPROVE).exists(),
    }


def _groups(page: Page[Posting], waiting: QuerySet[Posting], retriable: set[int]) -> list[Group]:
    sums = waiting.order_by().values_list("error_code")
    totals = {
        code: (count, cents)
        for code, count, cents in sums.annotate(count=Count("pk"), cents=Sum("amount_cents"))
    }
    by_code: dict[str, list[Failure]] = {}
    for posting in page:
        by_code.setdefault(posting.error_code, []).append(_failure(posting, retriable))
    return [
        Group(cause_of(code), *totals[code], tuple(failures)) for code, failures in by_code.items()
    ]


def _failure(posting: Posting, retriable: Iterable[int]) -> Failure:
    return Failure(
        posting,
        billing_month(posting.job.calculation.bill),
        posting_badge(posting),
        posting.pk in retriable,
    )


def _resolved(request: SignedInRequest, resolved: QuerySet[Posting]) -> dict[str, object]:
    rows = resolved.select_related(
        "charge", "resolved_by", "job__calculation__bill__property"
    ).order_by("-resolved_at", "-pk")
    page = Paginator(rows.defer(*_HEAVY), PAGE_SIZE).get_page(request.GET.get("page"))
    return {"page": page}

"""Approving several calculations: what they come to together, then each by itself."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.models import Calculation, Charge
from billing.operations.approvals import Verdict, approve_calculations
from billing.views.approval_queue import QUEUE_PAGE_SIZE
from billing.views.approval_rows import NOT_ACCOUNTANT, QueueRow, light_calculations, queue_rows
from billing.views.wording import bill_name, charge_count
from meterbase.lib.money import format_dollars
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@dataclass(frozen=True, slots=True)
class Sums:
    """What several calculations come to together.

    Units: cents.
    """

    bill_cents: int
    tenants_cents: int
    fees_cents: int
    charged_cents: int
    owner_cents: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one calculation, in words."""

    verdict: Verdict
    name: str
    url: str
    label: str
    tone: str
    sentence: str


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def approval_batch(request: SignedInRequest) -> HttpResponse:
    """Show what was chosen with its totals and warnings; once confirmed, approve each."""
    if request.method != "POST":
        return redirect("billing:approval-list")
    keys = _chosen(request.POST)
    if not keys:
        messages.error(request, "Choose the calculations first: tick them in the list.")
        return redirect("billing:approval-list")
    if len(keys) > QUEUE_PAGE_SIZE:
        messages.error(
            request, f"At most {QUEUE_PAGE_SIZE} calculations are approved at once. Choose fewer."
        )
        return redirect("billing:approval-list")
    calculations = _fetch(request, keys)
    if "confirmed" in request.POST:
        return _approve(request, calculations)
    return _ask(request, calculations)


def _chosen(posted: QueryDict) -> list[int]:
    """Read which calculations were ticked, or all that were shown where that was asked for.

    Errors: Http404 for what is no key.
    """
    texts = posted.getlist("shown" if "all" in posted else "calculation")
    if not all(text.isdecimal() and len(text) < 19 for text in texts):
        raise Http404("There is no such calculation.")
    return list(dict.fromkeys(int(text) for text in texts))


def _fetch(request: SignedInRequest, keys: list[int]) -> list[Calculation]:
    """Read what was chosen, in the order of the choice.

    Errors: Http404 for what is not theirs, PermissionDenied where their role may not approve.
    """
    readable = light_calculations(access.rows(Calculation, user=request.user))
    found = readable.in_bulk(keys)
    if len(found) < len(keys):
        raise Http404("There is no such calculation.")
    allowed = access.rows(Calculation, user=request.user, action=Action.APPROVE)
    if allowed.filter(pk__in=keys).count() < len(keys):
        raise PermissionDenied(NOT_ACCOUNTANT)
    return [found[key] for key in keys]


def _ask(request: SignedInRequest, calculations: list[Calculation]) -> HttpResponse:
    rows = queue_rows(calculations, user=request.user)
    ready = [row for row in rows if not row.obstacle]
    refused = [row for row in rows if row.obstacle]
    if not ready:
        for row in refused:
            messages.error(request, f"{row.name}: {row.obstacle}")
        return redirect("billing:approval-list")
    count = calculation_count(len(ready))
    sums = _sums(ready)
    charges = Charge.objects.filter(calculation__in=[row.calculation.pk for row in ready])
    per_calculation = dict(charges.order_by().values_list("calculation").annotate(Count("pk")))
    return render(
        request,
        "billing/approval_batch.html",
        {
            "section": "billing:approval-list",
            "question": f"Approve {count}?",
            "body": _consequences(ready, sums, charges=sum(per_calculation.values())),
            "rows": [(row, per_calculation.get(row.calculation.pk, 0)) for row in ready],
            "refused": refused,
            "sums": sums,
            "verb": f"Approve {count}",
            "cancel_label": "Keep reviewing",
            "cancel_url": reverse("billing:approval-list"),
            "breadcrumbs": [("Approvals", reverse("billing:approval-list"))],
        },
    )


def _sums(rows: list[QueueRow]) -> Sums:
    found = [row.calculation for row in rows]
    return Sums(
        bill_cents=sum(row.bill_cents for row in found),
        tenants_cents=sum(row.tenants_cents for row in found),
        fees_cents=sum(row.fees_cents for row in found),
        charged_cents=sum(row.charged_cents for row in rows),
        owner_cents=sum(row.owner_cents for row in found),
    )


def _consequences(rows: list[QueueRow], sums: Sums, *, charges: int) -> str:
    firsts = sum(not row.facts.approvals.is_last_missing for row in rows)
    body = (
        f"Residents are charged {format_dollars(sums.charged_cents)} by {charge_count(charges)}; "
        f"the owner keeps {format_dollars(sums.owner_cents)}. Each calculation is approved by "
        "itself: one that has gone out of date is refused, the others go through. After approval "
        "the figures are locked; changes need a new version."
    )
    if firsts:
        body += (
            f" {calculation_count(firsts)} of these need{'s' if firsts == 1 else ''} a second "
            "approval after yours, by another accountant."
        )
    return body


def _approve(request: SignedInRequest, calculations: list[Calculation]) -> HttpResponse:
    """Approve each and say what came of it; sent twice, the second time only says so again."""
    verdicts = approve_calculations(calculations=calculations, by=request.user, now=timezone.now())
    answers = [_answer(verdict) for verdict in verdicts]
    done = sum(not answer.verdict.refusal for answer in answers)
    locked = sum(answer.verdict.is_approved for answer in answers)
    title = f"{locked} of {calculation_count(len(answers))} approved"
    if done > locked:
        waits = "waits" if done - locked == 1 else "wait"
        title += f", {done - locked} {waits} for a second approval"
    return render(
        request,
        "billing/approval_result.html",
        {
            "section": "billing:approval-list",
            "title": title,
            "answers": answers,
            "all_done": done == len(answers),
            "breadcrumbs": [("Approvals", reverse("billing:approval-list"))],
        },
    )


def _answer(verdict: Verdict) -> Answer:
    calculation = verdict.calculation
    name = bill_name(calculation.bill)
    url = reverse("billing:calculation-detail", args=[calculation.pk])
    if verdict.refusal:
        return Answer(verdict, name, url, "Not approved", "danger", verdict.refusal)
    if verdict.is_approved:
        sentence = "The figures are locked; posting is the next step."
        return Answer(verdict, name, url, "Approved", "success", sentence)
    words = verdict.approvals.words if verdict.approvals else "1 of 2 approvals"
    sentence = "It stays in review until another accountant approves it too."
    return Answer(verdict, name, url, words, "info", sentence)


def calculation_count(count: int) -> str:
    """Count calculations."""
    return f"{count:,} calculation" if count == 1 else f"{count:,} calculations"

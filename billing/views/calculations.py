"""A calculation with its proof, and the explanation of each charge."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing.models import Calculation, CalculationState, Charge, PostingJob
from billing.operations.calculations import Blocked, OutOfDate, WrongState, submit_calculation
from billing.queries import (
    changes_since,
    charging_jobs,
    count_jobs,
    difference_since,
    has_rest_to_post,
)
from billing.views.bill_page import LineRow, line_row
from billing.views.breadcrumbs import below_bill, below_calculation
from billing.views.breakdown import break_down
from billing.views.explanation import account_of
from billing.views.findings import blockers_with_links, findings_of, place_stands_in_the_way
from billing.views.next_steps import LIVE, next_steps
from billing.views.owner_buckets import owner_parts
from billing.views.pool_table import pools_of
from billing.views.rule_words import rule_sentence
from billing.views.wording import (
    Badge,
    billing_month,
    calculation_badge,
    job_badge,
    posting_badge,
    recovery,
)
from meterbase.lib.money import format_dollars
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@require_safe
@signed_in
def calculation_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show who pays what of a bill, and prove the sum."""
    calculation = access.fetch(_calculations(), Action.READ, user=request.user, pk=pk)
    bill = calculation.bill
    jobs = _jobs(calculation)
    is_begun = charging_jobs(calculation.jobs.all()).exists()
    is_posted = is_begun and not has_rest_to_post(calculation)
    # Once posted, later changes are the next bill's business.
    watched = calculation.state in LIVE and not is_begun
    changes = sorted(changes_since(calculation)) if watched else []
    is_draft = watched and not changes and calculation.state == CalculationState.DRAFT
    blockers = blockers_with_links(calculation) if is_draft else []
    return render(
        request,
        "billing/calculation_detail.html",
        {
            "calculation": calculation,
            "bill": bill,
            "month": billing_month(bill),
            "badge": calculation_badge(calculation),
            "approval": calculation.approvals.select_related("decided_by").first(),
            "jobs": jobs,
            "changes": [(change, "") for change in changes],
            "difference": _difference(calculation) if changes else "",
            "blockers": blockers,
            "steps": next_steps(
                calculation,
                user=request.user,
                is_right=not changes,
                is_posted=is_posted,
                blocked=bool(blockers),
                needs_new_version=is_draft and place_stands_in_the_way(calculation),
            ),
            "breadcrumbs": below_bill(bill),
            **_figures(calculation),
        },
    )


def _figures(calculation: Calculation) -> dict[str, object]:
    """Gather what was frozen with a calculation."""
    return {
        "recovery": recovery(calculation),
        "owner": owner_parts(calculation),
        "table": break_down(calculation),
        "pools": pools_of(calculation),
        "lines": _lines(calculation),
        "findings": findings_of(calculation),
        "rule_words": rule_sentence(calculation.share_rule),
        "charge_count": calculation.charges.count(),
        "residents_cents": calculation.tenants_cents + calculation.fees_cents,
    }


def _lines(calculation: Calculation) -> list[LineRow]:
    return [
        line_row(
            name=line["name"],
            kind=line["kind"],
            cents=line["amount_cents"],
            spread=line.get("spread", ""),
        )
        for line in calculation.inputs.get("lines", ())
    ]


def _difference(calculation: Calculation) -> str:
    """Say by how much the residents' total would change."""
    cents = difference_since(calculation)
    if cents is None:
        return "The bill cannot be calculated as things stand now."
    if cents == 0:
        return (
            "Calculated again now, all residents together would be charged the same, though not "
            "each of them."
        )
    more = "more" if cents > 0 else "less"
    return (
        f"Calculated again now, all residents together would be charged "
        f"{format_dollars(abs(cents))} {more}."
    )


@require_POST
@signed_in
def calculation_submit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Hand a draft over to the accountants."""
    calculation = access.fetch(_calculations(), Action.PREPARE, user=request.user, pk=pk)
    try:
        submit_calculation(calculation=calculation, by=request.user, now=timezone.now())
    except (Blocked, OutOfDate, WrongState) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "Submitted. An accountant approves it or sends it back.")
    return redirect("billing:calculation-detail", pk=calculation.pk)


@require_safe
@signed_in
def charge_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show why a charge is what it is."""
    charges = Charge.objects.select_related("calculation__bill__property__portfolio", "lease")
    charge = access.fetch(charges, Action.READ, user=request.user, pk=pk)
    calculation = charge.calculation
    postings = charge.postings.select_related("job").order_by("-pk")
    return render(
        request,
        "billing/charge_detail.html",
        {
            "charge": charge,
            "calculation": calculation,
            "bill": calculation.bill,
            "month": billing_month(calculation.bill),
            "badge": calculation_badge(calculation),
            "account": account_of(charge),
            "postings": [(posting, posting_badge(posting)) for posting in postings],
            "breadcrumbs": below_calculation(calculation),
        },
    )


def _calculations() -> QuerySet[Calculation]:
    return Calculation.objects.select_related(
        "bill__property__portfolio", "share_rule", "prepared_by", "submitted_by"
    )


def _jobs(calculation: Calculation) -> list[tuple[PostingJob, Badge]]:
    jobs = list(calculation.jobs.select_related("created_by"))
    counts = count_jobs(jobs)
    return [(job, job_badge(job, counts[job.pk])) for job in jobs]

"""Everything that a calculation's page shows; several acts answer with that page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.timezone import localdate

from billing.approval_tiers import Approvals, approvals_of
from billing.closed_months import month_of
from billing.deadlines import Deadline, deadline_of, usual_charge_date
from billing.forms.bill_terms import BillTermsForm
from billing.forms.bills import FlagForm
from billing.models import (
    Approval,
    BillTerms,
    Calculation,
    CalculationState,
    Decision,
    PostingJob,
    UtilityBill,
)
from billing.queries import (
    changes_since,
    charging_jobs,
    count_jobs,
    difference_since,
    has_rest_to_post,
)
from billing.rubs.buckets import Bucket
from billing.views.bill_page import FlagRow, LineRow, flag_form_for, line_row
from billing.views.breadcrumbs import below_bill
from billing.views.breakdown import break_down
from billing.views.findings import blockers_with_links, findings_of, place_stands_in_the_way
from billing.views.next_steps import LIVE, is_own_work, next_steps
from billing.views.owner_buckets import owner_parts
from billing.views.pool_table import pools_of
from billing.views.review_table import review_table
from billing.views.rule_words import rule_sentence
from billing.views.wording import Badge, billing_month, calculation_badge, job_badge, recovery
from integrations.models import PropertyLink
from meterbase.lib.money import format_dollars
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest
from portfolios.models import User


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a calculation stands beside its bill.

    Shape: `is_open` says that something can still become of it; `changes` are only looked for then.
    """

    is_latest: bool
    is_begun: bool
    is_posted: bool
    is_open: bool
    changes: tuple[str, ...]
    approvals: Approvals


def calculations_to_show() -> QuerySet[Calculation]:
    """Select calculations with what their page shows of them."""
    return Calculation.objects.select_related(
        "bill__property__portfolio", "share_rule", "prepared_by", "submitted_by"
    )


def may_change_units(calculation: Calculation, *, user: User) -> bool:
    """Tell whether a person may set something for single units of a calculation."""
    return _may_change(calculation, _standing_of(calculation), user)


def calculation_page(
    request: SignedInRequest,
    calculation: Calculation,
    *,
    query: QueryDict | None = None,
    terms_form: BillTermsForm | None = None,
    ticked: frozenset[str] = frozenset(),
    flag_form: tuple[int, FlagForm] | None = None,
) -> dict[str, object]:
    """Gather what the page shows; forms that were sent and refused take their places."""
    bill = calculation.bill
    standing = _standing_of(calculation)
    jobs = _jobs(calculation)
    may_change = _may_change(calculation, standing, request.user)
    may_prepare = access.may(bill.property.portfolio, Action.PREPARE, user=request.user)
    return {
        "calculation": calculation,
        "bill": bill,
        "month": billing_month(bill),
        "badge": calculation_badge(calculation),
        "approvals": standing.approvals,
        "deadline": _deadline(calculation, standing),
        "rejection": _rejection(calculation),
        "jobs": jobs,
        "post_month": _post_month(bill, [job for job, _ in jobs]),
        "changes": [(change, "") for change in standing.changes],
        "difference": _difference(calculation) if standing.changes else "",
        "breadcrumbs": below_bill(bill),
        "flags": _flags(calculation, standing, may_prepare=may_prepare, sent=flag_form),
        "may_prepare": may_prepare,
        "may_sync": may_prepare and PropertyLink.objects.filter(property=bill.property).exists(),
        "terms_form": (terms_form or BillTermsForm()) if may_change else None,
        "ticked": ticked,
        "bill_terms": _bill_terms(calculation) if standing.is_latest else [],
        **_acts(calculation, standing, request.user),
        **_figures(calculation, request.GET if query is None else query),
    }


def _standing_of(calculation: Calculation) -> _Standing:
    is_latest = not calculation.bill.calculations.filter(version__gt=calculation.version).exists()
    is_begun = charging_jobs(calculation.jobs.all()).exists()
    is_rejected = calculation.state == CalculationState.REJECTED
    # Once posted, later changes are the next bill's business.
    is_open = not is_begun and (calculation.state in LIVE or (is_rejected and is_latest))
    return _Standing(
        is_latest=is_latest,
        is_begun=is_begun,
        is_posted=is_begun and not has_rest_to_post(calculation),
        is_open=is_open,
        changes=tuple(sorted(changes_since(calculation))) if is_open else (),
        approvals=approvals_of(calculation),
    )


def _may_change(calculation: Calculation, standing: _Standing, user: User) -> bool:
    if not standing.is_open or not standing.is_latest or standing.changes:
        return False
    return access.may(calculation.bill.property.portfolio, Action.PREPARE, user=user)


def _acts(calculation: Calculation, standing: _Standing, user: User) -> dict[str, object]:
    """Tell what can be done next, and what stands in its way."""
    is_draft = standing.is_open and calculation.state == CalculationState.DRAFT
    is_draft = is_draft and not standing.changes
    blockers = blockers_with_links(calculation) if is_draft else []
    steps = next_steps(
        calculation,
        user=user,
        is_right=not standing.changes,
        is_posted=standing.is_posted,
        blocked=bool(blockers),
        needs_new_version=is_draft and place_stands_in_the_way(calculation),
        is_latest=standing.is_latest,
        has_approved=standing.approvals.are_of(user),
    )
    return {
        "blockers": [(message, _here(calculation, url)) for message, url in blockers],
        "steps": steps,
        "approve_blockers": _approve_blockers(calculation, standing, user)
        if steps.approve_off
        else [],
    }


def _here(calculation: Calculation, url: str) -> str:
    """Lead to the flags on this very page instead of those on the bill's."""
    of_bill = reverse("billing:bill-detail", args=[calculation.bill_id])
    return "#flags" if url == f"{of_bill}#flags" else url


def _approve_blockers(
    calculation: Calculation, standing: _Standing, user: User
) -> list[tuple[str, str]]:
    found = []
    if standing.changes:
        count = len(standing.changes)
        things = "one thing has" if count == 1 else f"{count} things have"
        found.append((f"Out of date: {things} changed since it was made.", "#changed"))
    if is_own_work(calculation, user=user):
        found.append(("You prepared it: somebody else has to approve it.", "#prepared"))
    if standing.approvals.are_of(user):
        found.append(("You have approved it: a second person has to.", "#approved"))
    return found


def _deadline(calculation: Calculation, standing: _Standing) -> Deadline | None:
    """Tell by when to approve what can still be approved."""
    is_over = not standing.is_open or calculation.state == CalculationState.APPROVED
    return None if is_over else deadline_of(calculation.bill, today=localdate())


def _post_month(bill: UtilityBill, jobs: Sequence[PostingJob]) -> date:
    """Give the accounting month of a bill's charges: that of the last job, or the usual one."""
    sent = [month_of(job) for job in jobs if job.post_to_pms and job.reverses_id is None]
    return sent[0] if sent else usual_charge_date(bill.period_end)


def _rejection(calculation: Calculation) -> Approval | None:
    rejections = calculation.approvals.filter(decision=Decision.REJECTED)
    return rejections.select_related("decided_by").first()


def _flags(
    calculation: Calculation,
    standing: _Standing,
    *,
    may_prepare: bool,
    sent: tuple[int, FlagForm] | None,
) -> list[FlagRow]:
    """List what looks odd about the bill, each with the form that clears it while that counts."""
    rows = []
    for flag in calculation.bill.flags.select_related("cleared_by"):
        form = None
        if may_prepare and standing.is_open and flag.cleared_at is None:
            form = sent[1] if sent and sent[0] == flag.pk else flag_form_for(flag)
        rows.append(FlagRow(flag, form))
    return rows


def _bill_terms(calculation: Calculation) -> Sequence[BillTerms]:
    rows = BillTerms.objects.filter(bill=calculation.bill_id)
    return list(rows.select_related("unit", "set_by").order_by("unit__unit_number", "pk"))


def _figures(calculation: Calculation, query: QueryDict) -> dict[str, object]:
    """Gather what was frozen with a calculation, and how it stands beside the one before."""
    table = break_down(calculation)
    return {
        "recovery": recovery(calculation),
        "owner": owner_parts(calculation),
        "common_area_cents": _owner_cents(calculation, Bucket.COMMON_AREA),
        "rounding_cents": _owner_cents(calculation, Bucket.ROUNDING),
        "table": table,
        "review": review_table(calculation, table, query=query),
        "pools": pools_of(calculation),
        "lines": _lines(calculation),
        "findings": findings_of(calculation),
        "rule_words": rule_sentence(calculation.share_rule),
        "charge_count": calculation.charges.count(),
        "residents_cents": calculation.tenants_cents + calculation.fees_cents,
    }


def _owner_cents(calculation: Calculation, bucket: Bucket) -> int:
    lines = calculation.result["owner"]
    return sum(line["cents"] for line in lines if line["bucket"] == bucket.value)


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


def _jobs(calculation: Calculation) -> list[tuple[PostingJob, Badge]]:
    jobs = list(calculation.jobs.select_related("created_by"))
    counts = count_jobs(jobs)
    return [(job, job_badge(job, counts[job.pk])) for job in jobs]

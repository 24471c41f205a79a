"""Posting an approved calculation: what is to be sent, a last look, then the job."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.charge_codes import links_with_portfolios, standings_of, usual_code
from billing.closed_months import ClosedMonth, latest_closed_month
from billing.duplicates import Duplicates, charges_digest, earlier_charges
from billing.forms import DuplicateForm, PostingOrderForm
from billing.models import Calculation, CalculationState, PostingJob
from billing.operations.calculations import OutOfDate, WrongState
from billing.operations.duplicate_guard import find_duplicates
from billing.operations.posting_jobs import (
    AlreadyPosted,
    ChargesChanged,
    CodeNotMapped,
    Confirmation,
    DuplicatesFound,
    NoPostMonth,
    NothingToPost,
    NotLinked,
    PostingDisabled,
    create_posting_job,
    refuse_to_send,
)
from billing.queries import EarlierPosting, earlier_postings
from billing.views.breadcrumbs import below_calculation
from billing.views.posting_words import (
    Parcel,
    first_values,
    found_before,
    is_closed,
    may_send,
    parcel_of,
    question,
)
from billing.views.wording import bill_name, job_badge
from integrations.gateways import NotConnected, PropexoNotConfigured, open_property_gateway
from integrations.models import PropertyLink
from integrations.operations.chart_of_accounts import read_aging_chart
from integrations.pms.errors import PmsError
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@dataclass(frozen=True, slots=True)
class _Desk:
    """What both pages are about; `shown` names the charges that the parcel sums up."""

    request: SignedInRequest
    calculation: Calculation
    link: PropertyLink | None
    shown: str
    parcel: Parcel
    closed: ClosedMonth | None
    form: PostingOrderForm


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def posting_create(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask how the charges are to appear, ask once more, then make the posting job."""
    calculation = access.fetch(_calculations(), Action.APPROVE, user=request.user, pk=pk)
    if calculation.state != CalculationState.APPROVED:
        messages.error(request, "Only an approved calculation can be posted.")
        return redirect("billing:calculation-detail", pk=calculation.pk)
    link = links_with_portfolios().filter(property=calculation.bill.property).first()
    unread = _read_chart(link) if link else ""
    desk = _desk(request, calculation, link)
    if request.method == "POST" and unread:
        desk.form.add_error(None, unread)
    if request.method == "POST" and desk.form.is_valid():
        answer = _create(desk) if desk.form.cleaned_data["confirmed"] else _ask(desk)
        if answer is not None:
            return answer
    page = _page(desk) | {"unread": unread, "earlier": _earlier(calculation)}
    return render(request, "billing/posting_create.html", page)


def _read_chart(link: PropertyLink) -> str:
    """Read a chart of accounts that was never read, or say why it cannot be."""
    try:
        gateway = open_property_gateway(link.property)
        read_aging_chart(place=link.property, gateway=gateway, now=timezone.now())
    except PropexoNotConfigured as refusal:
        return str(refusal)
    except PmsError as error:
        return f"The property's chart of accounts could not be read. {error.message}"
    return ""


def _desk(request: SignedInRequest, calculation: Calculation, link: PropertyLink | None) -> _Desk:
    bill = calculation.bill
    # Before the parcel: what changes in between is asked about once more.
    shown = charges_digest(calculation)
    parcel = parcel_of(calculation, link)
    closed = latest_closed_month(bill.property)
    replaced = calculation.jobs.filter(public_id=request.GET.get("instead_of", "")).first()
    usual = usual_code(bill.property.portfolio, bill.utility)
    form = PostingOrderForm(
        request.POST or None,
        bill=bill,
        takes_post_month=parcel.takes_post_month,
        standings=standings_of(link) if link else (),
        codes_url=reverse("billing:charge-codes", args=[bill.property_id]),
        suggested_code=calculation.share_rule.charge_code or usual,
        initial=first_values(calculation, parcel, closed=closed, instead_of=replaced),
    )
    return _Desk(request, calculation, link, shown, parcel, closed, form)


def _ask(desk: _Desk, *, alert: str = "") -> HttpResponse | None:
    """Look for earlier charges and ask once more, or leave the reason why not on the form."""
    order = desk.form.order()
    if not order.post_to_pms:
        return _last_look(desk, Duplicates(), alert=alert)
    try:
        refuse_to_send(desk.parcel.connection)
        found = find_duplicates(
            calculation=desk.calculation,
            charge_code=order.charge_code,
            charge_date=order.charge_date,
            gateway=open_property_gateway(desk.calculation.bill.property),
            now=timezone.now(),
        )
    except (NotConnected, PostingDisabled, PropexoNotConfigured) as refusal:
        desk.form.add_error(None, str(refusal))
        return None
    return _last_look(desk, found, alert=alert)


def _last_look(
    desk: _Desk, found: Duplicates, *, reason_form: DuplicateForm | None = None, alert: str = ""
) -> HttpResponse:
    """Show what will happen and what was found; a reason is asked for where anything was."""
    order = desk.form.order()
    if found.digest and reason_form is None:
        reason = desk.request.POST.get("reason", "")
        reason_form = DuplicateForm(initial={"findings": found.digest, "reason": reason})
    page = _page(desk) | question(desk.parcel, order) | found_before(found)
    page |= {
        "reason_form": reason_form,
        "alert": alert,
        "shown": desk.shown,
        "is_closed": is_closed(order, desk.closed),
    }
    return render(desk.request, "billing/posting_confirm.html", page)


def _create(desk: _Desk) -> HttpResponse | None:
    """Make the job, ask again about what was found, or leave the reason why not on the form."""
    said = None
    if "findings" in desk.request.POST:
        reason_form = DuplicateForm(desk.request.POST)
        if reason_form.is_valid():
            said = reason_form.confirmation()
    try:
        job = _make(desk, said)
    except ChargesChanged as refusal:
        anew = _desk(desk.request, desk.calculation, desk.link)
        return _ask(anew, alert=str(refusal)) if anew.form.is_valid() else None
    except DuplicatesFound as refusal:
        if said is None and "findings" in desk.request.POST:
            data = desk.request.POST.copy()
            data["findings"] = refusal.found.digest
            return _last_look(desk, refusal.found, reason_form=DuplicateForm(data))
        return _last_look(desk, refusal.found, alert=str(refusal))
    if job is None:
        return None
    if job.post_to_pms:
        messages.success(desk.request, "The charges are on their way. You may leave this page.")
    else:
        messages.success(desk.request, "The dry run is recorded. Nothing was sent.")
    return redirect("billing:job-detail", public_id=job.public_id)


def _make(desk: _Desk, said: Confirmation | None) -> PostingJob | None:
    try:
        return create_posting_job(
            calculation=desk.calculation,
            order=desk.form.order(said, shown=desk.request.POST.get("shown", "")),
            gateway=open_property_gateway(desk.calculation.bill.property),
            by=desk.request.user,
            now=timezone.now(),
        )
    except (
        AlreadyPosted,
        NoPostMonth,
        NotConnected,
        NothingToPost,
        NotLinked,
        OutOfDate,
        PostingDisabled,
        PropexoNotConfigured,
        WrongState,
    ) as refusal:
        desk.form.add_error(None, str(refusal))
    except CodeNotMapped as refusal:
        desk.form.add_error("charge_code", str(refusal))
    except PmsError as error:
        desk.form.add_error(None, error.message)
    return None


def _calculations() -> QuerySet[Calculation]:
    return Calculation.objects.select_related("bill__property__portfolio", "share_rule")


def _earlier(calculation: Calculation) -> list[tuple[EarlierPosting, object]]:
    """List the jobs for this bill, and those of other bills that charged the same units."""
    jobs = {finding.job.pk for finding in earlier_charges(calculation) if finding.job}
    return [
        (found, job_badge(found.job, found.counts))
        for found in earlier_postings(calculation.bill)
        if found.same_bill or found.job.pk in jobs
    ]


def _page(desk: _Desk) -> dict[str, object]:
    calculation = desk.calculation
    return {
        # The entry of the navigation: this is still about the bill, not yet about a job.
        "section": "billing:bill-list",
        "calculation": calculation,
        "bill": calculation.bill,
        "form": desk.form,
        "title": f"Post {bill_name(calculation.bill)}",
        "parcel": desk.parcel,
        "closed": desk.closed,
        "posting_enabled": settings.PROPEXO_CHARGE_POSTING_ENABLED,
        "may_send": may_send(desk.parcel),
        "breadcrumbs": below_calculation(calculation),
        "cancel_url": reverse("billing:calculation-detail", args=[calculation.pk]),
    }

"""Posting an approved calculation: what is to be sent, a last look, then the job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.charge_codes import links_with_portfolios, standings_of, usual_code
from billing.forms import PostingOrderForm
from billing.models import Calculation, CalculationState, PostingJob
from billing.operations.calculations import OutOfDate, WrongState
from billing.operations.posting_jobs import (
    AlreadyPosted,
    CodeNotMapped,
    NothingToPost,
    NotLinked,
    PostedBefore,
    PostingDisabled,
    create_posting_job,
)
from billing.queries import EarlierPosting, charges_to_post, earlier_postings
from billing.views.breadcrumbs import below_calculation
from billing.views.wording import bill_name, billing_month, charge_count, job_badge
from integrations.gateways import NotConnected, PropexoNotConfigured, open_property_gateway
from integrations.models import Connection, PropertyLink
from integrations.operations.chart_of_accounts import read_aging_chart
from integrations.pms.catalog import Support, platform
from integrations.pms.errors import PmsError
from meterbase.lib.money import format_dollars
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@dataclass(frozen=True, slots=True)
class Parcel:
    """What would be posted, and where to.

    Units: cents.
    """

    connection: Connection | None
    count: int
    total_cents: int

    @property
    def charges(self) -> str:
        """Count the charges in words."""
        return charge_count(self.count)

    @property
    def pms(self) -> str:
        """Name the PMS."""
        return self.connection.get_pms_display() if self.connection else "the PMS"

    @property
    def is_beta(self) -> bool:
        """Tell whether posting to this PMS is still in its trial phase."""
        connection = self.connection
        return connection is not None and platform(connection.pms).charge_posting is Support.BETA


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
    earlier = earlier_postings(calculation.bill)
    has_rest = charges_to_post(calculation).exists()
    repeats = any(not (has_rest and found.same_bill) for found in earlier)
    form = _form(request, calculation, link, posted_before=repeats)
    parcel = _parcel(calculation, link)
    page = _page(calculation, parcel, form, earlier) | {"unread": unread}
    if request.method == "POST" and unread:
        form.add_error(None, unread)
    if request.method == "POST" and form.is_valid():
        if not form.cleaned_data["dry_run"] and not settings.PROPEXO_CHARGE_POSTING_ENABLED:
            form.add_error(None, str(PostingDisabled()))
        elif not form.cleaned_data["confirmed"]:
            return render(request, "billing/posting_confirm.html", page | _question(parcel, form))
        else:
            job = _create(request, calculation, form)
            if job is not None:
                return redirect("billing:job-detail", public_id=job.public_id)
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


def _form(
    request: SignedInRequest,
    calculation: Calculation,
    link: PropertyLink | None,
    *,
    posted_before: bool,
) -> PostingOrderForm:
    bill = calculation.bill
    usual = usual_code(bill.property.portfolio, bill.utility)
    return PostingOrderForm(
        request.POST or None,
        bill=bill,
        posted_before=posted_before,
        standings=standings_of(link) if link else (),
        codes_url=reverse("billing:charge-codes", args=[bill.property_id]),
        suggested_code=calculation.share_rule.charge_code or usual,
        initial=_initial(calculation),
    )


def _create(
    request: SignedInRequest, calculation: Calculation, form: PostingOrderForm
) -> PostingJob | None:
    """Make the job, or leave the reason why not on the form."""
    try:
        job = create_posting_job(
            calculation=calculation,
            order=form.order(),
            gateway=open_property_gateway(calculation.bill.property),
            by=request.user,
            now=timezone.now(),
        )
    except (
        AlreadyPosted,
        NotConnected,
        NothingToPost,
        NotLinked,
        OutOfDate,
        PostedBefore,
        PostingDisabled,
        PropexoNotConfigured,
        WrongState,
    ) as refusal:
        form.add_error(None, str(refusal))
        return None
    except CodeNotMapped as refusal:
        form.add_error("charge_code", str(refusal))
        return None
    except PmsError as error:
        form.add_error(None, error.message)
        return None
    if job.post_to_pms:
        messages.success(request, "The charges are on their way. You may leave this page.")
    else:
        messages.success(request, "The dry run is recorded. Nothing was sent.")
    return job


def _calculations() -> QuerySet[Calculation]:
    return Calculation.objects.select_related("bill__property__portfolio", "share_rule")


def _initial(calculation: Calculation) -> dict[str, object]:
    bill = calculation.bill
    return {
        "charge_date": _first_of_month(bill.period_end),
        "description": f"{billing_month(bill)} {bill.get_utility_display()} Charge (RUBS)",
        "dry_run": not settings.PROPEXO_CHARGE_POSTING_ENABLED,
    }


def _first_of_month(day: date) -> date:
    """Find the first of a month on a day or after it."""
    if day.day == 1:
        return day
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _parcel(calculation: Calculation, link: PropertyLink | None) -> Parcel:
    rest = charges_to_post(calculation)
    charges = rest if rest.exists() else calculation.charges.exclude(amount_cents=0)
    sums = charges.aggregate(count=Count("pk"), total=Sum("amount_cents"))
    return Parcel(link.connection if link else None, sums["count"], sums["total"] or 0)


def _page(
    calculation: Calculation,
    parcel: Parcel,
    form: PostingOrderForm,
    earlier: list[EarlierPosting],
) -> dict[str, object]:
    return {
        # The entry of the navigation: this is still about the bill, not yet about a job.
        "section": "billing:bill-list",
        "calculation": calculation,
        "bill": calculation.bill,
        "form": form,
        "title": f"Post {bill_name(calculation.bill)}",
        "parcel": parcel,
        "earlier": [(found, job_badge(found.job, found.counts)) for found in earlier],
        "breadcrumbs": below_calculation(calculation),
        "cancel_url": reverse("billing:calculation-detail", args=[calculation.pk]),
    }


def _question(parcel: Parcel, form: PostingOrderForm) -> dict[str, object]:
    order = form.order()
    what = (
        f"{parcel.charges}, {format_dollars(parcel.total_cents)}, to {parcel.pms} as "
        f"{order.charge_code}, dated {order.charge_date}"
    )
    if order.post_to_pms:
        return {
            "question": f"Post {what}?",
            "body": "Residents will see them. They can be reversed, not deleted.",
            "verb": f"Post {parcel.charges}",
            "cancel_label": "Do not post",
        }
    return {
        "question": f"Record a dry run of {what}?",
        "body": f"Nothing is sent to {parcel.pms}. The job shows what would be sent.",
        "verb": "Record the dry run",
        "cancel_label": "Do not record it",
    }

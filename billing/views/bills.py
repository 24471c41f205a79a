"""Bills: entering one, and what can be done with it."""

from __future__ import annotations

from dataclasses import dataclass

from csp.decorators import csp_update
from django.contrib import messages
from django.db.models import Max
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.forms.bills import BillForm
from billing.models import Utility, UtilityBill
from billing.operations.bills import BillAlreadyEntered, LinesDoNotAddUp, enter_bill
from billing.operations.calculations import (
    CannotCalculate,
    NoShareRule,
    WrongState,
    calculate_bill,
)
from billing.operations.documents import NotADocument, enter_bill_with_document
from billing.views.bill_page import bill_page, bills_to_look_at, bills_to_show
from billing.views.bill_problems import reasons, rule_url
from billing.views.breadcrumbs import below_property
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property


@dataclass(frozen=True, slots=True)
class UtilityLink:
    """A utility that was billed before, as a ready-made start of the form."""

    label: str
    url: str
    active: bool
    count: None = None


@require_http_methods(["GET", "HEAD", "POST"])
# It shows the file that was chosen, before anything is sent.
@csp_update({"img-src": ["blob:"], "frame-src": ["blob:"]})  # type: ignore[arg-type] # its views take only a request
@signed_in
def bill_create(request: SignedInRequest, pk: int) -> HttpResponse:
    """Enter a bill of a property."""
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, Action.PREPARE, user=request.user, pk=pk)
    start = _next_period(place, request.GET.get("utility", ""))
    form = BillForm(request.POST or None, request.FILES or None, initial=start)
    existing: UtilityBill | None = None
    if request.method == "POST" and form.is_valid():
        try:
            bill = _enter(request, place, form)
        except BillAlreadyEntered as refusal:
            existing = refusal.existing
            form.add_error(None, str(refusal))
        except LinesDoNotAddUp as refusal:
            form.add_error("amount", str(refusal))
        except NotADocument as refusal:
            form.add_error("document", str(refusal))
        else:
            messages.success(request, _entered(bill))
            return redirect("billing:bill-detail", pk=bill.pk)
    return render(
        request,
        "billing/bill_create.html",
        {
            "title": "Enter a bill",
            "eyebrow": place.name,
            "breadcrumbs": below_property(place),
            "form": form,
            "verb": "Enter the bill",
            "cancel_url": reverse("billing:property-detail", args=[place.pk]),
            "existing": existing,
            "utilities": _utility_links(place, str(start.get("utility", ""))),
        },
    )


def _enter(request: SignedInRequest, place: Property, form: BillForm) -> UtilityBill:
    upload, entry, now = form.cleaned_data["document"], form.entry(), timezone.now()
    if upload is None:
        return enter_bill(place=place, entry=entry, by=request.user, now=now)
    return enter_bill_with_document(
        place=place,
        entry=entry,
        name=upload.name,
        chunks=upload.chunks(),
        by=request.user,
        now=now,
    )


def _entered(bill: UtilityBill) -> str:
    if bill.flags.exists():
        return (
            "The bill is entered. Something about it looks odd: clear each flag with a note before "
            "its calculation goes into review."
        )
    return "The bill is entered. Calculate it next."


def _next_period(place: Property, utility: str) -> dict[str, object]:
    """Suggest that the next bill starts where the last one ended, of the utility asked for."""
    bills = place.bills.order_by("-period_end", "-pk")
    if utility in Utility.values:
        last = bills.filter(utility=utility).first()
        return {"utility": utility} | ({"period_start": last.period_end} if last else {})
    last = bills.first()
    return {"utility": last.utility, "period_start": last.period_end} if last else {}


def _utility_links(place: Property, chosen: str) -> list[UtilityLink]:
    ends = place.bills.order_by().values_list("utility").annotate(Max("period_end"))
    return [
        UtilityLink(
            f"{Utility(utility).label}, from {end:%-d %b %Y}",
            f"?utility={utility}",
            utility == chosen,
        )
        for utility, end in sorted(ends)
    ]


@require_safe
@signed_in
def bill_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a bill, the rule that shares it and its calculations."""
    bill = access.fetch(bills_to_look_at(), Action.READ, user=request.user, pk=pk)
    return render(request, "billing/bill_detail.html", bill_page(request, bill))


@require_POST
@signed_in
def calculation_create(request: SignedInRequest, pk: int) -> HttpResponse:
    """Share a bill over the units, or show everything that stands in the way."""
    bill = access.fetch(bills_to_show(), Action.PREPARE, user=request.user, pk=pk)
    try:
        calculation = calculate_bill(bill=bill, by=request.user, now=timezone.now())
    except CannotCalculate as refusal:
        found = reasons(bill, refusal.problems)
        page = bill_page(request, bill) | {"reasons": found}
        return render(request, "billing/bill_detail.html", page)
    except NoShareRule as refusal:
        page = bill_page(request, bill) | {"reasons": [(str(refusal), rule_url(bill))]}
        return render(request, "billing/bill_detail.html", page)
    except WrongState as refusal:
        messages.error(request, str(refusal))
        return redirect("billing:bill-detail", pk=bill.pk)
    messages.success(
        request, f"Version {calculation.version} is calculated. Look it over, then submit it."
    )
    return redirect("billing:calculation-detail", pk=calculation.pk)

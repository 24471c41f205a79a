"""What comparisons of a property's charges with the PMS's ledger have found."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing.models import DifferenceKind, LedgerCheck, LedgerDifference
from billing.operations.ledger_checks import request_check
from billing.operations.ledger_schedule import nudge_workers
from billing.views.breadcrumbs import above_property
from billing.views.wording import PAGE_SIZE, Badge, charge_count
from meterbase.lib.money import format_dollars
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property

# Of each kind of difference the page shows so many; the CSV has all of them.
_SHOWN = 100
_REMEDIES = {
    DifferenceKind.DIFFERS: "Look at the charge in the PMS and put right which of the two is "
    "wrong: there by hand, or by reversing it here and posting anew.",
    DifferenceKind.MISSING: "Look for the reference in the PMS. If somebody deleted the charge "
    "there, charge it by hand or reverse it here, so that both say the same.",
    DifferenceKind.EXTRA: "Look who made it. If MeterBase's database was restored from a backup, "
    "posting the same bill anew finds it and sends nothing.",
    DifferenceKind.DOUBLED: "The resident is charged twice: take one of the two back in the PMS.",
}


@dataclass(frozen=True, slots=True)
class KindRows:
    """The differences of a kind, as many as the page shows."""

    kind: DifferenceKind
    count: int
    remedy: str
    differences: Sequence[LedgerDifference]


@require_safe
@signed_in
def property_ledger(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a property's comparisons, and what one of them, or the last one, has found."""
    place = _place(request, pk, Action.READ)
    checks = place.ledger_checks.select_related("job", "requested_by")
    page = Paginator(checks, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = _chosen(request, checks)
    under_way = checks.filter(finished_at=None).first()
    context = {
        "place": place,
        "page": page,
        "rows": [(check, check_badge(check)) for check in page],
        "shown": shown,
        "kinds": _kinds(shown) if shown is not None else [],
        "under_way": under_way,
        "may_check": access.may(place.portfolio, Action.APPROVE, user=request.user),
        "breadcrumbs": above_property(place),
    }
    return render(request, "billing/property_ledger.html", context)


@require_POST
@signed_in
def property_ledger_check(request: SignedInRequest, pk: int) -> HttpResponse:
    """Have a property compared with the PMS's ledger in the background."""
    place = _place(request, pk, Action.APPROVE)
    request_check(place=place, by=request.user, now=timezone.now())
    nudge_workers()
    messages.success(
        request, "The ledger is read in the background; what it shows appears on this page."
    )
    return redirect("billing:property-ledger", pk=place.pk)


@require_safe
@signed_in
def ledger_check_csv(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give all differences of a comparison as a file."""
    checks = LedgerCheck.objects.select_related("property__portfolio")
    check = access.fetch(checks, Action.READ, user=request.user, pk=pk)
    name = f"ledger-{check.property_id}-{check.started_at:%Y%m%d-%H%M}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    writer = csv.writer(response)
    writer.writerow(
        ["kind", "unit", "reference", "amount", "job", "charge id in the PMS", "what differs"]
    )
    rows = check.differences.select_related("posting__charge", "posting__job").order_by("pk")
    for difference in rows.iterator(chunk_size=500):
        writer.writerow(_cells(difference))
    return response


def check_badge(check: LedgerCheck) -> Badge:
    """Name in a word or two what a comparison came to."""
    if not check.is_over:
        return Badge("Under way", "info")
    if check.error:
        return Badge("Could not be read", "warning")
    if check.is_clean:
        return Badge("Nothing differs", "success")
    found = check.missing + check.differs + check.extra + check.doubled
    return Badge(f"{charge_count(found)} to look at", "danger")


def _place(request: SignedInRequest, pk: int, action: Action) -> Property:
    places = Property.objects.select_related("portfolio")
    return access.fetch(places, action, user=request.user, pk=pk)


def _chosen(request: SignedInRequest, checks: QuerySet[LedgerCheck]) -> LedgerCheck | None:
    """Pick the comparison that the address names, else the last one of the whole property."""
    named = request.GET.get("check", "")
    if named.isascii() and named.isdigit() and len(named) < 19:
        found = checks.filter(pk=int(named)).first()
        if found is not None:
            return found
    return checks.filter(job=None, finished_at__isnull=False).first()


def _kinds(check: LedgerCheck) -> list[KindRows]:
    found = []
    for kind in DifferenceKind:
        of_kind = check.differences.filter(kind=kind).select_related("posting__charge")
        count = of_kind.count()
        if count:
            rows = list(of_kind.order_by("pk")[:_SHOWN])
            found.append(KindRows(kind, count, _REMEDIES[kind], rows))
    return found


def _cells(difference: LedgerDifference) -> list[str]:
    posting = difference.posting
    return [
        difference.get_kind_display(),
        _plain(posting.charge.unit_label) if posting is not None else "",
        difference.reference,
        format_dollars(posting.amount_cents) if posting is not None else "",
        posting.job.public_id if posting is not None else "",
        _plain(difference.remote_charge_id),
        _plain(difference.message),
    ]


def _plain(text: str) -> str:
    """Keep a spreadsheet from taking somebody's text for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text

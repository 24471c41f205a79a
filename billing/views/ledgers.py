"""What comparisons of a property's charges with the PMS's ledger have found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing.models import DifferenceKind, LedgerCheck, LedgerDifference
from billing.operations.ledger_checks import request_check
from billing.operations.ledger_schedule import nudge_workers
from billing.views.breadcrumbs import above_property
from billing.views.ledger_sheets import check_sheet, difference_sheet
from billing.views.wording import PAGE_SIZE, Badge, charge_count
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Property

# Of each kind of difference the page shows so many; the file has all of them.
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
def property_ledger(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show a property's comparisons, and what one of them, or the last one, has found."""
    place = _place(request, pk, Action.READ)
    checks = place.ledger_checks.select_related("job", "requested_by")
    if answer := list_file(request, lambda: check_sheet(place, checks, badge=check_badge)):
        return answer
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
def ledger_differences(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Give all differences of a comparison as a file.

    Errors: Http404 where the address names no format, too: the page of the property shows them.
    """
    checks = LedgerCheck.objects.select_related("property__portfolio")
    check = access.fetch(checks, Action.READ, user=request.user, pk=pk)
    answer = list_file(request, lambda: difference_sheet(check))
    if answer is None:
        raise Http404("Differences are given as CSV or XLSX.")
    return answer


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

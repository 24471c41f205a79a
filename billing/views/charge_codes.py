"""What MeterBase's charge codes are in a property's chart of accounts."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.charge_codes import CodeStanding, CodeState, links_with_portfolios, standings_of
from billing.forms import MappingForm
from billing.models import ChargeCodeMapping
from billing.operations.charge_code_mappings import NotInChart, Target, map_charge_code
from billing.operations.usual_charge_codes import ensure_charge_codes
from billing.views.breadcrumbs import Crumbs, above_property, below_property
from billing.views.setup_sheets import mapping_sheet
from billing.views.wording import Badge
from integrations.gateways import PropexoNotConfigured, open_gateway
from integrations.models import AccountKind, ChartAccount, ChartReading
from integrations.operations.chart_of_accounts import read_chart
from integrations.pms.errors import PmsError
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Property

# What one look shows of a chart; a search narrows a longer one down.
ACCOUNTS_SHOWN = 50

_BADGES = {
    CodeState.VANISHED: Badge("Gone from the PMS", "danger"),
    CodeState.INCOMPLETE: Badge("Incomplete", "warning"),
    CodeState.UNMAPPED: Badge("Not mapped", "warning"),
    CodeState.MAPPED: Badge("Mapped", "success"),
}
_ONLY_ACCOUNTANTS = "Only an accountant of this portfolio can change what a code is in the PMS."


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A charge code at a property, in words."""

    standing: CodeStanding
    badge: Badge
    url: str

    @property
    def origin(self) -> str:
        """Say who mapped it."""
        mapping = self.standing.mapping
        if mapping is None:
            return ""
        return f"by {mapping.set_by}" if mapping.set_by else "by itself"


@dataclass(frozen=True, slots=True)
class Choice:
    """The entries of one kind that a search found, to choose one of.

    Shape: `more` counts what is not shown.
    """

    kind: AccountKind
    accounts: tuple[ChartAccount, ...]
    chosen: int | None
    more: int


@require_safe
@signed_in
def charge_codes(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show every charge code with what it is at a property, what is amiss first."""
    place = _place(request, pk, Action.READ)
    ensure_charge_codes(portfolio=place.portfolio)
    link = links_with_portfolios().filter(property=place).first()
    rows = [_row(place, standing) for standing in standings_of(link)] if link else []
    standings = [(row.standing, row.badge.label) for row in rows]
    if answer := list_file(request, lambda: mapping_sheet(place, standings)):
        return answer
    may_map = access.may(place.portfolio, Action.APPROVE, user=request.user)
    may_prepare = access.may(place.portfolio, Action.PREPARE, user=request.user)
    context = {
        "place": place,
        "link": link,
        "rows": rows,
        "amiss": sum(not row.standing.is_mapped for row in rows),
        "reading": ChartReading.objects.filter(property=place).first(),
        "account_count": place.chart_accounts.filter(missing_since=None).count(),
        "may_map": may_map,
        "may_read": may_map or may_prepare,
        "only_accountants": _ONLY_ACCOUNTANTS,
        "breadcrumbs": above_property(place),
    }
    return render(request, "billing/charge_codes.html", context)


@require_POST
@signed_in
def chart_read(request: SignedInRequest, pk: int) -> HttpResponse:
    """Read a property's chart of accounts now."""
    place = _place(request, pk, Action.READ)
    if not _may_work(request, place):
        raise PermissionDenied("Viewers of a portfolio only look.")
    link = links_with_portfolios().filter(property=place).first()
    if link is None:
        messages.error(request, f"{place} is not connected to a PMS.")
        return redirect("billing:charge-codes", pk=place.pk)
    try:
        gateway = open_gateway(link.connection)
        changes = read_chart(place=place, gateway=gateway, now=timezone.now())
    except PropexoNotConfigured as refusal:
        messages.error(request, str(refusal))
    except PmsError as error:
        messages.error(request, f"The chart of accounts could not be read. {error.message}")
    else:
        messages.success(
            request,
            f"The chart of accounts is read: {changes.created} new, {changes.changed} changed, "
            f"{changes.vanished} gone.",
        )
    return redirect("billing:charge-codes", pk=place.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def charge_code_map(request: SignedInRequest, pk: int, code_pk: int) -> HttpResponse:
    """Choose what a code is in a property's chart of accounts, with a search."""
    place = _place(request, pk, Action.APPROVE)
    standing = _standing(place, code_pk)
    before = _target_of(standing.mapping)
    form = MappingForm(request.POST or None, place=place, needed=standing.needed)
    if request.method == "POST" and form.is_valid():
        try:
            map_charge_code(
                place=place,
                charge_code=standing.charge_code,
                target=form.target(before),
                by=request.user,
                now=timezone.now(),
            )
        except NotInChart as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, f"What {standing.charge_code} is in the PMS is stored.")
            return redirect("billing:charge-codes", pk=place.pk)
    words = request.GET.get("q", "").strip()[:100]
    context = {
        "place": place,
        "standing": standing,
        "form": form,
        "q": words,
        "choices": [_choice(place, standing, kind, words) for kind in sorted(standing.needed)],
        "breadcrumbs": _below_codes(place),
        "cancel_url": reverse("billing:charge-codes", args=[place.pk]),
    }
    return render(request, "billing/charge_code_map.html", context)


def _place(request: SignedInRequest, pk: int, action: Action) -> Property:
    places = Property.objects.select_related("portfolio")
    return access.fetch(places, action, user=request.user, pk=pk)


def _may_work(request: SignedInRequest, place: Property) -> bool:
    return any(
        access.may(place.portfolio, action, user=request.user)
        for action in (Action.PREPARE, Action.APPROVE)
    )


def _row(place: Property, standing: CodeStanding) -> CodeRow:
    url = reverse("billing:charge-code-map", args=[place.pk, standing.charge_code.pk])
    return CodeRow(standing, _BADGES[standing.state], url)


def _standing(place: Property, code_pk: int) -> CodeStanding:
    link = links_with_portfolios().filter(property=place).first()
    for standing in standings_of(link) if link else ():
        if standing.charge_code.pk == code_pk:
            return standing
    raise Http404("There is no such charge code at this property.")


def _target_of(mapping: ChargeCodeMapping | None) -> Target:
    if mapping is None:
        return Target()
    return Target(mapping.pms_charge_code, mapping.financial_account)


def _choice(place: Property, standing: CodeStanding, kind: AccountKind, words: str) -> Choice:
    """Find the entries that have all the words; the one that is chosen now is always there."""
    now = standing.account(kind)
    found = _search(
        ChartAccount.objects.filter(property=place, kind=kind, missing_since=None), words
    )
    shown = list(found.order_by("code", "pk")[: ACCOUNTS_SHOWN + 1])
    more = found.count() - ACCOUNTS_SHOWN if len(shown) > ACCOUNTS_SHOWN else 0
    shown = shown[:ACCOUNTS_SHOWN]
    if now is not None and now.missing_since is None and now not in shown:
        shown.insert(0, now)
    chosen = now.pk if now is not None and now.missing_since is None else None
    return Choice(kind, tuple(shown), chosen, more)


def _search(accounts: QuerySet[ChartAccount], words: str) -> QuerySet[ChartAccount]:
    for word in words.split():
        accounts = accounts.filter(
            Q(code__icontains=word) | Q(name__icontains=word) | Q(gl_account__icontains=word)
        )
    return accounts


def _below_codes(place: Property) -> Crumbs:
    return [
        *below_property(place),
        ("Charge codes", reverse("billing:charge-codes", args=[place.pk])),
    ]

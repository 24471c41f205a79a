"""Pages about who supplies a property, and about the public data behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meterbase.lib.sheets import chosen_filters
from portfolios import access
from portfolios.forms import UtilityChoiceForm
from portfolios.forms.utilities import listed
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Commodity, Portfolio, Property
from portfolios.operations.utilities import CannotChoose, choose_utility, reopen_utility
from portfolios.utility_look_up import current_files
from portfolios.views.breadcrumbs import above_property, below_property
from portfolios.views.properties import PAGE_SIZE, Filter
from portfolios.views.supplier_sheet import supplier_sheet
from portfolios.views.utility_cards import Card, Standing, cards, standings

_SHOWN: dict[str, tuple[str, Callable[[Standing], bool]]] = {
    "": ("All", lambda _standing: True),
    "open": ("Somebody has to look", lambda standing: standing.needs_somebody),
    "changed": ("Changed", lambda standing: standing.changed),
    "unknown": ("Supplier not known", lambda standing: not standing.supplier),
}


@require_safe
@signed_in
def property_utilities(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show who supplies a property, and who else might."""
    place = _place(request, pk, access.Action.READ)
    context = {
        "place": place,
        "cards": cards(place),
        "may_prepare": access.may(place.portfolio, access.Action.PREPARE, user=request.user),
        "breadcrumbs": above_property(place),
    }
    return render(request, "portfolios/utilities.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def utility_choose(request: SignedInRequest, pk: int, commodity: str) -> HttpResponse:
    """Let a manager say who supplies a property with one commodity."""
    place = _place(request, pk, access.Action.PREPARE)
    card = _card(place, commodity)
    posted = request.method == "POST"
    form = UtilityChoiceForm(
        request.POST if posted else None, offered=card.offered(), initial=_initial(card)
    )
    if posted and form.is_valid():
        try:
            choose_utility(
                place=place,
                commodity=card.commodity,
                chosen=form.chosen(),
                by=request.user,
                now=timezone.now(),
            )
        except CannotChoose as error:
            form.add_error("choice", str(error))
        else:
            messages.success(request, f"{card.commodity.label} of {place} is confirmed.")
            return redirect("portfolios:property-utilities", pk=place.pk)
    context = {
        "title": f"{card.commodity.label} of {place}",
        "lead": card.sentence,
        "form": form,
        "verb": "Confirm the supplier",
        "cancel_url": reverse("portfolios:property-utilities", args=[place.pk]),
        "breadcrumbs": below_property(place),
    }
    return render(request, "portfolios/utilities_choose.html", context)


@require_POST
@signed_in
def utility_reopen(request: SignedInRequest, pk: int, commodity: str) -> HttpResponse:
    """Take a confirmation back."""
    place = _place(request, pk, access.Action.PREPARE)
    card = _card(place, commodity)
    reopen_utility(place=place, commodity=card.commodity, by=request.user, now=timezone.now())
    messages.success(request, f"{card.commodity.label} of {place} follows the ZIP code again.")
    return redirect("portfolios:property-utilities", pk=place.pk)


@dataclass(frozen=True, slots=True)
class _Row:
    place: Property
    standings: Sequence[Standing]


@require_safe
@signed_in
def portfolio_utilities(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """List a portfolio's properties with who supplies them."""
    portfolio = access.fetch(Portfolio.objects.all(), access.Action.READ, user=request.user, pk=pk)
    places = portfolio.properties.filter(archived_at=None).prefetch_related(
        "utilities__utility", "utilities__confirmed_by"
    )
    rows = [_Row(place, standings(place.utilities.all())) for place in places]
    wanted = request.GET.get("show", "")
    shown = wanted if wanted in _SHOWN else ""
    chosen = [row for row in rows if any(map(_SHOWN[shown][1], row.standings))]
    named = [(row.place, row.standings) for row in chosen]
    filters = chosen_filters(show=_SHOWN[shown][0] if shown else "")
    if answer := list_file(request, lambda: supplier_sheet(portfolio, named, filters=filters)):
        return answer
    context = {
        "portfolio": portfolio,
        "page": Paginator(chosen, PAGE_SIZE).get_page(request.GET.get("page")),
        "filters": _filters(portfolio, rows, shown),
        "commodities": Commodity.labels,
        "breadcrumbs": [
            ("Portfolios", reverse("portfolios:portfolio-list")),
            (str(portfolio), reverse("portfolios:portfolio-detail", args=[portfolio.pk])),
        ],
    }
    return render(request, "portfolios/utilities_portfolio.html", context)


@require_safe
@signed_in
def data_sources(request: SignedInRequest) -> HttpResponse:
    """Show which public data is loaded, where it comes from and under which licence."""
    context = {"files": list(current_files().values()), "sources": SOURCES}
    return render(request, "portfolios/utilities_sources.html", context)


@dataclass(frozen=True, slots=True)
class Source:
    """Whom the public data comes from."""

    name: str
    url: str
    licence: str
    what: str


SOURCES = (
    Source(
        "OpenEI and NREL",
        "https://data.openei.org/",
        "CC BY 4.0",
        "Electric utilities by ZIP code, and EIA ids. Changed: suppliers without wires and "
        "repeated rows left out, lost leading zeros put back; rates are not used.",
    ),
    Source(
        "GeoNames",
        "https://www.geonames.org/",
        "CC BY 4.0",
        "ZIP codes with their cities, counties and positions.",
    ),
    Source(
        "Rewiring America, with ENERGY STAR",
        "https://github.com/rewiringamerica",
        "Apache License 2.0",
        "Electric and gas utilities by ZIP code.",
    ),
    Source(
        "US Environmental Protection Agency",
        "https://www.epa.gov/",
        "Work of the US government",
        "Community water systems and their service areas.",
    ),
    Source(
        "US Energy Information Administration",
        "https://www.eia.gov/",
        "Work of the US government",
        "Electric utilities by county (form EIA-861), where nothing closer is known.",
    ),
)


def _place(request: SignedInRequest, pk: int, action: access.Action) -> Property:
    places = Property.objects.select_related("portfolio")
    return access.fetch(places, action, user=request.user, pk=pk)


def _card(place: Property, commodity: str) -> Card:
    for card in cards(place):
        if card.commodity == commodity:
            return card
    raise Http404("There is no such commodity.")


def _initial(card: Card) -> dict[str, str]:
    row = card.row
    if row and card.is_confirmed:
        chosen = listed(row.utility_id) or row.choice
        return {"choice": chosen, "typed_name": row.typed_name}
    first = card.answer.candidates[0].utility_id if card.answer.candidates else None
    return {"choice": listed(first)}


def _filters(portfolio: Portfolio, rows: Sequence[_Row], shown: str) -> list[Filter]:
    here = reverse("portfolios:portfolio-utilities", args=[portfolio.pk])
    return [
        Filter(
            label=label,
            count=sum(any(map(keeps, row.standings)) for row in rows),
            url=f"{here}?show={key}" if key else here,
            active=key == shown,
        )
        for key, (label, keeps) in _SHOWN.items()
    ]

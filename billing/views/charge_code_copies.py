"""Taking one property's mapping of charge codes over to others, and what is unmapped where."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from billing.charge_codes import (
    CodeStanding,
    links_with_portfolios,
    standings_by_property,
)
from billing.operations.charge_code_copies import (
    PreviewOutdated,
    copy_mappings,
    fingerprint,
    plan_copy,
)
from billing.views.breadcrumbs import below_property
from billing.views.setup_sheets import unmapped_sheet
from billing.views.wording import PAGE_SIZE
from integrations.models import ChartReading, Connection, PropertyLink
from meterbase.lib.sheets import Sheet, in_batches
from meterbase.lib.sheets.batches import BATCH
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Property


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A property with the codes that nothing can be posted under.

    Shape: `reading` is None where the chart was never asked for.
    """

    link: PropertyLink
    amiss: tuple[CodeStanding, ...]
    mapped: int
    reading: ChartReading | None


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def charge_code_copy(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what a copy would do at the other properties of the connection, then do it."""
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, Action.APPROVE, user=request.user, pk=pk)
    source = links_with_portfolios().filter(property=place).first()
    if source is None:
        messages.error(request, f"{place} is not connected to a PMS.")
        return redirect("billing:charge-codes", pk=place.pk)
    others = _others(request, source)
    chosen = _chosen(request, others)
    if request.method == "POST":
        try:
            count = copy_mappings(
                source=source,
                targets=chosen,
                shown=request.POST.get("shown", ""),
                by=request.user,
                now=timezone.now(),
            )
        except PreviewOutdated as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{count} mapping{'' if count == 1 else 's'} copied.")
            return redirect("billing:connection-charge-codes", pk=source.connection_id)
    plan = plan_copy(source=source, targets=chosen)
    context = {
        "place": place,
        "others": [(link, link in chosen) for link in others],
        "plan": plan,
        "to_set": sum(len(copy.to_set) for copy in plan),
        "shown": fingerprint(plan),
        "breadcrumbs": [
            *below_property(place),
            ("Charge codes", reverse("billing:charge-codes", args=[place.pk])),
        ],
        "cancel_url": reverse("billing:charge-codes", args=[place.pk]),
    }
    return render(request, "billing/charge_code_copy.html", context)


@require_safe
@signed_in
def connection_charge_codes(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show for each property of a connection which codes nothing can be posted under."""
    connection = access.fetch(
        Connection.objects.select_related("portfolio"), Action.READ, user=request.user, pk=pk
    )
    mine = access.rows(Property, user=request.user)
    links = links_with_portfolios().filter(connection=connection, property__in=mine)
    ordered = links.order_by("property__name", "pk")
    if answer := list_file(request, lambda: _sheet(connection, ordered)):
        return answer
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "section": "integrations:connection-detail",
        "connection": connection,
        "page": page,
        "rows": _place_rows(list(page)),
        "breadcrumbs": [
            ("Propexo", reverse("integrations:propexo")),
            (str(connection), reverse("integrations:connection-detail", args=[connection.pk])),
        ],
    }
    return render(request, "billing/connection_charge_codes.html", context)


def _sheet(connection: Connection, links: QuerySet[PropertyLink]) -> Sheet:
    batches = in_batches(links.iterator(chunk_size=BATCH))
    rows = (row for batch in batches for row in _place_rows(batch))
    named = ((row.link, row.mapped, row.amiss, row.reading) for row in rows)
    return unmapped_sheet(str(connection), named)


def _others(request: SignedInRequest, source: PropertyLink) -> list[PropertyLink]:
    """Find the properties that the person may map, too, in the same portfolio and connection."""
    mine = access.rows(Property, user=request.user, action=Action.APPROVE)
    links = links_with_portfolios().filter(
        connection=source.connection_id,
        property__in=mine,
        property__portfolio=source.property.portfolio_id,
        property__chart_reading__read_at__isnull=False,
    )
    return list(links.exclude(pk=source.pk).order_by("property__name", "pk"))


def _chosen(request: SignedInRequest, others: list[PropertyLink]) -> list[PropertyLink]:
    """Keep the ticked properties; before anybody has ticked, all of them."""
    sent = request.POST if request.method == "POST" else request.GET
    if "chosen" not in sent:
        return others
    ticked = set(sent.getlist("place"))
    return [link for link in others if str(link.property_id) in ticked]


def _place_rows(links: list[PropertyLink]) -> list[PlaceRow]:
    standings = standings_by_property(links)
    readings = {
        reading.property_id: reading
        for reading in ChartReading.objects.filter(
            property__in=[link.property_id for link in links]
        )
    }
    rows = []
    for link in links:
        amiss = tuple(row for row in standings[link.property_id] if not row.is_mapped)
        mapped = len(standings[link.property_id]) - len(amiss)
        rows.append(PlaceRow(link, amiss, mapped, readings.get(link.property_id)))
    return rows

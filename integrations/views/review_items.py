"""The list of what people must decide."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from integrations.forms import ResolveForm
from integrations.models import ReviewItem
from integrations.operations.still_there import NOT_LISTED, find_listed, may_be_there
from integrations.sync.plan import areas
from integrations.views.item_sheets import item_sheet
from integrations.views.review_filters import ItemFilter
from meterbase.lib.sheets import chosen_filters
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Portfolio, Unit

PAGE_SIZE = 50

_ABOUT_UNITS = ("unit", areas.RECORD_KIND)

# The property here and the unit's id in the PMS.
UnitKey = tuple[int | None, str]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item with the forms that decide it, for those who may.

    Shape: `unit_id` is the unit it is about, if it is about one that is stored; `unlisted` says why
        nobody can say of the item's record that it is still there.
    """

    item: ReviewItem
    form: ResolveForm | None
    unit_id: int | None
    still_there: ResolveForm | None = None
    unlisted: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """A choice of the list's items."""

    label: str
    count: int
    url: str
    active: bool


@dataclass(frozen=True, slots=True)
class Many:
    """The items that are shown, to be resolved all at once."""

    count: int
    url: str


@require_safe
@signed_in
def review_item_list(request: SignedInRequest) -> HttpResponseBase:
    """List what waits for a decision, or what was decided."""
    resolved = request.GET.get("show") == "resolved"
    narrowed = ItemFilter.of(request.GET)
    everything = access.rows(ReviewItem, user=request.user)
    of_tab = everything.filter(resolved_at__isnull=not resolved)
    chosen = narrowed.keep(of_tab).select_related(
        "property", "connection", "portfolio", "resolved_by"
    )
    ordered = chosen.order_by("-resolved_at", "property__name", "-last_found_at", "pk")
    choices = narrowed.choices(of_tab)
    named = chosen_filters(q=narrowed.q, choices=choices, show="Resolved" if resolved else "Open")
    if answer := list_file(request, lambda: item_sheet(ordered, filters=named)):
        return answer
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    managed = access.rows(Portfolio, user=request.user, action=access.Action.PREPARE)
    rows = _rows(list(page), mine=set(managed.values_list("pk", flat=True)))
    context = {
        "page": page,
        "rows": rows,
        "resolved": resolved,
        "tabs": _tabs(everything, narrowed, resolved=resolved),
        "here": reverse("integrations:review-item-list"),
        "q": narrowed.q,
        "choices": choices,
        "narrowed": narrowed.pairs(),
        "kept": [("show", "resolved")] if resolved else [],
        "is_narrowed": bool(narrowed),
        "is_of_property": narrowed.property_id is not None,
        "may_tick": any(row.form for row in rows),
        "many": None if resolved else _many(narrowed, request),
        "breadcrumbs": [("Propexo", reverse("integrations:propexo"))],
    }
    return render(request, "integrations/review_item_list.html", context)


def _rows(items: Collection[ReviewItem], *, mine: Collection[int]) -> list[ItemRow]:
    units = _units_of(items)
    decided_by_me = [item for item in items if item.portfolio_id in mine]
    listed = find_listed(decided_by_me)
    return [
        _row(item, units, may_resolve=item.portfolio_id in mine, is_listed=item.pk in listed)
        for item in items
    ]


def _units_of(items: Iterable[ReviewItem]) -> dict[UnitKey, int]:
    about_units = [item for item in items if item.record_kind in _ABOUT_UNITS]
    found = Unit.objects.filter(
        property__in={item.property_id for item in about_units if item.property_id},
        propexo_unit_id__in={item.remote_id for item in about_units},
    )
    return {(unit.property_id, unit.propexo_unit_id): unit.pk for unit in found}


def _row(
    item: ReviewItem, units: Mapping[UnitKey, int], *, may_resolve: bool, is_listed: bool
) -> ItemRow:
    about_unit = item.record_kind in _ABOUT_UNITS
    unit_id = units.get((item.property_id, item.remote_id)) if about_unit else None
    if not may_resolve or item.resolved_at is not None:
        return ItemRow(item, None, unit_id)
    form = ResolveForm(auto_id=f"id_{item.pk}_%s")
    if not may_be_there(item):
        return ItemRow(item, form, unit_id)
    if not is_listed:
        return ItemRow(item, form, unit_id, unlisted=NOT_LISTED)
    return ItemRow(item, form, unit_id, ResolveForm(auto_id=f"id_{item.pk}_still_there_%s"))


def _tabs(everything: QuerySet[ReviewItem], narrowed: ItemFilter, *, resolved: bool) -> list[Tab]:
    is_open = Q(resolved_at__isnull=True)
    counts = narrowed.keep(everything).aggregate(
        open=Count("pk", filter=is_open), resolved=Count("pk", filter=~is_open)
    )
    name = "review-item-list"
    return [
        Tab("Open", counts["open"], narrowed.url(name), active=not resolved),
        Tab("Resolved", counts["resolved"], narrowed.url(name, show="resolved"), active=resolved),
    ]


def _many(narrowed: ItemFilter, request: SignedInRequest) -> Many | None:
    """Offer to resolve all of one kind; with all kinds at once, nobody knows what they decide."""
    if not narrowed.kind:
        return None
    mine = access.rows(ReviewItem, user=request.user, action=access.Action.PREPARE)
    count = narrowed.keep(mine.filter(resolved_at=None)).count()
    url = narrowed.url("review-item-resolve-many", all="1")
    return Many(count, url) if count > 1 else None

"""The pages of what a person must decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from integrations.forms import ResolveForm
from integrations.models import ReviewItem
from integrations.operations.review_items import AlreadyResolved, resolve_review_item
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Portfolio, Unit

PAGE_SIZE = 50

# The property here and the unit's id in the PMS.
UnitKey = tuple[int | None, str]


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item with the form that resolves it, for those who may.

    Shape: `unit_id` is the unit it is about, if it is about one that is stored.
    """

    item: ReviewItem
    form: ResolveForm | None
    unit_id: int | None


@dataclass(frozen=True, slots=True)
class Tab:
    """A choice of the list's items."""

    label: str
    count: int
    url: str
    active: bool


@require_safe
@signed_in
def review_item_list(request: SignedInRequest) -> HttpResponse:
    """List what waits for a decision, or what was decided."""
    resolved = request.GET.get("show") == "resolved"
    everything = access.rows(ReviewItem, user=request.user)
    chosen = everything.filter(resolved_at__isnull=not resolved).select_related(
        "property", "connection", "portfolio", "resolved_by"
    )
    ordered = chosen.order_by("-resolved_at", "property__name", "-last_found_at", "pk")
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    managed = access.rows(Portfolio, user=request.user, action=access.Action.PREPARE)
    mine = set(managed.values_list("pk", flat=True))
    units = _units_of(page)
    context = {
        "page": page,
        "rows": [_row(item, units, may_resolve=item.portfolio_id in mine) for item in page],
        "resolved": resolved,
        "tabs": _tabs(
            open_count=everything.filter(resolved_at=None).count(),
            resolved_count=everything.exclude(resolved_at=None).count(),
            resolved=resolved,
        ),
        "breadcrumbs": [("Propexo", reverse("integrations:propexo"))],
    }
    return render(request, "integrations/review_item_list.html", context)


def _units_of(items: Iterable[ReviewItem]) -> dict[UnitKey, int]:
    about_units = [item for item in items if item.record_kind == "unit"]
    found = Unit.objects.filter(
        property__in={item.property_id for item in about_units if item.property_id},
        propexo_unit_id__in={item.remote_id for item in about_units},
    )
    return {(unit.property_id, unit.propexo_unit_id): unit.pk for unit in found}


def _row(item: ReviewItem, units: Mapping[UnitKey, int], *, may_resolve: bool) -> ItemRow:
    still_open = item.resolved_at is None
    form = ResolveForm(auto_id=f"id_{item.pk}_%s") if may_resolve and still_open else None
    about_unit = item.record_kind == "unit"
    return ItemRow(
        item, form, units.get((item.property_id, item.remote_id)) if about_unit else None
    )


def _tabs(*, open_count: int, resolved_count: int, resolved: bool) -> list[Tab]:
    here = reverse("integrations:review-item-list")
    return [
        Tab("Open", open_count, here, active=not resolved),
        Tab("Resolved", resolved_count, f"{here}?show=resolved", active=resolved),
    ]


@require_POST
@signed_in
def review_item_resolve(request: SignedInRequest, pk: int) -> HttpResponse:
    """Close an item with what was decided."""
    item = access.fetch(
        ReviewItem.objects.select_related("portfolio", "property"),
        access.Action.PREPARE,
        user=request.user,
        pk=pk,
    )
    here = reverse("integrations:review-item-list")
    form = ResolveForm(request.POST)
    if not form.is_valid():
        context = {
            "item": item,
            "form": form,
            "title": item.label,
            "eyebrow": item.get_kind_display(),
            "lead": item.message,
            "verb": "Resolve",
            "cancel_url": here,
            "breadcrumbs": [("Review items", here)],
        }
        return render(request, "integrations/review_item_resolve.html", context)
    note = form.cleaned_data["note"]
    try:
        resolve_review_item(item=item, note=note, by=request.user, now=timezone.now())
    except AlreadyResolved as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"“{item.label}” is resolved.")
    return redirect(here)

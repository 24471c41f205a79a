"""The pages on which people decide review items: one, or many with one note."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from integrations.forms import ResolveForm, ResolveManyForm
from integrations.models import ReviewItem, ReviewKind
from integrations.operations.review_items import (
    AlreadyResolved,
    resolve_review_item,
    resolve_review_items,
)
from integrations.operations.still_there import NotListed, keep_as_still_there
from integrations.views.review_filters import ItemFilter
from portfolios import access
from portfolios.http import SignedInRequest, signed_in

MOST_AT_ONCE = 5_000

_MOST_FACTS = 12
_GONE = (
    "{count} of them are about what the PMS no longer shows. Resolved means that it is gone: such "
    "a lease bills nobody, and such a unit stops its property's bills until it is marked as not "
    "billable. Where something is still there, say so on its own item instead."
)


@require_POST
@signed_in
def review_item_resolve(request: SignedInRequest, pk: int) -> HttpResponse:
    """Close an item with what was decided."""
    return _decide(
        request, pk, verb="Resolve", decide=resolve_review_item, done="“{label}” is resolved."
    )


@require_POST
@signed_in
def review_item_still_there(request: SignedInRequest, pk: int) -> HttpResponse:
    """Close an item because what it is about is still there."""
    return _decide(
        request,
        pk,
        verb="It is still there",
        decide=keep_as_still_there,
        done="“{label}” counts as still there, until the PMS shows something else.",
    )


def _decide(
    request: SignedInRequest, pk: int, *, verb: str, decide: Callable[..., None], done: str
) -> HttpResponse:
    item = access.fetch(
        ReviewItem.objects.select_related("portfolio", "property"),
        access.Action.PREPARE,
        user=request.user,
        pk=pk,
    )
    here = ItemFilter.of(request.GET).url("review-item-list")
    form = ResolveForm(request.POST)
    if not form.is_valid():
        context = {
            "form": form,
            "title": item.label,
            "eyebrow": item.get_kind_display(),
            "lead": item.message,
            "verb": verb,
            "cancel_url": here,
            "breadcrumbs": [("Review items", here)],
        }
        return render(request, "integrations/review_item_resolve.html", context)
    act = partial(decide, item=item, note=form.cleaned_data["note"])
    try:
        act(by=request.user, now=timezone.now())
    except (AlreadyResolved, NotListed) as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, done.format(label=item.label))
    return redirect(here)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def review_item_resolve_many(request: SignedInRequest) -> HttpResponse:
    """Ask for one note on many items, and close exactly those that were shown."""
    narrowed = ItemFilter.of(request.GET)
    here = narrowed.url("review-item-list")
    mine = access.rows(ReviewItem, user=request.user, action=access.Action.PREPARE)
    still_open = mine.filter(resolved_at=None)
    form = ResolveManyForm(request.POST) if request.method == "POST" else None
    if form is not None and form.is_valid():
        keys = list(still_open.filter(pk__in=form.items()).values_list("pk", flat=True))
        note = form.cleaned_data["note"]
        count = resolve_review_items(items=keys, note=note, by=request.user, now=timezone.now())
        _say(request, count, asked=len(form.items()))
        return redirect(here)
    asked = (
        _chosen(still_open, request, narrowed)
        if form is None
        else still_open.filter(pk__in=form.items())
    )
    items = asked.order_by("property__name", "pk").select_related("property", "connection")
    found = list(items.defer("message", "raw")[: MOST_AT_ONCE + 1])
    shown = found[:MOST_AT_ONCE]
    if not shown:
        messages.warning(request, "Tick at least one item that is still open.")
        return redirect(here)
    form = form or ResolveManyForm(initial={"items_shown": _keys(shown)})
    return _ask(request, shown, form, here, is_cut=len(found) > MOST_AT_ONCE)


def _chosen(
    still_open: QuerySet[ReviewItem], request: SignedInRequest, narrowed: ItemFilter
) -> QuerySet[ReviewItem]:
    """Select what was ticked, or all items of a kind that the list showed."""
    if request.GET.get("all") and narrowed.kind:
        return narrowed.keep(still_open)
    ticked = [text for text in request.GET.getlist("item") if text.isascii() and text.isdigit()]
    return still_open.filter(pk__in=[int(text) for text in ticked if len(text) < 18])


def _ask(
    request: SignedInRequest,
    items: Sequence[ReviewItem],
    form: ResolveManyForm,
    here: str,
    *,
    is_cut: bool,
) -> HttpResponse:
    count = f"{len(items):,} review item" + ("" if len(items) == 1 else "s")
    gone = sum(item.kind == ReviewKind.VANISHED for item in items)
    context = {
        "question": f"Resolve {count}?",
        "body": "Your note is kept with each of them. Resolving changes no value: an item stays "
        "closed as long as the PMS shows exactly the same, and comes back with something else.",
        "warning": _GONE.format(count=f"{gone:,}") if gone else "",
        "facts": _facts(items),
        "is_cut": is_cut,
        "most": MOST_AT_ONCE,
        "form": form,
        "verb": f"Resolve {count}",
        "cancel_url": here,
        "cancel_label": "Back to the items",
        "breadcrumbs": [("Review items", here)],
    }
    return render(request, "integrations/review_item_resolve_many.html", context)


def _facts(items: Sequence[ReviewItem]) -> list[tuple[str, str]]:
    """Count the items by place and kind, the most first."""
    counts = Counter(
        (str(item.property or item.connection), item.get_kind_display()) for item in items
    )
    facts = [(place, f"{kind}: {count:,}") for (place, kind), count in counts.most_common()]
    rest = sum(count for _, count in counts.most_common()[_MOST_FACTS:])
    more = [("Other properties and kinds", f"{rest:,}")] if rest else []
    return facts[:_MOST_FACTS] + more


def _keys(items: Sequence[ReviewItem]) -> str:
    return ",".join(str(item.pk) for item in items)


def _say(request: SignedInRequest, count: int, *, asked: int) -> None:
    done = "1 item is resolved." if count == 1 else f"{count:,} items are resolved."
    rest = asked - count
    if rest:
        done += f" {rest:,} had been resolved before, and keep what was decided then."
    (messages.success if count else messages.warning)(request, done)

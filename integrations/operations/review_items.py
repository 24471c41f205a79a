"""Deciding what a machine should not guess."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from integrations.models import ReviewItem
from portfolios.models import AuditEvent, User
from portfolios.operations.audit import describe_event, record_event

_VERB = "review_item.resolved"
_AT_ONCE = 500


class AlreadyResolved(Exception):
    """Somebody, or a later sync, resolved the item before."""


@transaction.atomic
def resolve_review_item(
    *,
    item: ReviewItem,
    note: str,
    by: User,
    now: datetime,
    still_there_seen_at: datetime | None = None,
) -> None:
    """Close an item with what was decided.

    Shape: `still_there_seen_at` is for `keep_as_still_there`, which does what else belongs to it.
    Errors: AlreadyResolved; the first decision stays.
    Effects: the item is closed, an audit event.
    """
    taken = ReviewItem.objects.filter(pk=item.pk, resolved_at=None).update(
        resolved_at=now, resolved_by=by, note=note, still_there_seen_at=still_there_seen_at
    )
    if not taken:
        raise AlreadyResolved(_who_was_first(item))
    record_event(verb=_VERB, subject=item, by=by, now=now, after=_told(item), note=note)


def resolve_review_items(*, items: Sequence[int], note: str, by: User, now: datetime) -> int:
    """Close many items with one decision.

    Shape: `items` by their keys; returns how many were closed. One that somebody, or a sync,
        resolved before keeps that decision.
    Effects: the items are closed, an audit event for each; some hundreds in a transaction.
    """
    return sum(
        _resolve_some(items[start : start + _AT_ONCE], note=note, by=by, now=now)
        for start in range(0, len(items), _AT_ONCE)
    )


@transaction.atomic
def _resolve_some(keys: Sequence[int], *, note: str, by: User, now: datetime) -> int:
    still_open = ReviewItem.objects.filter(pk__in=keys, resolved_at=None).order_by("pk")
    items = list(still_open.select_related("portfolio").select_for_update(of=("self",)))
    ReviewItem.objects.filter(pk__in=[item.pk for item in items]).update(
        resolved_at=now, resolved_by=by, note=note
    )
    AuditEvent.objects.bulk_create(
        describe_event(verb=_VERB, subject=item, by=by, now=now, after=_told(item), note=note)
        for item in items
    )
    return len(items)


def _told(item: ReviewItem) -> dict[str, object]:
    return {"kind": item.kind, "message": item.message}


def _who_was_first(item: ReviewItem) -> str:
    found = ReviewItem.objects.select_related("resolved_by").get(pk=item.pk)
    who = str(found.resolved_by) if found.resolved_by else "A sync"
    return f"{who} resolved “{found.label}” before: {found.note}"

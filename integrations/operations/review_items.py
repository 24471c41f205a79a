"""Deciding what a machine should not guess."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from integrations.models import ReviewItem
from portfolios.models import User
from portfolios.operations.audit import record_event


class AlreadyResolved(Exception):
    """Somebody, or a later sync, resolved the item before."""


def resolve_review_item(*, item: ReviewItem, note: str, by: User, now: datetime) -> None:
    """Close an item with what was decided.

    Errors: AlreadyResolved; the first decision stays.
    Effects: the item is closed, an audit event.
    """
    with transaction.atomic():
        taken = ReviewItem.objects.filter(pk=item.pk, resolved_at=None).update(
            resolved_at=now, resolved_by=by, note=note
        )
        if not taken:
            raise AlreadyResolved(_who_was_first(item))
        record_event(
            verb="review_item.resolved",
            subject=item,
            by=by,
            now=now,
            after={"kind": item.kind, "message": item.message},
            note=note,
        )


def _who_was_first(item: ReviewItem) -> str:
    found = ReviewItem.objects.select_related("resolved_by").get(pk=item.pk)
    who = str(found.resolved_by) if found.resolved_by else "A sync"
    return f"{who} resolved “{found.label}” before: {found.note}"

"""Keeping a narrowed list under a name."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from billing.models import SavedView
from portfolios.models import User

MOST_VIEWS = 20
_LONGEST_QUERY = 500


class CannotSaveView(Exception):
    """The list cannot be kept under this name."""


def save_view(*, name: str, query: str, by: User, now: datetime) -> SavedView:
    """Keep a query string under a name, for this person only.

    Errors: CannotSaveView when the name is taken, the search too long, or there are too many.
    Effects: a saved view.
    """
    if len(query) > _LONGEST_QUERY:
        raise CannotSaveView("This search is too long to be kept.")
    if SavedView.objects.filter(user=by).count() >= MOST_VIEWS:
        raise CannotSaveView(f"You have {MOST_VIEWS} saved views: delete one first.")
    try:
        with transaction.atomic():
            return SavedView.objects.create(user=by, name=name, query=query, created_at=now)
    except IntegrityError:
        raise CannotSaveView(f"You have a saved view called “{name}” already.") from None


def delete_view(*, view: SavedView, by: User) -> None:
    """Forget a saved view.

    Effects: the row is gone; the failures stay as they are.
    """
    SavedView.objects.filter(pk=view.pk, user=by).delete()

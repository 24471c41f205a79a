"""Which failures somebody has chosen on the page: the ticked ones, or all of a cause."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Sum
from django.db.models.functions import Abs
from django.http import Http404, QueryDict

from billing.failures import in_tab
from billing.models import Posting, PostingState
from billing.views.failure_filters import filter_of, list_url, query_of, tab_of
from portfolios import access
from portfolios.access import ALLOWED, Action
from portfolios.http import SignedInRequest
from portfolios.models import Role, User

_IS_ID = re.compile(r"[0-9]{1,18}")
_BATCH = 100
_LONGEST_QUERY = 1000


@dataclass(frozen=True, slots=True)
class Chosen:
    """The failures that an act is meant for.

    Shape: `all_of` is the error code of all of a cause, None for ticked ones; `query` is the
        address of the list that they were chosen from.
    """

    ids: tuple[int, ...]
    all_of: str | None
    query: str

    @property
    def url(self) -> str:
        """Lead back to the list."""
        return list_url(query_of(QueryDict(self.query)))

    def postings(self) -> Iterator[Posting]:
        """Read them as they are needed, with what an act wants to know."""
        for start in range(0, len(self.ids), _BATCH):
            found = Posting.objects.filter(pk__in=self.ids[start : start + _BATCH])
            yield from with_all(found).order_by("state_at", "pk")

    def cents(self) -> int:
        """Sum what they amount to.

        Units: cents.
        """
        return sum(
            Posting.objects.filter(pk__in=self.ids[start : start + 500]).aggregate(
                cents=Sum(Abs("amount_cents"), default=0)
            )["cents"]
            for start in range(0, len(self.ids), 500)
        )


def with_all(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    """Read postings with what an act wants to know."""
    return postings.select_related(
        "charge", "connection", "job__calculation__bill__property__portfolio"
    ).defer("job__calculation__inputs", "job__calculation__result", "charge__explanation")


def chosen(
    request: SignedInRequest,
    *,
    actions: Collection[Action],
    states: Collection[PostingState],
    now: datetime,
) -> Chosen:
    """Read what was chosen, for somebody who may do one of these actions.

    Shape: of all of a cause, only what stands at one of the states; of ticked ones, every one, so
        that the act says why it refuses some.
    Errors: Http404 for what the reader may not see, PermissionDenied for what they may only see.
    """
    query = request.POST.get("query", "")[:_LONGEST_QUERY]
    code = request.POST.get("all_of")
    if code is not None:
        found = _all_of(request.user, code, query, now=now)
        allowed = _allowed(found.filter(state__in=states), request.user, actions)
        if not allowed and found.exists():
            raise PermissionDenied(_needed(actions))
        return Chosen(tuple(allowed), code, query)
    ids = {int(text) for text in request.POST.getlist("posting") if _IS_ID.fullmatch(text)}
    visible = access.rows(Posting, user=request.user).filter(pk__in=ids)
    if visible.count() < len(ids):
        raise Http404("There is no such posting.")
    allowed = _allowed(visible, request.user, actions)
    if len(allowed) < len(ids):
        raise PermissionDenied(_needed(actions))
    return Chosen(tuple(allowed), None, query)


def _all_of(user: User, code: str, query: str, *, now: datetime) -> QuerySet[Posting]:
    """Select all of a cause that the list shows."""
    address = QueryDict(query)
    tab = in_tab(tab_of(address), now=now)
    listed = access.rows(Posting, user=user).filter(pk__in=tab.values("pk"), error_code=code[:40])
    return filter_of(address).narrow(listed, user=user, now=now)


def _allowed(postings: QuerySet[Posting], user: User, actions: Collection[Action]) -> list[int]:
    roles = [role for role, may in ALLOWED.items() if may & set(actions)]
    mine = user.memberships.filter(role__in=roles).values("portfolio")
    found = postings.filter(job__calculation__bill__property__portfolio__in=mine)
    return list(found.order_by("state_at", "pk").values_list("pk", flat=True))


def _needed(actions: Collection[Action]) -> str:
    roles = [Role(role).label.lower() for role, may in ALLOWED.items() if may & set(actions)]
    return f"For this you need the role of {' or '.join(roles)}."

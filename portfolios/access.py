"""The one door to rows: what a person may see, and what they may do with it.

Whatever is not in one of the person's portfolios does not exist for them (404); what they may see
but not do is refused (403).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from portfolios.models import Membership, Portfolio, Role, User
from portfolios.models.scope import PortfolioRow


class Action(StrEnum):
    """What somebody wants to do with a row."""

    READ = "see"
    PREPARE = "prepare"
    APPROVE = "approve and post"


ALLOWED: dict[str, frozenset[Action]] = {
    Role.VIEWER: frozenset({Action.READ}),
    Role.MANAGER: frozenset({Action.READ, Action.PREPARE}),
    Role.ACCOUNTANT: frozenset({Action.READ, Action.APPROVE}),
}


RowT = TypeVar("RowT", bound=PortfolioRow)


def rows(
    model: type[RowT], *, user: User | AnonymousUser, action: Action = Action.READ
) -> QuerySet[RowT]:
    """Select the rows of a model that a person may see, or with which they may do something."""
    roles = [role for role, actions in ALLOWED.items() if action in actions]
    return _of_member(model._default_manager.all(), user=user, memberships__role__in=roles)


def _of_member(
    candidates: QuerySet[RowT], *, user: User | AnonymousUser, **more: Any
) -> QuerySet[RowT]:
    """Keep the rows whose portfolio has the person as a member.

    All conditions go into one filter call, so that they speak of one and the same membership.
    """
    path = candidates.model.portfolio_path
    prefix = f"{path}__" if path else ""
    conditions = {"memberships__user": user.pk, **more}
    return candidates.filter(**{prefix + lookup: value for lookup, value in conditions.items()})


def fetch(candidates: QuerySet[RowT], action: Action, *, user: User, **lookup: Any) -> RowT:
    """Get one row for an action.

    Errors: Http404 when it is not there or not theirs, PermissionDenied when their role may not.
    """
    row = _of_member(candidates, user=user).filter(**lookup).first()
    if row is None:
        raise Http404(f"There is no such {candidates.model._meta.verbose_name}.")
    require(portfolio_of(row), action, user=user)
    return row


def portfolio_of(row: PortfolioRow) -> Portfolio:
    """Follow a row to its portfolio."""
    found: Any = row
    for step in filter(None, row.portfolio_path.split("__")):
        found = getattr(found, step)
    assert isinstance(found, Portfolio)  # noqa: S101 - a wrong portfolio_path is our own mistake
    return found


def role_in(portfolio: Portfolio, *, user: User) -> str | None:
    """Tell a person's role in a portfolio."""
    found = Membership.objects.filter(portfolio=portfolio, user=user).values_list("role", flat=True)
    return found.first()


def may(portfolio: Portfolio, action: Action, *, user: User) -> bool:
    """Tell whether a person may do something in a portfolio."""
    role = role_in(portfolio, user=user)
    return role is not None and action in ALLOWED[role]


def require(portfolio: Portfolio, action: Action, *, user: User) -> None:
    """Refuse what a person's role does not allow.

    Errors: Http404 for a stranger, PermissionDenied for a wrong role.
    """
    role = role_in(portfolio, user=user)
    if role is None:
        raise Http404("There is no such portfolio.")
    if action not in ALLOWED[role]:
        needed = " or ".join(Role(r).label.lower() for r, can in ALLOWED.items() if action in can)
        raise PermissionDenied(
            f"To {action} in {portfolio} you need the role of {needed}; "
            f"yours is {Role(role).label.lower()}."
        )


def may_open_portfolios(user: User) -> bool:
    """Tell whether a person may make portfolios: support staff, and whoever manages one already."""
    manages = Membership.objects.filter(user=user, role=Role.MANAGER)
    return user.is_staff or manages.exists()

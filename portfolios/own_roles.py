"""What a person may do in each of their portfolios."""

from __future__ import annotations

from functools import cache

from meterbase.lib.kept_question import blank
from portfolios.access import ALLOWED, Action
from portfolios.kept_figures import KeptFigures
from portfolios.models import Membership, User


def actions_by_portfolio(user: User) -> dict[int, frozenset[Action]]:
    """Tell what a person may do in each of their portfolios."""
    return {portfolio: ALLOWED[role] for portfolio, role in _kept_roles().of(user)}


@cache
def _kept_roles() -> KeptFigures:
    mine = Membership.objects.filter(user=blank("member")).order_by()
    return KeptFigures(mine.values_list("portfolio_id", "role"))

"""In which portfolio something new belongs."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied

from meterbase.lib.json_api import invalid
from portfolios import access
from portfolios.models import Portfolio, User


def chosen_portfolio(user: User, portfolio_id: int | None) -> Portfolio:
    """Find where something new belongs: where somebody says, else the only one there is.

    Errors: Http404, PermissionDenied, and ApiProblem 422 where it has to be said.
    """
    if portfolio_id is not None:
        return access.fetch(
            Portfolio.objects.all(), access.Action.PREPARE, user=user, pk=portfolio_id
        )
    found = list(access.rows(Portfolio, user=user, action=access.Action.PREPARE)[:2])
    if not found:
        raise PermissionDenied("You may prepare nothing in any portfolio that this key reaches.")
    if len(found) > 1:
        raise invalid(portfolioId="portfolioId is required: this key reaches several portfolios.")
    return found[0]

"""What a view may rely on once somebody has signed in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django_htmx.middleware import HtmxDetails

from portfolios.models import User

P = ParamSpec("P")

_NUL = "\x00"


class SignedInRequest(HttpRequest):
    """A request of somebody who has signed in."""

    user: User
    htmx: HtmxDetails


def signed_in(
    view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Send whoever has not signed in to the login page.

    Shape: NUL, the character that PostgreSQL refuses, is left out of what the address asks for, so
        that every list can look for it.
    """

    @wraps(view)
    def see(request: SignedInRequest, *args: P.args, **named: P.kwargs) -> HttpResponseBase:
        if any(_NUL in text for _name, texts in request.GET.lists() for text in texts):
            request.GET = _without_nul(request.GET)  # type: ignore[assignment] # a mutable one will do
        return view(request, *args, **named)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", login_required(see))


def _without_nul(query: QueryDict) -> QueryDict:
    clean = query.copy()
    for name, texts in query.lists():
        clean.setlist(name, [text.replace(_NUL, "") for text in texts])
    return clean

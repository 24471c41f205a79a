"""What a view may rely on once somebody has signed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from portfolios.models import User

P = ParamSpec("P")


class SignedInRequest(HttpRequest):
    """A request of somebody who has signed in."""

    user: User
    htmx: HtmxDetails


def signed_in(
    view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Send whoever has not signed in to the login page."""
    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", login_required(view))

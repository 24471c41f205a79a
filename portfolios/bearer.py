"""Who calls the JSON API."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from portfolios.models import User
from portfolios.operations.api_keys import find_user_by_secret


class BearerKey(HttpBearer):
    """Let in whoever sends a living API key, as the person whose key it is."""

    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        """Find the key's person; None refuses the call.

        Effects: the request carries the person as its user.
        """
        user = find_user_by_secret(secret=token, now=timezone.now())
        if user is not None:
            request.user = user
        return user


def caller(request: HttpRequest) -> User:
    """Name the person behind a call that was let in."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - BearerKey has seen to it
    return user

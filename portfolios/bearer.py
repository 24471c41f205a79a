"""Who calls the JSON API, and what their key allows."""

from __future__ import annotations

import zlib
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja.security import HttpBearer

from portfolios.models import CALL_LIMITS, ApiKey, ApiPlan, Scope, UnknownCaller, User
from portfolios.operations.api_keys import find_key
from portfolios.operations.call_limits import CallStanding, count_call

# Whoever tries keys out is slowed down like everybody else, and cannot fill a table.
_WITHOUT_A_KEY = CALL_LIMITS[ApiPlan.STANDARD]
_BUCKETS = 512


class ApiRequest(HttpRequest):
    """A request that the API's gate has looked at."""

    api_key: ApiKey | None


def recognise(request: HttpRequest, *, now: datetime) -> CallStanding:
    """Find out whose key a request carries, and count the call.

    Effects: the request carries the key and, as its user, the person for whom it acts.
    """
    key = find_key(secret=_secret_of(request), now=now)
    request.api_key = key  # type: ignore[attr-defined] # this is what makes it an ApiRequest
    if key is None:
        address = str(request.META.get("REMOTE_ADDR", ""))
        bucket = zlib.crc32(address.encode()) % _BUCKETS
        stranger, _made = UnknownCaller.objects.get_or_create(bucket=bucket)
        return count_call(caller=stranger, limit=_WITHOUT_A_KEY)
    request.user = key.user
    return count_call(caller=key, limit=key.limit)


def _secret_of(request: HttpRequest) -> str:
    scheme, _space, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


class Key(HttpBearer):
    """Let in a living API key that has a scope."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> ApiKey | None:
        """Tell the key of a call; None refuses it.

        Errors: PermissionDenied when the key lacks the scope.
        """
        key: ApiKey | None = getattr(request, "api_key", None)
        if key is not None and self.scope.value not in key.scopes:
            raise PermissionDenied(
                f"This key may not do that: it lacks the scope {self.scope.value}. Make a key "
                "that has it under Settings > API access."
            )
        return key

    def authenticate(self, request: HttpRequest, _token: str) -> ApiKey | None:
        """Tell the key of a call."""
        return self(request)


def let_nobody_in(_request: HttpRequest) -> None:
    """Refuse every call of a route that names no scope."""


def key_of(request: HttpRequest) -> ApiKey:
    """Tell the key of a call that was let in."""
    key = getattr(request, "api_key", None)
    assert isinstance(key, ApiKey)  # noqa: S101 - Key has seen to it
    return key


def caller(request: HttpRequest) -> User:
    """Name the person for whom a call that was let in acts, confined to the key's portfolios."""
    return key_of(request).user

"""Programs that call the API for people."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.test import Client

from meterbase.lib.exact_json import write_json
from portfolios.models import Portfolio, Scope, User
from portfolios.operations.api_keys import KeyTerms, create_api_key


class Program:
    """A program with a secret; with none it sends no key."""

    def __init__(self, secret: str = "") -> None:
        self.secret = secret
        self._client = Client(headers={"Authorization": f"Bearer {secret}"} if secret else {})

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Call; headers are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        options: dict[str, Any] = {"headers": sent}
        if body is not None:
            options |= {"data": _written(body), "content_type": "application/json"}
        return self._client.generic(method, path, **options)

    def get(self, path: str, **headers: str) -> Any:
        """Read something."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        """Do something."""
        return self.call("POST", path, body, **headers)


def _written(body: object) -> bytes:
    return body if isinstance(body, bytes) else write_json(body)


def program_of(
    user: User,
    *,
    now: datetime,
    scopes: Collection[Scope] = tuple(Scope),
    portfolios: Collection[Portfolio] | None = None,
) -> Program:
    """Make a key for a person, and a program that uses it."""
    terms = KeyTerms(scopes=scopes, portfolios=portfolios)
    return Program(create_api_key(user=user, name="Test", by=user, now=now, terms=terms).secret)

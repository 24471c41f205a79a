"""The calls of the API, read from where they are declared."""

from __future__ import annotations

from dataclasses import dataclass

from meterbase.api import api
from portfolios.bearer import Key
from portfolios.models import Scope


@dataclass(frozen=True, slots=True)
class Route:
    """A call.

    Shape: `path` has its parameters in braces; `scope` is None where a call declares none.
    """

    name: str
    method: str
    path: str
    scope: Scope | None

    def url(self, arguments: dict[str, object]) -> str:
        """Write the address."""
        return self.path.format(**arguments)


def all_routes() -> list[Route]:
    """List every call."""
    return [
        Route(
            name=operation.view_func.__name__,
            method=method,
            path=f"/api{bound.prefix}{path}",
            scope=_scope(operation.auth_callbacks),
        )
        for bound in api._get_bound_routers()
        for path, view in bound.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    ]


def _scope(callbacks: object) -> Scope | None:
    match callbacks:
        case [Key(scope=scope)]:
            return scope
    return None

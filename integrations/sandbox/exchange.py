"""Requests and replies between the HTTP server and what stands behind it, and the routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, unquote

from integrations.sandbox.faults import FaultBook
from integrations.sandbox.moments import Clock, stamp
from integrations.sandbox.problems import Problem, invalid, malformed
from integrations.sandbox.rate import RateLimiter
from integrations.sandbox.store import Store
from meterbase.lib.exact_json import JsonValue, MalformedJson, read_json


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Everything that the answers are made from."""

    store: Store
    rate: RateLimiter
    faults: FaultBook
    clock: Clock
    refuse_duplicates: bool = False

    def now(self) -> str:
        """Give the present moment as it is written into records."""
        return stamp(self.clock())


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came in.

    Shape: `record_id` is the variable part of the path. `unreadable` says why there is no body.
    """

    method: str
    path: str
    query_text: str = ""
    authorization: str = ""
    body: bytes = b""
    record_id: str = ""
    unreadable: Problem | None = None

    def query(self) -> dict[str, str]:
        """Read the query parameters.

        Errors: Problem when one is given twice.
        """
        query: dict[str, str] = {}
        for name, value in parse_qsl(self.query_text, keep_blank_values=True):
            if name in query:
                raise invalid({name: ["is given more than once"]})
            query[name] = value
        return query

    def json(self) -> JsonValue:
        """Read the body.

        Errors: Problem when it is not JSON.
        """
        try:
            return read_json(self.body)
        except MalformedJson as problem:
            raise malformed(str(problem)) from problem


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is ready to be written."""

    status: int
    body: JsonValue
    headers: Mapping[str, str] = field(default_factory=dict)

    def with_headers(self, headers: Mapping[str, str]) -> Reply:
        """Add headers."""
        return replace(self, headers={**self.headers, **headers})


Call = Callable[[Sandbox, Request], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path; the path may hold one `{id}`."""

    method: str
    path: str
    call: Call

    def matches(self, path: str) -> bool:
        """Tell whether a path is this route's."""
        return self._record_id(path) is not None

    def answer(self, sandbox: Sandbox, request: Request) -> Reply:
        """Answer a request that matches."""
        record_id = self._record_id(request.path) or ""
        return self.call(sandbox, replace(request, record_id=record_id))

    def _record_id(self, path: str) -> str | None:
        before, variable, after = self.path.partition("{id}")
        if not variable:
            return "" if path == before else None
        middle = path.removeprefix(before).removesuffix(after)
        fits = path == f"{before}{middle}{after}" and middle and "/" not in middle
        return unquote(middle) if fits else None


def answer_by(routes: Sequence[Route], sandbox: Sandbox, request: Request) -> Reply:
    """Find the route of a request and answer it.

    Errors: Problem 404 for an unknown path, 405 for the wrong method on a known one.
    """
    matching = [route for route in routes if route.matches(request.path)]
    for route in matching:
        if route.method == request.method:
            return route.answer(sandbox, request)
    if not matching:
        raise Problem(404, "NOT_FOUND", "There is nothing at this path.")
    allowed = ", ".join(sorted({route.method for route in matching}))
    raise Problem(
        405,
        "METHOD_NOT_ALLOWED",
        f"This path takes {allowed}, not {request.method}.",
        headers={"Allow": allowed},
    )

"""Requests and replies between the HTTP server and what stands behind it, and the routes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Protocol
from urllib.parse import parse_qsl, unquote

from integrations.sandbox.faults import FaultBook
from integrations.sandbox.happenings import Happening
from integrations.sandbox.moments import Clock, stamp
from integrations.sandbox.problems import Problem, invalid, malformed
from integrations.sandbox.rate import RateLimiter
from integrations.sandbox.store import Store
from meterbase.lib.exact_json import JsonValue, MalformedJson, read_json, write_json


class Outbox(Protocol):
    """Where events leave for whoever has registered for them."""

    def announce(self, *happenings: Happening) -> None:
        """Queue what happened; to be called after the commit, not inside `store.changing()`."""

    def ping(self, *, event: str, connection_id: str) -> int:
        """Queue a test event for everybody who has registered; count them."""

    def wake(self) -> None:
        """Say that something may be due now."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Everything that the answers are made from.

    Shape: `refuse_freshness` makes contract v1 refuse filters by time, as its older documents do.
    Units: `job_seconds` is how long a write job of contract v1 is pending at least.
    """

    store: Store
    rate: RateLimiter
    faults: FaultBook
    clock: Clock
    outbox: Outbox
    contract: str = "both"
    refuse_duplicates: bool = False
    refuse_freshness: bool = False
    job_seconds: float = 0

    def now(self) -> str:
        """Give the present moment as it is written into records."""
        return stamp(self.clock())


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came in.

    Shape: `record_id` and `part_id` are the variable parts of the path. `unreadable` says why there
        is no body.
    """

    method: str
    path: str
    query_text: str = ""
    authorization: str = ""
    body: bytes = b""
    record_id: str = ""
    part_id: str = ""
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
    """An answer that is ready to be written.

    Shape: `raw` is sent instead of `body` when it is there; `sent` tells how many of the bytes that
        are announced are really sent before the line is cut, None meaning all.
    """

    status: int
    body: JsonValue
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "application/json; charset=utf-8"
    sent: int | None = None

    def content(self) -> bytes:
        """Write the bytes that are announced."""
        return write_json(self.body) if self.raw is None else self.raw

    def with_headers(self, headers: Mapping[str, str]) -> Reply:
        """Add headers."""
        return replace(self, headers={**self.headers, **headers})


Call = Callable[[Sandbox, Request], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path; the path may hold one `{id}` and one `{part}`."""

    method: str
    path: str
    call: Call

    def matches(self, path: str) -> bool:
        """Tell whether a path is this route's."""
        return _pattern(self.path).fullmatch(path) is not None

    def answer(self, sandbox: Sandbox, request: Request) -> Reply:
        """Answer a request that matches."""
        found = _pattern(self.path).fullmatch(request.path)
        named = found.groupdict() if found else {}
        if named:
            ids = {name: unquote(text) for name, text in named.items()}
            record_id, part_id = ids.get("id", ""), ids.get("part", "")
            request = replace(request, record_id=record_id, part_id=part_id)
        return self.call(sandbox, request)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    written = re.escape(path)
    for name in ("id", "part"):
        written = written.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>[^/]+)")
    return re.compile(written)


def answer_by(routes: Sequence[Route], sandbox: Sandbox, request: Request) -> Reply:
    """Find the route of a request and answer it.

    Errors: Problem 404 for an unknown path, 405 for the wrong method on a known one.
    """
    for route in routes:
        if route.method == request.method and route.matches(request.path):
            return route.answer(sandbox, request)
    matching = [route for route in routes if route.matches(request.path)]
    if not matching:
        raise Problem(404, "NOT_FOUND", "There is nothing at this path.")
    allowed = ", ".join(sorted({route.method for route in matching}))
    raise Problem(
        405,
        "METHOD_NOT_ALLOWED",
        f"This path takes {allowed}, not {request.method}.",
        headers={"Allow": allowed},
    )

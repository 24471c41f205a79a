"""Answers of Propexo for tests that stop short of a socket."""

from __future__ import annotations

import responses

from integrations.pms.tests.conftest import API_KEY
from meterbase.lib.exact_json import write_json

BASE = "https://api.propexo.com"
LAST_PAGE = {"next_cursor": None, "has_more": False, "per_page": 200}


def serve(wire: responses.RequestsMock, path: str, body: object, status: int = 200) -> None:
    wire.get(BASE + path, body=write_json(body).decode(), status=status)


def serve_rows(wire: responses.RequestsMock, path: str, *rows: object) -> None:
    serve(wire, path, {"data": list(rows), "pagination": LAST_PAGE})


def asked(wire: responses.RequestsMock) -> list[str]:
    assert {call.request.method for call in wire.calls} == {"GET"}
    assert {call.request.headers["Authorization"] for call in wire.calls} == {f"Bearer {API_KEY}"}
    return [str(call.request.url).removeprefix(BASE) for call in wire.calls]

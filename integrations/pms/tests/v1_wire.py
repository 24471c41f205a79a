"""Answers of contract v1 for tests that stop short of a socket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

import responses
from responses.matchers import query_param_matcher

from integrations.pms.propexo_v1 import V1Gateway
from integrations.pms.tests.conftest import API_KEY
from integrations.pms.tests.wire import BASE, serve
from integrations.pms.transport import Transport
from integrations.pms.v1_pages import ROWS_PER_PAGE

ORDER_BY = "created_at:asc,id:asc"

RowT = TypeVar("RowT")


def open_v1(
    transport: Transport, *, provider: str = "yardi", transaction_batch_id: str = ""
) -> V1Gateway:
    return V1Gateway(
        transport,
        connection_id="cl_int",
        provider=provider,
        transaction_batch_id=transaction_batch_id,
    )


def page(*rows: object, has_more: object = False, **meta: object) -> dict[str, object]:
    return {"meta": {"orderBy": [], "hasMore": has_more, **meta}, "results": list(rows)}


def serve_rows(wire: responses.RequestsMock, path: str, *rows: object) -> None:
    serve(wire, path, page(*rows))


def window(offset: int = 0) -> dict[str, str]:
    return {"limit": str(ROWS_PER_PAGE), "offset": str(offset), "order-by": ORDER_BY}


def serve_window(
    wire: responses.RequestsMock,
    path: str,
    answer: object,
    filters: Mapping[str, str] | None = None,
    *,
    offset: int = 0,
    status: int = 200,
) -> None:
    serve(wire, path, answer, status)
    wire.registered()[-1].match = (query_param_matcher({**(filters or {}), **window(offset)}),)


def asked_v1(wire: responses.RequestsMock) -> list[tuple[str, dict[str, str]]]:
    """Tell which paths were read with which parameters, without the window of the pages."""
    assert {call.request.headers["Authorization"] for call in wire.calls} == {f"Bearer {API_KEY}"}
    found = []
    for call in wire.calls:
        parts = urlsplit(str(call.request.url).removeprefix(BASE))
        params = dict(parse_qsl(parts.query))
        for name in ("limit", "offset", "order-by"):
            params.pop(name, None)
        found.append((parts.path, params))
    return found


def only(rows: Iterable[object], kind: type[RowT]) -> RowT:
    (row,) = rows
    assert isinstance(row, kind), row
    return row

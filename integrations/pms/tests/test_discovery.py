from __future__ import annotations

from collections.abc import Callable

import pytest
import requests
import responses

from integrations.pms.discovery import find_connection, open_contract
from integrations.pms.errors import (
    ApiKeyRefused,
    NotFound,
    Throttled,
    Unavailable,
    UnreadableAnswer,
)
from integrations.pms.records import Contract, PmsConnection
from integrations.pms.tests.wire import BASE, serve
from integrations.pms.transport import Transport

V1 = "/v1/admin/integrations/cl_int/"
UNIFIED = "/v1/connections/cl_int"
INTEGRATION = {"id": "cl_int", "vendor": "MRI", "name": "Acme", "active": True}
CONNECTION = {"id": "cl_int", "provider": "yardi", "name": "Acme", "status": "active"}


@pytest.fixture
def transport(open_transport: Callable[[str], Transport]) -> Transport:
    return open_transport(BASE)


def find(transport: Transport, *contracts: Contract) -> PmsConnection:
    return find_connection(
        transport=transport, connection_id="cl_int", contracts=contracts or ("v1", "unified")
    )


def paths(wire: responses.RequestsMock) -> list[str]:
    return [str(call.request.url).removeprefix(BASE) for call in wire.calls]


def test_what_production_speaks_is_tried_first(
    wire: responses.RequestsMock, transport: Transport
) -> None:
    serve(wire, V1, {"results": INTEGRATION})
    assert find(transport).contract == "v1"
    assert paths(wire) == [V1]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"error": {"code": "NOT_FOUND"}}, 404),
        ({"error": {"code": "invalid_request"}}, 400),
        ({"error": {}}, 405),
        ({"results": None}, 200),
        ("<html>", 200),
    ],
)
def test_who_does_not_know_it_in_one_contract_is_asked_in_the_other(
    wire: responses.RequestsMock, transport: Transport, answer: object, status: int
) -> None:
    serve(wire, V1, answer, status)
    serve(wire, UNIFIED, CONNECTION)
    assert find(transport).contract == "unified"
    assert paths(wire) == [V1, UNIFIED]


def test_what_neither_contract_knows_is_not_found(
    wire: responses.RequestsMock, transport: Transport
) -> None:
    serve(wire, V1, {}, 404)
    serve(wire, UNIFIED, {}, 404)
    with pytest.raises(NotFound, match="cl_int"):
        find(transport)


def test_what_makes_no_sense_is_not_taken_for_absence(
    wire: responses.RequestsMock, transport: Transport
) -> None:
    serve(wire, V1, "<html>")
    serve(wire, UNIFIED, {}, 404)
    with pytest.raises(UnreadableAnswer):
        find(transport)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, ApiKeyRefused), (429, Throttled), (500, Unavailable)]
)
def test_what_has_nothing_to_do_with_the_contract_ends_the_search(
    wire: responses.RequestsMock, transport: Transport, status: int, kind: type[Exception]
) -> None:
    serve(wire, V1, {}, status)
    with pytest.raises(kind):
        find(transport)
    assert set(paths(wire)) == {V1}


def test_a_server_that_cannot_be_reached_says_nothing_about_the_contract(
    wire: responses.RequestsMock, transport: Transport
) -> None:
    wire.get(BASE + V1, body=requests.ConnectionError("no route"))
    with pytest.raises(Unavailable):
        find(transport)


def test_only_the_contract_that_is_forced_is_tried(
    wire: responses.RequestsMock, transport: Transport
) -> None:
    serve(wire, UNIFIED, CONNECTION)
    assert find(transport, "unified").contract == "unified"


@pytest.mark.parametrize(("contract", "name"), [("unified", "UnifiedGateway"), ("v1", "V1Gateway")])
def test_a_contract_has_its_gateway(transport: Transport, contract: Contract, name: str) -> None:
    opened = open_contract(contract, transport=transport, connection_id="cl_int", provider="yardi")
    assert type(opened).__name__ == name

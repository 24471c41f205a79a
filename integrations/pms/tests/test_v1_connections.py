from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import responses

from integrations.pms.errors import NotFound, UnreadableAnswer
from integrations.pms.propexo_v1 import V1Gateway
from integrations.pms.records import ConnectionHealth, PmsConnection
from integrations.pms.tests.v1_wire import asked_v1, open_v1
from integrations.pms.tests.wire import BASE, serve
from integrations.pms.transport import Transport

INTEGRATION = "/v1/admin/integrations/cl_int/"
UPDATED = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)


@pytest.fixture
def gateway(open_transport: Callable[[str], Transport]) -> V1Gateway:
    return open_v1(open_transport(BASE))


def integration(**changes: object) -> dict[str, object]:
    return {
        "id": "cl_int",
        "name": "Acme",
        "vendor": "YARDI",
        "active": True,
        "is_archived": False,
        "can_authenticate": True,
        "last_completed_sync": "2026-03-31T08:00:00.000Z",
        "is_running_sync": False,
        "models": {"residents": {"enabled": True, "from_interfaces": []}},
        **changes,
    }


def serve_integration(
    wire: responses.RequestsMock, create: object = None, **changes: object
) -> None:
    serve(wire, INTEGRATION, {"meta": {"orderBy": []}, "results": integration(**changes)})
    models = {} if create is None else {"resident_charges": {"create": create}}
    serve(wire, f"{INTEGRATION}data-access", {"result": {"models": models}})


def read(gateway: V1Gateway) -> PmsConnection:
    return gateway.read_connection(connection_id="cl_int")


def test_a_connection_is_an_integration_and_what_was_proven_of_it(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_integration(wire, {"status": "SUCCESS", "error_message": None})
    assert read(gateway) == PmsConnection(
        "cl_int",
        "yardi",
        "Acme",
        ConnectionHealth.ACTIVE,
        "active",
        UPDATED,
        "v1",
        posts_charges=True,
    )
    assert [path for path, _ in asked_v1(wire)] == [INTEGRATION, f"{INTEGRATION}data-access"]


@pytest.mark.parametrize(
    ("changes", "health", "word"),
    [
        ({"is_running_sync": True}, ConnectionHealth.SYNCING, "syncing"),
        ({"can_authenticate": False}, ConnectionHealth.AUTH_FAILED, "cannot authenticate"),
        (
            {"can_authenticate": False, "active": False},
            ConnectionHealth.AUTH_FAILED,
            "cannot authenticate",
        ),
        ({"active": False}, ConnectionHealth.INACTIVE, "not active"),
        ({"active": None}, ConnectionHealth.INACTIVE, "not active"),
        ({"is_archived": True}, ConnectionHealth.INACTIVE, "archived"),
        ({"can_authenticate": None}, ConnectionHealth.ACTIVE, "active"),
    ],
)
def test_it_knows_how_a_connection_is(
    wire: responses.RequestsMock,
    gateway: V1Gateway,
    changes: dict[str, object],
    health: ConnectionHealth,
    word: str,
) -> None:
    serve_integration(wire, **changes)
    found = read(gateway)
    assert (found.health, found.raw_status) == (health, word)
    assert found.is_running_sync == bool(changes.get("is_running_sync"))


@pytest.mark.parametrize(
    ("create", "posts"),
    [
        ({"status": "SUCCESS", "error_message": None}, True),
        ({"status": "FAILED", "error_message": "no right"}, False),
        ({"status": "PROCESSING", "error_message": None}, None),
        ({"unsupported": True}, False),
        ({"unsupported": False}, None),
        ({"untested": True}, None),
        (None, None),
    ],
)
def test_it_knows_whether_charges_were_proven_to_work(
    wire: responses.RequestsMock, gateway: V1Gateway, create: object, posts: bool | None
) -> None:
    serve_integration(wire, create)
    assert read(gateway).posts_charges is posts


@pytest.mark.parametrize("vendor", ["MRI", "REALPAGE", "KNOCK"])
def test_an_interface_that_takes_no_charges_needs_no_check(
    wire: responses.RequestsMock, gateway: V1Gateway, vendor: str
) -> None:
    serve(wire, INTEGRATION, {"results": integration(vendor=vendor)})
    found = read(gateway)
    assert (found.provider, found.posts_charges) == (vendor.casefold(), False)


def test_without_a_word_on_data_access_nothing_is_proven(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve(wire, INTEGRATION, {"results": integration(last_completed_sync=None)})
    serve(wire, f"{INTEGRATION}data-access", {"error": {"code": "invalid_request"}}, status=400)
    found = read(gateway)
    assert (found.posts_charges, found.last_synced_at) == (None, None)


def test_null_means_that_there_is_no_such_connection(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve(wire, INTEGRATION, {"meta": {"orderBy": []}, "results": None})
    with pytest.raises(NotFound, match="cl_int"):
        read(gateway)


@pytest.mark.parametrize("connection_id", ["", ".", ".."])
def test_an_id_that_would_climb_out_of_the_path_is_not_asked_for(
    gateway: V1Gateway, connection_id: str
) -> None:
    with pytest.raises(NotFound):
        gateway.read_connection(connection_id=connection_id)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"results": []},
        {"results": integration(id="cl_other")},
        {"results": integration(id=None)},
    ],
)
def test_an_answer_that_describes_no_such_connection_is_an_error(
    wire: responses.RequestsMock, gateway: V1Gateway, answer: object
) -> None:
    serve(wire, INTEGRATION, answer)
    with pytest.raises(UnreadableAnswer):
        read(gateway)

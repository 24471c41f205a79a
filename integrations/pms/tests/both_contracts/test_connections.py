"""How connections and contracts are found out, in either wire contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.pms.discovery import find_connection
from integrations.pms.errors import ApiKeyRefused, NotFound
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import ConnectionHealth, Contract, PmsConnection
from integrations.pms.tests.both_contracts.opening import PMS, PMS_CONNECTION, gateway_to
from integrations.pms.transport import Transport
from integrations.sandbox.seed import CONNECTION_ID, LOCKED_CONNECTION_ID
from integrations.sandbox.server import RunningSandbox, running_sandbox


@pytest.mark.parametrize(
    ("connection_id", "provider", "health"),
    [
        (CONNECTION_ID, "yardi", ConnectionHealth.ACTIVE),
        (PMS_CONNECTION, PMS, ConnectionHealth.ACTIVE),
        (LOCKED_CONNECTION_ID, "realpage", ConnectionHealth.AUTH_FAILED),
        ("conn_syncing", "entrata", ConnectionHealth.SYNCING),
        ("conn_inactive", "appfolio", ConnectionHealth.INACTIVE),
    ],
)
def test_it_knows_how_a_connection_is(
    reader: PmsGateway,
    contract: Contract,
    connection_id: str,
    provider: str,
    health: ConnectionHealth,
) -> None:
    found = reader.read_connection(connection_id=connection_id)
    assert found.provider.startswith(provider)
    assert (found.health, found.contract) == (health, contract)
    assert found.is_running_sync == (health is ConnectionHealth.SYNCING)
    assert (found.last_synced_at is None) == (health is ConnectionHealth.SYNCING)


def test_unknown_ids_and_keys_are_told_apart(
    world: RunningSandbox, reader: PmsGateway, contract: Contract
) -> None:
    with pytest.raises(NotFound):
        reader.read_connection(connection_id="conn_nowhere")
    with (
        gateway_to(world, contract, api_key="px_live_wrong") as stranger,
        pytest.raises(ApiKeyRefused),
    ):
        stranger.read_connection(connection_id=CONNECTION_ID)


@pytest.mark.parametrize(
    ("served", "contract"), [("both", "v1"), ("v1", "v1"), ("unified", "unified")]
)
def test_the_contract_that_is_spoken_is_found(
    tmp_path: Path, served: str, contract: Contract
) -> None:
    def find(connection_id: str) -> PmsConnection:
        return find_connection(
            transport=transport, connection_id=connection_id, contracts=("v1", "unified")
        )

    with (
        running_sandbox(data_dir=tmp_path, properties=1, units=1, contract=served) as sandbox,
        Transport(sandbox.base_url, sandbox.api_key) as transport,
    ):
        assert find(CONNECTION_ID).contract == contract
        with pytest.raises(NotFound):
            find("conn_nowhere")
    with (
        running_sandbox(data_dir=tmp_path, properties=1, units=1, contract=served) as sandbox,
        Transport(sandbox.base_url, "px_live_wrong") as transport,
        pytest.raises(ApiKeyRefused),
    ):
        find(CONNECTION_ID)

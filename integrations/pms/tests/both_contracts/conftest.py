"""Sandboxes that speak both contracts, and a gateway in each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.pms.gateway import PmsGateway
from integrations.pms.records import Contract
from integrations.pms.tests.both_contracts.opening import PMS, gateway_to
from integrations.sandbox.server import RunningSandbox, running_sandbox

BOTH: tuple[Contract, ...] = ("unified", "v1")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """Run a sandbox that nobody changes."""
    with running_sandbox(data_dir=tmp_path_factory.mktemp("world"), units=24, pms=[PMS]) as running:
        yield running


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    with running_sandbox(data_dir=tmp_path, properties=1, units=2, pms=[PMS]) as running:
        yield running


@pytest.fixture(params=BOTH)
def contract(request: pytest.FixtureRequest) -> Contract:
    found: Contract = request.param
    return found


@pytest.fixture
def reader(world: RunningSandbox, contract: Contract) -> Iterator[PmsGateway]:
    with gateway_to(world, contract) as opened:
        yield opened


@pytest.fixture
def gateway(sandbox: RunningSandbox, contract: Contract) -> Iterator[PmsGateway]:
    with gateway_to(sandbox, contract) as opened:
        yield opened

"""Transports as the tests of the wire need them: impatient, and with a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
import responses

from integrations.pms.gateway import PmsGateway
from integrations.pms.propexo_unified import UnifiedGateway
from integrations.pms.transport import Timeouts, Transport

API_KEY = "px_test_4242secret4242"
NOW = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)
IMPATIENT = Timeouts(
    connect=1.0, read=0.3, read_total=2.0, write_total=0.5, longest_wait=0.2, backoff=0.01
)


@pytest.fixture
def open_transport() -> Iterator[Callable[[str], Transport]]:
    with ExitStack() as stack:
        yield lambda base_url: stack.enter_context(
            Transport(base_url, API_KEY, timeouts=IMPATIENT, clock=lambda: NOW)
        )


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def gateway(open_transport: Callable[[str], Transport]) -> PmsGateway:
    return UnifiedGateway(open_transport("https://api.propexo.com"))

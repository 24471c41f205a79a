from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.models import WebhookEndpoint
from integrations.operations.webhook_endpoints import EVENTS, EndpointSecret, create_endpoint
from integrations.outgoing.tests.receiver import Receiver, running_receiver


@pytest.fixture(autouse=True)
def _to_this_machine(settings) -> None:
    """Let webhooks go where the tests' receivers are."""
    settings.WEBHOOKS_TO_THIS_MACHINE = True


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Run a receiver."""
    with running_receiver() as running:
        yield running


@pytest.fixture
def registered(cast, now, receiver: Receiver) -> EndpointSecret:
    """Register the receiver for every event."""
    return create_endpoint(
        portfolio=cast.portfolio, url=receiver.url, events=EVENTS, by=cast.manager, now=now
    )


@pytest.fixture
def endpoint(registered: EndpointSecret) -> WebhookEndpoint:
    """Give the receiver's endpoint."""
    return registered.endpoint

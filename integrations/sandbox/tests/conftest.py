from __future__ import annotations

import pytest

from integrations.sandbox.server import running_sandbox
from integrations.sandbox.tests.client import Client


@pytest.fixture(scope="session")
def full(tmp_path_factory):
    """A sandbox of the default size that is only read."""
    with running_sandbox(data_dir=tmp_path_factory.mktemp("full")) as sandbox:
        yield Client(sandbox.base_url)


@pytest.fixture
def sandbox(tmp_path):
    """A sandbox of one property that may be changed."""
    with running_sandbox(data_dir=tmp_path, properties=1) as running:
        yield running


@pytest.fixture
def client(sandbox):
    return Client(sandbox.base_url)

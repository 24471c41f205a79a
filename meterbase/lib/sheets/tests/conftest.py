from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections


@pytest.fixture(autouse=True)
def _no_database() -> Iterator[None]:
    """Let answers be closed without a look at the database, which these tests do not have."""
    request_finished.disconnect(close_old_connections)
    yield
    request_finished.connect(close_old_connections)

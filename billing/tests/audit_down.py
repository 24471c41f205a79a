"""An audit trail that takes nothing: whatever cannot be written down must not happen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

from portfolios.models import AuditEvent


class AuditDown(Exception):
    """The audit trail cannot be written."""


@contextmanager
def audit_down() -> Iterator[None]:
    """Expect the block to fail because the audit trail takes nothing."""
    with (
        mock.patch.object(AuditEvent, "save", side_effect=AuditDown),
        pytest.raises(AuditDown),
    ):
        yield

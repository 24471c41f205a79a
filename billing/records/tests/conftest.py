"""The month of the statements' tests, for files about it."""

from __future__ import annotations

from billing.statements.tests.conftest import month

__all__ = ["month"]

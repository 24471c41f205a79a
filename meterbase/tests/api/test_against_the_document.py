"""Whatever the OpenAPI document allows is asked: no mistake of ours, no answer that it hides."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from meterbase.api import api
from meterbase.wsgi import application
from portfolios.models import ApiKey

_CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
document = schemathesis.openapi.from_dict(api.get_openapi_schema())
document.app = application


@pytest.fixture
def asked(rows, sandbox, programs):
    """Give the keys of the manager and the accountant, with every scope."""
    return [programs[name].secret for name in ("manager", "accountant")]


@pytest.fixture(autouse=True)
def _one_connection():
    """Keep the connection, and with it the test's transaction, between two requests."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _operations_by_subject():
    subjects: dict[str, list[Any]] = {}
    for found in document.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        assert operation.tags
        subjects.setdefault(operation.tags[0], []).append(operation)
    return subjects


OPERATIONS = _operations_by_subject()


@pytest.mark.parametrize("subject", OPERATIONS)
def test_no_call_answers_what_the_document_does_not_tell(subject, asked):
    for operation in OPERATIONS[subject]:
        # What one call did is no other call's business.
        with transaction.atomic():
            _ask(operation, secrets=asked)
            transaction.set_rollback(True)


def _ask(operation, *, secrets):
    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case):
        for secret in secrets:
            ApiKey.objects.update(spent_until=0)
            case.call_and_validate(
                headers={"Authorization": f"Bearer {secret}"}, checks=list(_CHECKS)
            )

    ask()

"""Whatever the OpenAPI document allows is asked: no mistake of ours, no answer that it hides.

METERBASE_TEST_PROFILE=nightly asks each call a hundred times and not just a few.
"""

from __future__ import annotations

import os
import re
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
from meterbase.tests.api.matrix import MATRIX
from meterbase.wsgi import application
from portfolios.models import ApiKey

_CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
_EXAMPLES = 100 if os.environ.get("METERBASE_TEST_PROFILE") == "nightly" else 6
_IS_ID = re.compile(r"(_ids?|Id)$")
document = schemathesis.openapi.from_dict(api.get_openapi_schema())
document.app = application


@pytest.fixture
def keys(rows, sandbox, programs):
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
def test_no_call_answers_what_the_document_does_not_tell(subject, rows, keys):
    for operation in OPERATIONS[subject]:
        _ask(operation, rows=rows, keys=keys)


def _ask(operation, *, rows, keys):
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case):
        for asked in (case, _about_what_there_is(case, rows)):
            for key in keys:
                ApiKey.objects.update(spent_until=0)
                # What one call did is no other call's business.
                with transaction.atomic():
                    headers = {"Authorization": f"Bearer {key}"}
                    asked.call_and_validate(headers=headers, checks=list(_CHECKS))
                    transaction.set_rollback(True)

    ask()


def _about_what_there_is(case, rows):
    """Ask the same with ids of rows that there are, so that it gets further than a 404."""
    row = MATRIX[case.operation.definition.raw["operationId"]]
    body, filled = case.body, row.filled(rows)
    if isinstance(body, dict) and isinstance(filled, dict):
        body = body | {name: filled[name] for name in filled.keys() & body if _IS_ID.search(name)}
    return case.operation.Case(
        path_parameters={**case.path_parameters, **row.values(rows)},
        query=case.query,
        headers=case.headers,
        body=body,
        media_type=case.media_type,
    )

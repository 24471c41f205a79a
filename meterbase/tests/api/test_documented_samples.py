"""What the documentation says a program can send is sent, and answered as it says.

Only the host, the key, the ids and the month are those of the test; all else is sent as written.
"""

from __future__ import annotations

import html
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from django.conf import settings as product
from django.db import transaction
from django.urls import reverse

from integrations.operations import webhook_endpoints
from meterbase.api import api
from meterbase.api_reference import read_reference
from meterbase.tests.api.curl import CurlLine, read_curl
from meterbase.tests.api.matrix import MATRIX, Row, Rows
from meterbase.tests.api.programs import Program, program_of
from meterbase.tests.api.routes import Route, all_routes
from portfolios.access import Action

DOCUMENTS = ("api.md", "api-v1.md", "webhooks.md")
_QUICK_START = re.compile(r"^## Quick start$(.*?)^## ", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_SCRIPT = re.compile(r"^ *```js\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_FETCH = re.compile(r'fetch\("https://[^/]+(?P<path>[^"]*)", \{(?P<options>.*?)\n\}\)', re.DOTALL)
_MADE_UP = re.compile(r"(_ids?|Id|month)$")
_FIRST_CALL = re.compile(r'aria-label="The first call"><code>(.*?)</code>', re.DOTALL)


def _samples(text: str) -> list[str]:
    blocks = [textwrap.dedent(block) for block in _SHELL.findall(text)]
    return [block for block in blocks if block.startswith("curl")]


def _document(name: str) -> str:
    return (product.BASE_DIR / "docs" / name).read_text()


def _quick_start() -> str:
    found = _QUICK_START.search(_document("api.md"))
    assert found
    return found[1]


# --- The quick start -----------------------------------------------------------------------------


@pytest.fixture
def token(cast, now):
    return program_of(cast.manager, now=now).secret


def test_the_quick_start_is_performed(token, place):
    answers = [read_curl(line, token=token).send() for line in _samples(_quick_start())]

    assert [answer.status_code for answer in answers] == [200, 200, 201]
    connections, properties, made = (answer.json() for answer in answers)
    assert len(connections["connections"]) == 1
    assert properties["data"][0]["id"] == str(place.pk)
    assert made["name"] == "Sunset Court"


def test_the_first_call_in_javascript_asks_what_curl_asks():
    (script,) = _SCRIPT.findall(_quick_start())
    call = _FETCH.search(textwrap.dedent(script))
    assert call
    first = read_curl(_samples(_quick_start())[1], token="${process.env.TOKEN}")
    assert call["path"] == first.path
    (header,) = re.findall(r"headers: \{ (\w+): `([^`]+)` \}", call["options"])
    assert dict([header]) == first.headers


def test_the_first_call_of_the_page_is_performed(token, connection, cast, signed_in):
    page = signed_in(cast.manager).get(reverse("api-docs")).content.decode()
    found = _FIRST_CALL.search(page)
    assert found
    answer = read_curl(html.unescape(found[1]), token=token).send()

    assert answer.status_code == 200
    assert [row["connection_id"] for row in answer.json()["connections"]] == [connection.pk]


# --- All other samples ---------------------------------------------------------------------------


@pytest.fixture
def performed(rows, sandbox, programs, settings, monkeypatch):
    """Give a function that sends samples, each as if it were the first; it tells what failed."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    # There is no name server to be asked about the hosts of samples.
    monkeypatch.setattr(webhook_endpoints, "resolve", lambda _target: ["203.0.113.7"])

    def perform(samples: list[str]) -> list[str]:
        assert samples
        return [failure for sample in samples for failure in _wrong_with(sample, rows, programs)]

    return perform


def _wrong_with(sample: str, rows: Rows, programs: Mapping[str, Program]) -> Iterator[str]:
    asked = read_curl(sample, token="")
    route = _route_of(asked)
    row = MATRIX[route.name]
    who = "accountant" if row.action is Action.APPROVE else "manager"
    line = _with_ids(read_curl(sample, token=programs[who].secret), route, row, rows)
    with transaction.atomic():
        answer = line.send()
        transaction.set_rollback(True)
    if answer.status_code != row.answer:
        yield f"{route.name}: {answer.status_code} {answer.content.decode()[:300]}"


def _route_of(asked: CurlLine) -> Route:
    path = asked.path.partition("?")[0]
    (found,) = [
        route
        for route in all_routes()
        if route.method == asked.method
        and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route.path), path)
    ]
    return found


def _with_ids(line: CurlLine, route: Route, row: Row, rows: Rows) -> CurlLine:
    """Put what the test has in the place of what the documentation made up."""
    filled: Any = row.filled(rows)
    known = filled if isinstance(filled, dict) else {}
    own = {name: known[name] for name in line.names() & set(known) if _MADE_UP.search(name)}
    ids = {"property_id": rows.place.pk, "month": "2025-10"}
    asked = parse_qsl(line.path.partition("?")[2])
    query = urlencode([(name, ids.get(name, value)) for name, value in asked])
    path = route.url(row.values(rows))
    return replace(line, path=f"{path}?{query}" if query else path).changed(own)


@pytest.mark.once("what is documented is the same on every database")
def test_every_sample_is_answered_as_it_should_be(performed):
    document: Any = api.get_openapi_schema()
    subjects = read_reference(document, base_url="https://meterbase.example.com")
    calls = [call for subject in subjects for call in subject.calls]
    assert sorted(call.name for call in calls) == sorted(MATRIX)

    assert performed([call.curl for call in calls]) == []
    for name in DOCUMENTS:
        assert performed(_samples(_document(name))) == [], name


def test_the_error_of_the_documentation_is_one_that_is_answered(programs):
    (documented,) = re.findall(r"```json\n(.*?)```", _document("api.md"), re.DOTALL)
    order = {
        "property_id": 1,
        "bill_id": 42,
        "charge_code": "UTIL",
        "description": "March 2026 Utility Charge (RUBS)",
        "post_to_pms": True,
    }
    answer = programs["accountant"].post("/api/rubs/post-charges", order)
    assert answer.json() == json.loads(documented)

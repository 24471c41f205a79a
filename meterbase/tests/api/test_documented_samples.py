"""What the documentation says a program can send is sent."""

from __future__ import annotations

import html
import re
import textwrap

import pytest
from django.conf import settings
from django.urls import reverse

from meterbase.tests.api.curl import perform
from meterbase.tests.api.programs import program_of

_QUICK_START = re.compile(r"^## Quick start$(.*?)^## ", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"^ *```sh\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_FIRST_CALL = re.compile(r'aria-label="The first call"><code>(.*?)</code>', re.DOTALL)


def _quick_start():
    document = (settings.BASE_DIR / "docs" / "api.md").read_text()
    found = _QUICK_START.search(document)
    assert found
    blocks = [textwrap.dedent(block) for block in _SHELL.findall(found[1])]
    return [block for block in blocks if block.startswith("curl")]


@pytest.fixture
def token(cast, now):
    return program_of(cast.manager, now=now).secret


def test_the_quick_start_is_performed(token, place):
    answers = [perform(line, token=token) for line in _quick_start()]

    assert [answer.status_code for answer in answers] == [200, 200, 201]
    connections, properties, made = (answer.json() for answer in answers)
    assert len(connections["connections"]) == 1
    assert properties["data"][0]["id"] == str(place.pk)
    assert made["name"] == "Sunset Court"


def test_the_first_call_of_the_page_is_performed(token, connection, cast, signed_in):
    page = signed_in(cast.manager).get(reverse("api-docs")).content.decode()
    found = _FIRST_CALL.search(page)
    assert found
    answer = perform(html.unescape(found[1]), token=token)

    assert answer.status_code == 200
    assert [row["connection_id"] for row in answer.json()["connections"]] == [connection.pk]

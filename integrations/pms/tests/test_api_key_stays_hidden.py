from __future__ import annotations

import copy
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable

import pytest

from integrations.pms.api_key import ApiKey, HiddenText
from integrations.pms.errors import PmsError
from integrations.pms.propexo_unified import UnifiedGateway
from integrations.pms.tests.conftest import API_KEY
from integrations.pms.tests.scripted_server import (
    Act,
    ScriptedServer,
    answer,
    hangs_up,
    says,
    stays_silent,
)
from integrations.pms.transport import Transport

OpenTransport = Callable[[str], Transport]

QUOTES_THE_KEY = b'{"error":{"code":"X","message":"unknown key ' + API_KEY.encode() + b'"}}'


def write(transport: Transport) -> None:
    transport.post_once("/v1/charges", body=b"{}", headers={})


def read(transport: Transport) -> None:
    transport.get("/v1/units")


def everything_about(error: PmsError) -> str:
    shown = "".join(
        traceback.TracebackException.from_exception(error, capture_locals=True).format()
    )
    return f"{shown} {error} {error!r} {vars(error)} {error.args}"


@pytest.mark.parametrize("call", [read, write])
@pytest.mark.parametrize(
    "act",
    [
        pytest.param(hangs_up, id="reset"),
        pytest.param(stays_silent, id="silence"),
        pytest.param(says(b"HTTP/1.1 " + API_KEY.encode() + b"\r\n\r\n"), id="a quoting status"),
        pytest.param(
            says(b"HTTP/1.1 401 No\r\nbroken " + API_KEY.encode() + b"\r\nX: y\r\n\r\n"),
            id="a quoting header line",
        ),
        pytest.param(
            says(b"HTTP/1.1 401 No\r\n " + API_KEY.encode() + b"\r\nX: y\r\n\r\n"),
            id="a quoting first header line",
        ),
        pytest.param(
            answer("400 Bad Request", b"", f"X-Request-Id: {API_KEY}"), id="a quoting header"
        ),
        pytest.param(answer("401 Unauthorized", QUOTES_THE_KEY), id="401"),
        pytest.param(answer("400 Bad Request", QUOTES_THE_KEY), id="400"),
        pytest.param(answer("503 Service Unavailable", QUOTES_THE_KEY), id="503"),
    ],
)
def test_no_error_and_no_log_line_shows_it(
    open_transport: OpenTransport,
    caplog: pytest.LogCaptureFixture,
    act: Act,
    call: Callable[[Transport], None],
) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        ScriptedServer(act, act, act, act) as server,
        pytest.raises(PmsError) as caught,
    ):
        call(open_transport(server.url))
    assert API_KEY not in everything_about(caught.value)
    assert caught.value.__context__ is None
    assert "urllib3" in {record.name.split(".")[0] for record in caplog.records}
    assert API_KEY not in caplog.text
    assert not any(API_KEY in repr(vars(record)) for record in caplog.records)


def test_no_object_shows_it(open_transport: OpenTransport) -> None:
    transport = open_transport("http://propexo.test")
    gateway = UnifiedGateway(transport)
    for value in (transport, gateway, vars(transport), vars(gateway), transport._headers()):
        assert API_KEY not in f"{value} {value!r} {pprint.pformat(value)}"


def test_it_is_not_stored_with_an_object() -> None:
    for take_along in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="API key"):
            take_along(ApiKey(API_KEY))


@pytest.mark.parametrize("secret", ["", " ", "px test", "px_test\n", "px_tést"])
def test_an_impossible_key_is_refused_without_quoting_it(secret: str) -> None:
    with pytest.raises(ValueError, match="API key is empty or holds") as caught:
        Transport("https://api.propexo.com", secret + "mark") if secret.strip() else ApiKey(secret)
    assert "mark" not in str(caught.value)


def test_a_bad_address_does_not_show_it() -> None:
    with pytest.raises(ValueError, match="address") as caught:
        Transport("nowhere", HiddenText(API_KEY))
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    frames_of_ours = [part for part in shown if "transport.py" in part]
    assert frames_of_ours
    assert not any(API_KEY in part for part in frames_of_ours)


def test_a_short_key_does_not_damage_answers() -> None:
    assert ApiKey("1").blank_out(b'{"amount":11}') == b'{"amount":11}'

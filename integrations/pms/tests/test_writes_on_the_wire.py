from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from integrations.pms.errors import NeverSent, OutcomeUnknown, PmsError
from integrations.pms.tests.scripted_server import (
    Act,
    ScriptedServer,
    answer,
    hangs_up,
    says,
    stays_silent,
    trickles,
)
from integrations.pms.transport import Timeouts, Transport

OpenTransport = Callable[[str], Transport]

BODY = b'{"unit_id":"unit_1","amount":142.50}'
HEADERS = {"Idempotency-Key": "MB-7F3K2Q9AXT4CV"}


def post(transport: Transport) -> None:
    transport.post_once("/v1/charges", body=BODY, headers=HEADERS)


def test_a_write_is_one_request_with_exactly_these_bytes(open_transport: OpenTransport) -> None:
    with ScriptedServer(answer("201 Created", b"{}")) as server:
        post(open_transport(server.url))
    host = server.url.removeprefix("http://")
    lines = server.requests[0].split(b"\r\n")
    assert lines[0] == b"POST /v1/charges HTTP/1.1"
    assert sorted(lines[1:-2]) == sorted(
        [
            b"Host: " + host.encode(),
            b"Authorization: Bearer px_test_4242secret4242",
            b"Accept: application/json",
            b"Accept-Encoding: gzip, deflate",
            b"User-Agent: MeterBase/0.1",
            b"Content-Type: application/json",
            b"Content-Length: 36",
            b"Connection: close",
            b"Idempotency-Key: MB-7F3K2Q9AXT4CV",
        ]
    )
    assert lines[-1] == BODY


def test_each_write_has_a_connection_of_its_own(open_transport: OpenTransport) -> None:
    # This server would keep its connections open; its script allows one request for each.
    keeps_open = says(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
    with ScriptedServer(keeps_open, keeps_open) as server:
        transport = open_transport(server.url)
        post(transport)
        post(transport)
    assert len(server.requests) == 2


def test_a_refused_connection_means_never_sent(open_transport: OpenTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NeverSent, match="nothing was sent"):
        post(open_transport(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("failure", [socket.gaierror(-2, "unknown name"), TimeoutError("slow")])
def test_a_connection_that_cannot_be_made_means_never_sent(
    open_transport: OpenTransport, monkeypatch: pytest.MonkeyPatch, failure: OSError
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise failure

    monkeypatch.setattr("urllib3.util.connection.create_connection", fail)
    with pytest.raises(NeverSent):
        post(open_transport("http://propexo.test"))


def test_a_connection_that_takes_the_whole_time_is_not_used(
    open_transport: OpenTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.pms.deadline.seconds_left", lambda: 0.0)
    with (
        ScriptedServer() as server,
        pytest.raises(NeverSent),
    ):
        post(open_transport(server.url))
    assert server.requests == []


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(hangs_up, id="reset"),
        pytest.param(says(b""), id="closed without a word"),
        pytest.param(stays_silent, id="silence"),
        pytest.param(trickles(b""), id="the status line trickles"),
        pytest.param(trickles(b"HTTP/1.1 201 Created\r\nX-Slow: "), id="the headers trickle"),
        pytest.param(
            trickles(b"HTTP/1.1 201 Created\r\nContent-Length: 9999\r\n\r\n{"),
            id="the body trickles",
        ),
        pytest.param(
            says(b'HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{"id":'), id="a cut body"
        ),
        pytest.param(says(b"220 mail.example.com ESMTP\r\n\r\n"), id="not HTTP"),
        pytest.param(
            answer("201 Created", b"not gzip", "Content-Encoding: gzip"), id="a broken encoding"
        ),
        pytest.param(answer("500 Internal Server Error", b"<html>"), id="500"),
        pytest.param(answer("502 Bad Gateway"), id="502"),
        pytest.param(answer("503 Service Unavailable", b"", "Retry-After: 0"), id="503"),
        pytest.param(answer("504 Gateway Timeout"), id="504"),
        pytest.param(answer("408 Request Timeout"), id="408"),
        pytest.param(answer("405 Method Not Allowed"), id="405"),
        pytest.param(answer("409 Conflict", b'{"error":{"code":"BUSY"}}'), id="409"),
        pytest.param(answer("307 Temporary Redirect", b"", "Location: /v1/charges"), id="307"),
        pytest.param(answer("302 Found", b"", "Location: http://["), id="302 to nowhere"),
    ],
)
def test_a_write_without_a_clear_answer_is_unknown_and_not_repeated(
    open_transport: OpenTransport, act: Act
) -> None:
    with ScriptedServer(act, answer("201 Created", b"{}")) as server:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="may or may not have been made"):
            post(open_transport(server.url))
        assert time.monotonic() - started < 1.5
    assert len(server.requests) == 1


def test_the_deadline_of_the_call_is_stronger_than_the_patience_of_one_read() -> None:
    patient = Timeouts(read=30.0, write_total=0.3)
    with ScriptedServer(stays_silent) as server, Transport(server.url, "k", timeouts=patient) as it:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            post(it)
        assert time.monotonic() - started < 2


def test_an_endless_answer_is_cut(
    open_transport: OpenTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.pms.transport._LARGEST_ANSWER_BYTES", 10)
    with (
        ScriptedServer(answer("201 Created", b"x" * 11)) as server,
        pytest.raises(OutcomeUnknown) as caught,
    ):
        post(open_transport(server.url))
    assert "longer than 10 bytes" in caught.value.raw


def test_a_throttled_write_is_not_repeated(open_transport: OpenTransport) -> None:
    throttled = answer("429 Too Many Requests", b"", "Retry-After: 0")
    with (
        ScriptedServer(throttled, throttled) as server,
        pytest.raises(PmsError) as caught,
    ):
        post(open_transport(server.url))
    assert caught.value.code == "RATE_LIMITED"
    assert len(server.requests) == 1


def test_a_proxy_of_the_environment_is_not_used(
    open_transport: OpenTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with ScriptedServer(answer("201 Created", b"{}")) as server:
        post(open_transport(server.url))
    assert len(server.requests) == 1


def test_a_cookie_is_not_sent_back(open_transport: OpenTransport) -> None:
    with ScriptedServer(
        answer("201 Created", b"{}", "Set-Cookie: a=b"), answer("200 OK", b"{}")
    ) as server:
        transport = open_transport(server.url)
        post(transport)
        transport.get("/v1/charges")
    assert b"cookie" not in server.requests[1].lower()

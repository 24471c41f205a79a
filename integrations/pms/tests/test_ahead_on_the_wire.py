from __future__ import annotations

import socket
import threading
from datetime import timedelta

import pytest

from integrations.pms.tests.conftest import API_KEY, IMPATIENT, NOW
from integrations.pms.tests.scripted_server import Act, ScriptedServer, answer, read_request
from integrations.pms.tests.test_pacing_on_the_wire import NotedPacer
from integrations.pms.transport import Transport

NEXT = {"cursor": "two words"}
FIRST = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n[first]"
THE_USUAL_WAY = answer("200 OK", b"[as usual]")


def keeps_open(asked: list[bytes], second: bytes) -> Act:
    """Answer one request, and the next one on the same connection with exactly these bytes."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(FIRST)
        connection.settimeout(1)
        asked.append(read_request(connection))
        connection.sendall(second)

    return act


def says(status: str, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def open_to(server: ScriptedServer, pacer: NotedPacer | None = None) -> Transport:
    return Transport(server.url, API_KEY, timeouts=IMPATIENT, clock=lambda: NOW, pacer=pacer)


def test_an_answer_that_was_asked_for_ahead_is_taken_with_its_headers():
    asked: list[bytes] = []
    second = says("200 OK", b"[second]", "X-RateLimit-Limit: 9", "X-RateLimit-Remaining: 8")
    with ScriptedServer(keeps_open(asked, second)) as server, open_to(server) as transport:
        transport.get("/v1/units")
        transport.ask_ahead("/v1/units", params=NEXT)
        found = transport.get("/v1/units", params=NEXT)
        assert (found.status, found.body) == (200, b"[second]")
        assert transport.rate_limit is not None
        assert transport.rate_limit.remaining == 8
    assert len(server.requests) == 1
    assert asked[0].startswith(b"GET /v1/units?cursor=two+words HTTP/1.1\r\n")
    assert f"Authorization: Bearer {API_KEY}".encode() in asked[0]


def test_it_hides_the_key_in_an_answer_that_was_asked_for_ahead():
    second = says("200 OK", f'["{API_KEY}"]'.encode(), f"X-Echo: {API_KEY}")
    with ScriptedServer(keeps_open([], second)) as server, open_to(server) as transport:
        transport.get("/v1/units")
        transport.ask_ahead("/v1/units", params=NEXT)
        found = transport.get("/v1/units", params=NEXT)
    assert (found.body, found.headers["X-Echo"]) == (b'["(API key)"]', "(API key)")


def test_another_read_takes_no_answer_that_it_did_not_ask_for():
    acts = keeps_open([], says("200 OK", b"[second]")), THE_USUAL_WAY
    with ScriptedServer(*acts) as server, open_to(server) as transport:
        transport.get("/v1/units")
        transport.ask_ahead("/v1/units", params=NEXT)
        assert transport.get("/v1/leases", params=NEXT).body == b"[as usual]"
    assert server.requests[1].startswith(b"GET /v1/leases?cursor=two+words ")


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(b"", id="hangs up"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n[cut", id="breaks off"),
        pytest.param(b"nonsense\r\n\r\n", id="no HTTP"),
        pytest.param(says("503 Service Unavailable", b"no"), id="503"),
        pytest.param(says("404 Not Found", b"{}"), id="404"),
    ],
)
def test_what_goes_wrong_ahead_is_asked_for_in_the_usual_way(second: bytes):
    acts = keeps_open([], second), THE_USUAL_WAY
    with ScriptedServer(*acts) as server, open_to(server) as transport:
        transport.get("/v1/units")
        transport.ask_ahead("/v1/units", params=NEXT)
        assert transport.get("/v1/units", params=NEXT).body == b"[as usual]"


def test_an_answer_that_is_too_long_is_not_taken(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("integrations.pms.transport._LARGEST_ANSWER_BYTES", 10)
    acts = keeps_open([], says("200 OK", b"[much too long]")), THE_USUAL_WAY
    with ScriptedServer(*acts) as server, open_to(server) as transport:
        transport.get("/v1/units")
        transport.ask_ahead("/v1/units", params=NEXT)
        assert transport.get("/v1/units", params=NEXT).body == b"[as usual]"


def test_nothing_is_asked_ahead_where_no_connection_is_open():
    with ScriptedServer(THE_USUAL_WAY, THE_USUAL_WAY) as server, open_to(server) as transport:
        transport.ask_ahead("/v1/units", params=NEXT)
        transport.get("/v1/units")
        # That answer said that the connection would be closed.
        transport.ask_ahead("/v1/units", params=NEXT)
        transport.get("/v1/units", params=NEXT)
    assert len(server.requests) == 2


def test_what_is_asked_ahead_takes_a_turn_and_none_that_is_not_there():
    pacer, asked = NotedPacer(turns=2), list[bytes]()
    second = says("200 OK", b"[second]", "X-RateLimit-Limit: 9", "X-RateLimit-Remaining: 8")
    with ScriptedServer(keeps_open(asked, second)) as server, open_to(server, pacer) as transport:
        transport.get("/v1/units")
        transport.ask_ahead("/v1/units", params=NEXT)
        transport.get("/v1/units", params=NEXT)
        transport.ask_ahead("/v1/units", params=NEXT)
    assert pacer.asked == ["read", "read"]
    assert pacer.told == [(None, None), (9, None)]
    assert len(asked) == 1


def test_a_429_ahead_keeps_everybody_away():
    pacer = NotedPacer()
    acts = keeps_open([], says("429 Too Many Requests", b"", "Retry-After: 7")), THE_USUAL_WAY
    with ScriptedServer(*acts) as server, open_to(server, pacer) as transport:
        transport.get("/v1/units")
        transport.ask_ahead("/v1/units", params=NEXT)
        assert transport.get("/v1/units", params=NEXT).body == b"[as usual]"
    assert pacer.told[1] == (None, timedelta(seconds=7))
    assert pacer.asked == ["read", "read", "read"]

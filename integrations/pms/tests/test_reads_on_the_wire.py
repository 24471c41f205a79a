from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from integrations.pms.errors import PmsError, Throttled, Unavailable, UnreadableAnswer
from integrations.pms.records import RateLimit
from integrations.pms.tests.conftest import NOW
from integrations.pms.tests.scripted_server import (
    Act,
    ScriptedServer,
    answer,
    hangs_up,
    says,
    stays_silent,
    trickles,
)
from integrations.pms.transport import Transport

OpenTransport = Callable[[str], Transport]

OK = answer("200 OK", b'{"id":1}')


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(hangs_up, id="reset"),
        pytest.param(stays_silent, id="silence"),
        pytest.param(says(b"nonsense\r\n\r\n"), id="not HTTP"),
        pytest.param(answer("502 Bad Gateway"), id="502"),
        pytest.param(answer("503 Service Unavailable", b"", "Retry-After: soon"), id="503"),
        pytest.param(answer("504 Gateway Timeout"), id="504"),
        pytest.param(answer("429 Too Many Requests", b"", "Retry-After: 0"), id="429"),
    ],
)
def test_a_read_is_repeated_after_trouble_on_the_way(
    open_transport: OpenTransport, trouble: Act
) -> None:
    with ScriptedServer(trouble, OK) as server:
        read = open_transport(server.url).get("/v1/units", params={"property_id": "p 1"})
    assert read.json() == {"id": 1}
    assert [request.split(b"\r\n")[0] for request in server.requests] == [
        b"GET /v1/units?property_id=p+1 HTTP/1.1"
    ] * 2


def test_a_read_is_given_up_after_four_tries(open_transport: OpenTransport) -> None:
    with (
        ScriptedServer(*[answer("503 Service Unavailable", b"busy")] * 9) as server,
        pytest.raises(Unavailable, match="503") as caught,
    ):
        open_transport(server.url).get("/v1/units")
    assert len(server.requests) == 4
    assert caught.value.raw == "busy"


def test_a_server_error_that_is_no_overload_is_not_asked_again(
    open_transport: OpenTransport,
) -> None:
    with (
        ScriptedServer(answer("500 Internal Server Error"), OK) as server,
        pytest.raises(Unavailable, match="500"),
    ):
        open_transport(server.url).get("/v1/units")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (["Retry-After: 120"], timedelta(seconds=120)),
        (["Retry-After: Wed, 01 Apr 2099 12:00:00 GMT"], timedelta(minutes=15)),
        ([], timedelta(seconds=60)),
    ],
)
def test_a_long_break_is_handed_on_and_not_slept_through(
    open_transport: OpenTransport, headers: list[str], wait: timedelta
) -> None:
    with (
        ScriptedServer(answer("429 Too Many Requests", b"", *headers), OK) as server,
        pytest.raises(Throttled) as caught,
    ):
        open_transport(server.url).get("/v1/units")
    assert caught.value.retry_after == wait
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(trickles(b""), id="the status line"),
        pytest.param(trickles(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{"), id="the body"),
        pytest.param(
            trickles(b"HTTP/1.1 503 Busy\r\nContent-Length: 9999\r\n\r\n{"), id="a refused body"
        ),
    ],
)
def test_a_trickling_answer_is_given_up_in_time(open_transport: OpenTransport, act: Act) -> None:
    with ScriptedServer(act, act, act, act) as server:
        started = time.monotonic()
        with pytest.raises(Unavailable, match="takes too long"):
            open_transport(server.url).get("/v1/units")
        assert time.monotonic() - started < 3


def test_a_server_that_is_not_there_is_unavailable(open_transport: OpenTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unavailable, match="cannot be reached"):
        open_transport(f"http://127.0.0.1:{port}").get("/v1/units")


def test_a_redirect_is_not_followed(open_transport: OpenTransport) -> None:
    with (
        ScriptedServer(answer("301 Moved", b"", "Location: /v1/elsewhere"), OK) as server,
        pytest.raises(UnreadableAnswer, match="redirect"),
    ):
        open_transport(server.url).get("/v1/units")
    assert len(server.requests) == 1


def test_the_rate_headers_of_every_answer_are_kept(open_transport: OpenTransport) -> None:
    first = ["X-RateLimit-Limit: 1000", "X-RateLimit-Remaining: 7", "X-RateLimit-Reset: 1775044860"]
    second = ["x-ratelimit-limit: 150", "x-ratelimit-remaining: 0"]
    with ScriptedServer(
        answer("200 OK", b"{}", *first), answer("404 Not Found", b"", *second), OK
    ) as server:
        transport = open_transport(server.url)
        before = transport.rate_limit
        assert before is None
        transport.get("/v1/units")
        reset_at = datetime(2026, 4, 1, 12, 1, tzinfo=UTC)
        assert transport.rate_limit == RateLimit(limit=1000, remaining=7, reset_at=reset_at)
        with pytest.raises(PmsError):
            transport.get("/v1/units")
        in_a_minute = NOW + timedelta(seconds=60)
        assert transport.rate_limit == RateLimit(limit=150, remaining=0, reset_at=in_a_minute)
        transport.get("/v1/units")
        assert transport.rate_limit == RateLimit(limit=150, remaining=0, reset_at=in_a_minute)


@pytest.mark.parametrize("path", ["/v2/units", "v1/units", "https://elsewhere.test/v1/units"])
def test_it_asks_for_paths_of_the_api_only(open_transport: OpenTransport, path: str) -> None:
    with pytest.raises(ValueError, match="start with /v1/"):
        open_transport("http://propexo.test").get(path)


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.propexo.com",
        "ftp://api.propexo.com",
        "https://",
        "https://user:word@api.propexo.com",
        "https://api.propexo.com?x=1",
        "https://api.propexo.com#x",
        "https://api.propexo.com:port",
        "https://api propexo.com",
    ],
)
def test_it_refuses_an_address_that_is_none(base_url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Transport(base_url, "px_test_1")


@pytest.mark.parametrize("added", ["", "/", "/v1", "/v1/", " "])
def test_it_forgives_what_people_add_to_the_address(added: str) -> None:
    transport = Transport(f"https://api.propexo.com{added}", "px_test_1")
    assert repr(transport) == "Transport('https://api.propexo.com')"

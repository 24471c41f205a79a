from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from integrations.sandbox.http_server import LARGEST_BODY
from integrations.sandbox.rate import RateLimiter
from integrations.sandbox.server import running_sandbox
from integrations.sandbox.tests.client import CHARGE, Client

RATE_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.mark.parametrize("key", ["", "px_live_0123", "px_test_", "something"])
def test_a_missing_or_unknown_key_is_refused(full, key):
    answer = Client(full.base_url, key=key).get("/v1/properties")
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")


def test_any_test_key_is_taken(full):
    assert Client(full.base_url, key="px_test_mine").get("/v1/properties").status == 200


def test_the_key_must_be_a_bearer_token(full):
    answer = full.call("GET", "/v1/properties", Authorization="Basic px_test_sandbox")
    assert answer.status == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/properties", 200),
        ("GET", "/v1/properties/none", 404),
        ("GET", "/v1/units?page=0", 422),
        ("PUT", "/v1/units", 405),
        ("GET", "/v1/properties/prop_locked", 403),
        ("POST", "/v1/charges", 400),
        ("BREW", "/v1/units", 405),
    ],
)
def test_every_answer_carries_the_rate_headers(full, method, path, status):
    answer = full.call(method, path)
    assert answer.status == status
    assert all(answer.headers[name].isdigit() for name in RATE_HEADERS)


def test_a_wrong_method_is_told_the_right_ones(full):
    answer = full.call("DELETE", "/v1/charges")
    assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED")
    assert answer.headers["Allow"] == "GET, POST"


def test_a_head_request_has_no_body(full):
    answer = full.call("HEAD", "/v1/charges")
    assert (answer.status, answer.raw) == (405, b"")


def test_too_many_requests_are_refused_until_the_minute_is_over(tmp_path):
    with running_sandbox(data_dir=tmp_path, properties=1, units=1, rate_limit=3) as running:
        client = Client(running.base_url)
        answers = [client.get("/v1/connections") for _ in range(8)]
        refused = [answer for answer in answers if answer.status == 429]
        # A minute may end in between, so that up to two times three requests are answered.
        assert len(refused) >= 2
        assert refused[0].code == "RATE_LIMITED"
        assert 1 <= int(refused[0].headers["Retry-After"]) <= 60
        assert refused[0].headers["X-RateLimit-Remaining"] == "0"
        assert Client(running.base_url, key="px_test_other").get("/v1/connections").status == 200
        assert client.get("/_sandbox/health").status == 200


def test_the_limit_is_counted_by_key_and_minute():
    now = datetime(2026, 4, 1, 12, 0, 58, tzinfo=UTC)
    rate = RateLimiter(limit=2, clock=lambda: now)
    left = [rate.take("a").headers()["X-RateLimit-Remaining"] for _ in range(3)]
    assert left == ["1", "0", "0"]
    assert rate.take("b").used == 1
    assert rate.take("a").retry_after == 2
    now = datetime(2026, 4, 1, 12, 1, 0, tzinfo=UTC)
    assert rate.take("a").used == 1


def test_answers_are_slow_from_four_fifths_of_the_limit_on():
    now = datetime(2026, 4, 1, 12, 0, 58, tzinfo=UTC)
    rate = RateLimiter(limit=10, clock=lambda: now, slows_down=True)
    assert [rate.take("a").delay for _ in range(11)] == [0] * 7 + [2, 2, 2, 0]
    plain = RateLimiter(limit=10, clock=lambda: now)
    assert {plain.take("a").delay for _ in range(11)} == {0}


def test_a_slow_answer_comes_two_seconds_late_and_a_control_call_does_not(tmp_path):
    with running_sandbox(
        data_dir=tmp_path, properties=1, units=1, rate_limit=1, slow_down=True
    ) as running:
        client = Client(running.base_url)
        began = time.monotonic()
        assert client.get("/v1/connections").status == 200
        assert time.monotonic() - began >= 2
        began = time.monotonic()
        assert client.get("/_sandbox/health").status == 200
        assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{'a': 1}", b'{"amount": NaN}', b"\xff\xfe", b"[" * 60_000]
)
def test_a_body_that_is_not_json_is_refused(full, body):
    answer = full.call("POST", "/v1/charges", body)
    assert (answer.status, answer.code) == (400, "MALFORMED_REQUEST")


def test_a_body_that_is_too_large_is_refused(full):
    answer = full.call("POST", "/v1/charges", b" " * (LARGEST_BODY + 1))
    assert (answer.status, answer.code) == (413, "BODY_TOO_LARGE")


def test_a_body_of_unknown_length_is_refused(full):
    answer = full.call("POST", "/v1/charges", None, Transfer_Encoding="chunked")
    assert (answer.status, answer.code) == (411, "LENGTH_REQUIRED")


def test_a_length_that_is_no_number_is_refused(full):
    answer = full.call("POST", "/v1/charges", None, Content_Length="-5")
    assert answer.status == 400


@pytest.mark.parametrize("line", [b"NONSENSE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_is_not_http_is_answered_in_the_contracts_shape(full, line):
    host, port = urlsplit(full.base_url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(line)
        answered = b"".join(iter(lambda: connection.recv(4096), b""))
    head, _, body = answered.partition(b"\r\n\r\n")
    assert b"X-RateLimit-Limit" in head
    assert json.loads(body)["error"]["code"] == "MALFORMED_REQUEST"


def test_a_client_that_hangs_up_halfway_charges_nobody(sandbox, client):
    host, port = urlsplit(client.base_url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"POST /v1/charges HTTP/1.1\r\nContent-Length: 500\r\n\r\n{")
    assert client.post("/v1/charges", CHARGE).status == 201
    assert len(sandbox.ledger()) == 1


def test_one_connection_serves_many_requests(full):
    connection = HTTPConnection(urlsplit(full.base_url).netloc, timeout=5)
    try:
        for _ in range(3):
            connection.request(
                "GET", "/v1/connections", headers={"Authorization": f"Bearer {full.key}"}
            )
            response = connection.getresponse()
            response.read()
            local = connection.sock.getsockname()
            assert response.status == 200
            assert not response.will_close
            assert connection.sock.getsockname() == local
    finally:
        connection.close()


def test_stopping_answers_what_is_under_way_and_hangs_up_on_the_idle(tmp_path):
    fault = {"path": "/v1/charges", "method": "POST", "kind": "delay", "seconds": 60}
    with ThreadPoolExecutor(max_workers=1) as pool:
        with running_sandbox(data_dir=tmp_path, properties=1) as running:
            host, port = urlsplit(running.base_url).netloc.split(":")
            idle = socket.create_connection((host, int(port)), timeout=5)
            client = Client(running.base_url)
            client.post("/_sandbox/faults", fault)
            posted = pool.submit(client.post, "/v1/charges", CHARGE)
            while client.get("/_sandbox/faults").body["faults"]:
                assert not posted.done()
        assert posted.result(timeout=5).status == 201
    assert idle.recv(1) == b""
    idle.close()


def test_contract_v1_tells_no_time_at_which_the_limit_is_reset(tmp_path):
    with running_sandbox(data_dir=tmp_path, properties=1, units=1, rate_limit=1) as running:
        client = Client(running.base_url)
        answers = [client.get("/v1/units/") for _ in range(4)]
        refused = [answer for answer in answers if answer.status == 429]
        # A minute may end in between.
        assert len(refused) >= 2
        for answer in answers:
            assert answer.headers["X-RateLimit-Limit"] == "1"
            assert answer.headers["X-RateLimit-Remaining"] == "0"
            assert answer.headers["X-RateLimit-Reset"] is None
            assert answer.headers["Retry-After"] is None

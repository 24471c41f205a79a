from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from integrations.pms.errors import Throttled
from integrations.pms.pacing import NotYet, Purpose
from integrations.pms.records import RateLimit
from integrations.pms.tests.conftest import API_KEY, IMPATIENT, NOW
from integrations.pms.tests.scripted_server import Act, ScriptedServer, answer
from integrations.pms.transport import Transport

OK = answer("200 OK", b"{}", "X-RateLimit-Limit: 150", "X-RateLimit-Remaining: 149")
SLOW_DOWN = answer("429 Too Many Requests", b"", "Retry-After: 7")


class NotedPacer:
    """Writes down what it is asked and told; has as many turns as it was given."""

    def __init__(self, turns: int = 99) -> None:
        self.turns = turns
        self.asked: list[Purpose] = []
        self.told: list[tuple[int | None, timedelta | None]] = []

    def wait(self, *, purpose: Purpose) -> None:
        if len(self.asked) == self.turns:
            raise NotYet("Not yet.", retry_after=timedelta(seconds=3))
        self.asked.append(purpose)

    def is_free(self) -> bool:
        free = len(self.asked) < self.turns
        self.asked += ["read"] if free else []
        return free

    def saw(self, *, rate_limit: RateLimit | None, throttled_for: timedelta | None) -> None:
        self.told.append((rate_limit.limit if rate_limit else None, throttled_for))


def transport(server: ScriptedServer, pacer: NotedPacer) -> Transport:
    return Transport(server.url, API_KEY, timeouts=IMPATIENT, clock=lambda: NOW, pacer=pacer)


def read_units(paced: Transport) -> object:
    return paced.get("/v1/units")


def post_charge(paced: Transport) -> object:
    return paced.post_once("/v1/charges", body=b"{}")


def test_each_request_waits_for_its_turn_and_tells_what_was_answered():
    pacer = NotedPacer()
    with ScriptedServer(OK, OK) as server, transport(server, pacer) as paced:
        read_units(paced)
        post_charge(paced)
    assert pacer.asked == ["read", "post"]
    assert pacer.told == [(150, None), (150, None)]


def test_a_repeated_read_takes_a_turn_for_each_try():
    pacer = NotedPacer()
    with (
        ScriptedServer(answer("503 Service Unavailable"), OK) as server,
        transport(server, pacer) as paced,
    ):
        paced.get("/v1/units")
    assert pacer.asked == ["read", "read"]


def test_a_throttled_read_tells_everybody_and_waits_for_another_turn():
    pacer = NotedPacer()
    with ScriptedServer(SLOW_DOWN, OK) as server, transport(server, pacer) as paced:
        assert paced.get("/v1/units").status == 200
    assert pacer.asked == ["read", "read"]
    assert pacer.told == [(None, timedelta(seconds=7)), (150, None)]


def test_a_read_that_stays_throttled_is_given_up():
    pacer = NotedPacer()
    acts: list[Act] = [SLOW_DOWN] * 9
    with (
        ScriptedServer(*acts) as server,
        transport(server, pacer) as paced,
        pytest.raises(Throttled) as caught,
    ):
        paced.get("/v1/units")
    assert caught.value.http_status == 429
    assert len(server.requests) == 5


def test_a_throttled_charge_tells_everybody_and_is_not_repeated():
    pacer = NotedPacer()
    with (
        ScriptedServer(SLOW_DOWN, OK) as server,
        transport(server, pacer) as paced,
        pytest.raises(Throttled),
    ):
        paced.post_once("/v1/charges", body=b"{}")
    assert pacer.told == [(None, timedelta(seconds=7))]
    assert len(server.requests) == 1


@pytest.mark.parametrize("send", [read_units, post_charge])
def test_nothing_is_sent_without_a_turn(send: Callable[[Transport], object]):
    with (
        ScriptedServer(OK) as server,
        transport(server, NotedPacer(turns=0)) as paced,
        pytest.raises(NotYet),
    ):
        send(paced)
    assert server.requests == []


def test_a_repeat_without_a_turn_is_not_made():
    pacer = NotedPacer(turns=1)
    acts = [answer("503 Service Unavailable")] * 2
    with (
        ScriptedServer(*acts) as server,
        transport(server, pacer) as paced,
        pytest.raises(NotYet),
    ):
        paced.get("/v1/units")
    assert len(server.requests) == 1

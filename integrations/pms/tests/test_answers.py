from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from requests.structures import CaseInsensitiveDict

from integrations.pms.answer import Answer, read_rate_limit, wait_after
from integrations.pms.tests.conftest import NOW
from meterbase.lib.exact_json import MalformedJson


def test_an_excerpt_is_two_thousand_characters_of_whatever_came() -> None:
    body = "é".encode() * 3_000
    assert Answer(status=500, headers={}, body=body).excerpt == "é" * 2_000
    assert Answer(status=500, headers={}, body=b"\xff<html>").excerpt == "\ufffd<html>"
    assert Answer(status=500, headers={}, body=b"").excerpt == ""


def test_a_repr_shows_nobodys_data() -> None:
    answer = Answer(status=200, headers={"X": "Ann"}, body=b"Ann")
    assert repr(answer) == "Answer(status=200)"


def test_a_body_that_is_not_json_is_said_to_be_none() -> None:
    for body in (b"", b"<html>", b"{", b"NaN", b"\xff\xfe\xff", b"[" * 100_000):
        with pytest.raises(MalformedJson):
            Answer(status=200, headers={}, body=body).json()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"retry-after": " 7 "}, 7),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "99999"}, 900),
        ({"Retry-After": "99999999999999999999"}, 60),
        ({"Retry-After": "-5"}, 60),
        ({"Retry-After": "7.5"}, 60),
        ({"Retry-After": "soon"}, 60),
        ({"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}, 60),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"}, 900),
        ({"Retry-After": "Wed, 01 Apr 2026 12:02:00 GMT"}, 120),
        ({"Retry-After": "Wed, 01 Apr 2026 12:02:00 -0000"}, 120),
        ({"Retry-After": "Wed, 01 Apr 2020 12:02:00 GMT"}, 1),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) + 33)}, 33),
        ({"X-RateLimit-Reset": str(int(NOW.timestamp()) - 33)}, 60),
        ({"X-RateLimit-Reset": "99999999999"}, 900),
        ({"Retry-After": "7", "X-RateLimit-Reset": "99999999999"}, 7),
        ({}, 60),
    ],
)
def test_the_wait_is_what_the_headers_say_between_a_second_and_a_quarter_of_an_hour(
    headers: dict[str, str], seconds: int
) -> None:
    wait = wait_after(CaseInsensitiveDict(headers), now=NOW)
    assert wait == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-RateLimit-Limit": "1000"},
        {"X-RateLimit-Remaining": "1000"},
        {"X-RateLimit-Limit": "many", "X-RateLimit-Remaining": "1"},
        {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "-1"},
    ],
)
def test_rate_headers_that_make_no_sense_are_left_alone(headers: dict[str, str]) -> None:
    assert read_rate_limit(headers, now=NOW) is None


def test_the_reset_time_is_in_utc() -> None:
    found = read_rate_limit(
        {
            "X-RateLimit-Limit": "1000",
            "X-RateLimit-Remaining": "999",
            "X-RateLimit-Reset": "1775044860",
        },
        now=NOW,
    )
    assert found is not None
    assert found.reset_at == datetime(2026, 4, 1, 12, 1, tzinfo=UTC)
    assert found.reset_at.tzinfo is UTC

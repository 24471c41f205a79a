from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from meterbase.lib.exact_json import MalformedJson, read_json, write_json


def test_decimals_pass_through_digit_for_digit() -> None:
    for number in ("142.50", "0.10", "-0.05", "100000000000000000.01", "1E+2"):
        read = read_json(number.encode())
        assert isinstance(read, Decimal)
        assert write_json(read).decode() == number


def test_every_kind_of_value_passes_through() -> None:
    text = '{"a":[1,true,false,null,"x\\u00e9\\""],"b":{},"c":[],"d":1.10}'
    assert write_json(read_json(text.encode())).decode() == text


def test_a_float_has_no_exact_form() -> None:
    for value in (0.1, Decimal("NaN"), date(2026, 4, 1)):
        with pytest.raises(TypeError, match="no exact form"):
            write_json(value).decode()


def test_what_is_no_json_is_refused() -> None:
    for text in (b"{", b"NaN", b"[Infinity]", b"\xff", b"[" * 100_000):
        with pytest.raises(MalformedJson):
            read_json(text)

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from integrations.pms import exact_json


def test_decimals_pass_through_digit_for_digit() -> None:
    for number in ("142.50", "0.10", "-0.05", "100000000000000000.01", "1E+2"):
        read = exact_json.loads(number.encode())
        assert isinstance(read, Decimal)
        assert exact_json.dumps(read) == number


def test_every_kind_of_value_passes_through() -> None:
    text = '{"a":[1,true,false,null,"x\\u00e9\\""],"b":{},"c":[],"d":1.10}'
    assert exact_json.dumps(exact_json.loads(text.encode())) == text


def test_a_float_has_no_exact_form() -> None:
    for value in (0.1, Decimal("NaN"), date(2026, 4, 1)):
        with pytest.raises(TypeError, match="no exact form"):
            exact_json.dumps(value)

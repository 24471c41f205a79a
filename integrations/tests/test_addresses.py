from __future__ import annotations

import pytest

from integrations.pms.addresses import five_digit_zip, two_letter_state


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TX", "TX"),
        ("tx", "TX"),
        (" Tx. ", "TX"),
        ("D.C.", "DC"),
        ("Massachusetts", "MA"),
        ("new  york", "NY"),
        ("New\N{NO-BREAK SPACE}Jersey", "NJ"),
        ("PUERTO RICO", "PR"),
        ("", ""),
        ("Ontario", ""),
        ("ZZ", ""),
        ("Texas, USA", ""),
    ],
)
def test_a_state_becomes_two_letters_or_nothing(text, expected):
    assert two_letter_state(text) == expected


@pytest.mark.parametrize(
    ("text", "state", "expected"),
    [
        ("78704", "TX", "78704"),
        ("60614-3127", "IL", "60614"),
        ("60614 3127", "IL", "60614"),
        ("606143127", "IL", "60614"),
        (" 02139 ", "MA", "02139"),
        ("2139", "MA", "02139"),
        ("2139.0", "MA", "02139"),
        ("501", "NJ", "00501"),
        ("2139", "TX", ""),
        ("00000", "TX", ""),
        ("", "TX", ""),
        ("K1A 0B1", "", ""),
        ("12", "MA", ""),
        ("7870", "", ""),
    ],
)
def test_a_zip_code_becomes_five_digits_or_nothing(text, state, expected):
    assert five_digit_zip(text, state=state) == expected

from __future__ import annotations

from integrations.webhooks.pretty import LONGEST, pretty_body


def test_a_body_is_indented_and_its_digits_are_kept():
    body = b'{"event":"data.new","data":{"amount":142.50,"ids":[1,"a"],"none":null,"empty":{}}}'
    assert pretty_body(body) == (
        "{\n"
        '  "event": "data.new",\n'
        '  "data": {\n'
        '    "amount": 142.50,\n'
        '    "ids": [\n'
        "      1,\n"
        '      "a"\n'
        "    ],\n"
        '    "none": null,\n'
        '    "empty": {}\n'
        "  }\n"
        "}"
    )


def test_what_is_not_json_is_shown_as_text():
    assert pretty_body(b"not \xff json") == "not � json"


def test_a_long_body_is_trimmed_and_says_so():
    text = pretty_body(b"[" + b"1," * LONGEST + b"1]")
    assert "more characters)" in text
    assert len(text) < LONGEST + 100


def test_a_deep_body_is_shown_down_to_a_floor():
    assert "…" in pretty_body(b"[" * 100 + b"1" + b"]" * 100)

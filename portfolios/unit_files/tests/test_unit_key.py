from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolios.unit_files.unit_key import (
    building_key,
    find_collisions,
    key_without_zeros,
    looks_rewritten,
    loose_key,
    match_key,
    plain_text,
)

WRITTEN = st.text(
    st.one_of(st.sampled_from("#AaPpTtUuNnIiOo.0123 -/'ßŉǰé\u0301\xa0"), st.characters()),
    max_size=12,
)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("#A-202 ", "A-202"),
        ("NO. 4", "4"),
        ("Apt 3B", "3B"),
        ("apt.  3b", "3B"),
        ("unit 5", "5"),
        ("Unit # 5", "5"),
        ("\xa012\xa0 B ", "12 B"),
        ("101.0", "101"),
        ("0101", "0101"),
        ("1E2", "1E2"),
        ("Unit", "UNIT"),
        ("United 4", "UNITED 4"),
        ("Nova 2", "NOVA 2"),
    ],
)
def test_the_key_leaves_out_what_only_says_that_it_is_a_unit(text, key):
    assert match_key(text) == key


@pytest.mark.parametrize(
    "group",
    [("4-A", "4A", "4 A", "4A."), ("STG2", "STG 2", "stg-2"), ("A-101", "A101", "#a 101")],
)
def test_separators_do_not_count_in_the_loose_key(group):
    assert len({loose_key(text) for text in group}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("23B", "2/3B"),
        ("10-1A", "101-A"),
        ("12-3", "123"),
        ("3+4", "34"),
        ("15/8W", "158W"),
        ("0101", "101"),
        ("1E2", "100"),
    ],
)
def test_different_units_keep_different_keys(one, other):
    assert loose_key(one) != loose_key(other)


def test_collisions_are_reported_with_the_texts_as_they_came():
    groups = find_collisions(["23B", "2/3B", "4-A", "4 A", "#7", "7", "7"])
    assert set(groups) == {("4 A", "4-A"), ("#7", "7")}


def test_zeros_in_front_are_only_left_out_to_ask_about_them():
    assert key_without_zeros("0101-B") == key_without_zeros("101 B")
    assert key_without_zeros("0") == "0"


@pytest.mark.parametrize("text", ["Bldg 3", "Building 3", "bldg. #3", "3", "3.0"])
def test_a_building_is_found_however_it_is_announced(text):
    assert building_key(text) == "3"


@pytest.mark.parametrize(("text", "expected"), [("1E2", True), ("1e+02", True), ("E2", False)])
def test_it_knows_a_number_that_a_spreadsheet_rewrote(text, expected):
    assert looks_rewritten(text) is expected


@given(WRITTEN)
def test_each_key_of_a_key_is_the_key_itself(text):
    for key in (plain_text, match_key, loose_key, building_key, key_without_zeros):
        assert key(key(text)) == key(text)


@given(WRITTEN)
def test_no_text_with_something_in_it_loses_its_key(text):
    assert bool(match_key(text)) == bool(text.strip())
    assert bool(loose_key(text)) == bool(text.strip())


@given(st.lists(WRITTEN, max_size=8))
def test_every_two_texts_that_share_a_key_are_reported_together(texts):
    groups = find_collisions(texts)
    together = {frozenset((a, b)) for group in groups for a in group for b in group if a != b}
    for one in texts:
        for other in texts:
            shares = one != other and loose_key(one) == loose_key(other)
            assert shares == (frozenset((one, other)) in together)
    assert {text for group in groups for text in group} <= set(texts)

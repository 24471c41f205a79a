from __future__ import annotations

import re

import pytest

from integrations.pms.reference import find_reference, reference_for


def test_it_is_the_same_for_the_same_charge_on_every_day() -> None:
    assert reference_for("bill 42 / unit 304 / lease 7 / UTIL") == "MB-0ZCSZ22NJE5Z8"


def test_it_has_thirteen_characters_that_are_not_misread() -> None:
    for number in range(500):
        assert re.fullmatch(r"MB-[0-9A-HJKMNP-TV-Z]{13}", reference_for(f"charge {number}"))


def test_two_hundred_thousand_charges_have_as_many_references() -> None:
    assert len({reference_for(f"charge {number}") for number in range(200_000)}) == 200_000


def test_every_bit_of_the_reference_is_used() -> None:
    references = [reference_for(f"charge {number}") for number in range(2_000)]
    for place in range(3, 16):
        assert len({reference[place] for reference in references}) == 32


def test_each_generation_has_a_reference_of_its_own() -> None:
    generations = {reference_for("charge 1", generation) for generation in range(50)}
    assert len(generations) == 50
    assert reference_for("charge 1") == reference_for("charge 1", 0)
    assert reference_for("charge 1", 11) != reference_for("charge 11", 1)


def test_it_refuses_a_charge_without_a_key() -> None:
    with pytest.raises(ValueError, match="business key"):
        reference_for("")
    with pytest.raises(ValueError, match="generation"):
        reference_for("charge 1", -1)


@pytest.mark.parametrize(
    ("description", "found"),
    [
        ("March 2026 water [MB-7F3K2Q9AXT4CV]", "MB-7F3K2Q9AXT4CV"),
        ("MB-7F3K2Q9AXT4CV", "MB-7F3K2Q9AXT4CV"),
        ("march 2026 water (mb-7f3k2q9axt4cv) ", "MB-7F3K2Q9AXT4CV"),
        ("Reversal of MB-7F3K2Q9AXT4CV [MB-0000000000001]", "MB-0000000000001"),
        ("March 2026 water [MB-7F3K2Q9AXT4C]", None),
        ("March 2026 water [MB-7F3K2Q9AXT4CVV]", None),
        ("March 2026 water [MB-7F3K2Q9AXT4CU]", None),
        ("XMB-7F3K2Q9AXT4CV", None),
        ("", None),
    ],
)
def test_it_is_found_again_in_a_description(description: str, found: str | None) -> None:
    assert find_reference(description) == found

from __future__ import annotations

import pytest

from portfolios.street_addresses import StreetAddress, part_address


@pytest.mark.parametrize(
    ("written", "number", "street"),
    [
        ("123 Main Street", "123", "Main Street"),
        ("12B Oak Ave", "12B", "Oak Ave"),
        ("120-124 Elm St", "120-124", "Elm St"),
        ("One Market Plaza", "", "One Market Plaza"),
        ("77", "", "77"),
        ("", "", ""),
    ],
)
def test_an_address_in_one_piece_is_parted_where_its_number_is_plain(written, number, street):
    assert part_address(written) == StreetAddress(number, street)


@pytest.mark.parametrize("number", ["One", "12 rear", "Lot 7"])
def test_a_number_that_somebody_wrote_apart_is_given_back_as_it_was(number):
    parted = StreetAddress(number, "Market Plaza")
    assert part_address(str(parted), number=number) == parted


def test_a_number_counts_only_as_long_as_the_address_begins_with_it():
    assert part_address("9 Elm Street", number="One") == StreetAddress("9", "Elm Street")

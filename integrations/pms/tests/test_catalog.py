from __future__ import annotations

import pytest

from integrations.pms.catalog import PLATFORMS, Support, UnknownPlatform, platform, platform_of


def test_it_names_the_ten_platforms_and_what_they_can_do() -> None:
    assert [
        (
            entry.name,
            entry.property_import.label,
            entry.unit_sync.label,
            entry.lease_sync.label,
            entry.charge_posting.label,
        )
        for entry in PLATFORMS
    ] == [
        ("Yardi Voyager", "Yes", "Yes", "Yes", "Yes"),
        ("RealPage", "Yes", "Yes", "Yes", "Yes"),
        ("Entrata", "Yes", "Yes", "Yes", "Yes"),
        ("AppFolio", "Yes", "Yes", "Yes", "Yes"),
        ("Buildium", "Yes", "Yes", "Yes", "Yes"),
        ("Rent Manager", "Yes", "Yes", "Yes", "Yes"),
        ("MRI Software", "Yes", "Yes", "Yes", "Yes"),
        ("Propertyware", "Yes", "Yes", "Yes", "Yes"),
        ("RentVine", "Yes", "Yes", "Yes", "Beta"),
        ("Res-Man", "Yes", "Yes", "Yes", "Beta"),
    ]


def test_a_platform_is_found_by_its_key() -> None:
    assert [platform(entry.key) for entry in PLATFORMS] == list(PLATFORMS)
    assert platform("resman").charge_posting is Support.BETA


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(UnknownPlatform, match="'yard'"):
        platform("yard")


def test_every_word_of_propexo_means_one_platform() -> None:
    words = [word for entry in PLATFORMS for word in entry.providers]
    assert len(words) == len(set(words))
    for entry in PLATFORMS:
        for word in entry.providers:
            assert platform_of(provider=word.upper()) == entry


def test_a_word_that_is_not_in_the_catalog_is_not_guessed() -> None:
    assert platform_of(provider="knock") is None

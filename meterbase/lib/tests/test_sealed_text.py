from __future__ import annotations

import pytest

from meterbase.lib.sealed_text import SealedBroken, SealedTextField

TEXT = "whsec_Łódź and a key"


def seal(text: str) -> str:
    sealed = SealedTextField().get_prep_value(text)
    assert isinstance(sealed, str)
    return sealed


def test_what_is_stored_does_not_show_the_text():
    assert TEXT not in seal(TEXT)
    assert seal(TEXT) != seal(TEXT)


def test_it_is_opened_with_the_same_key():
    assert SealedTextField().from_db_value(seal(TEXT)) == TEXT


def test_it_is_opened_with_an_earlier_key_that_is_still_known(settings):
    before = seal(TEXT)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one"
    assert SealedTextField().from_db_value(before) == TEXT


def test_without_its_key_it_says_what_to_do(settings):
    before = seal(TEXT)
    settings.SECRET_KEY = "another one"
    with pytest.raises(SealedBroken, match="SECRET_KEY_FALLBACKS"):
        SealedTextField().from_db_value(before)


def test_a_text_that_was_never_sealed_is_not_taken_for_one():
    with pytest.raises(SealedBroken):
        SealedTextField().from_db_value(TEXT)


def test_nothing_stays_nothing():
    field = SealedTextField()
    assert field.get_prep_value(None) is None
    assert field.from_db_value(None) is None

"""Settings that do not lead to Propexo are said in words, wherever they are first needed."""

from __future__ import annotations

import pytest

from integrations.gateways import PropexoNotConfigured, open_gateway


@pytest.mark.parametrize(
    ("key", "url", "words"),
    [
        ("", "https://api.propexo.com", "no Propexo API key"),
        ("px test", "https://api.propexo.com", "not usable"),
        ("px_test_1", "https://", "not usable"),
    ],
)
def test_it_says_what_is_missing_or_malformed(settings, key, url, words):
    settings.PROPEXO_API_KEY, settings.PROPEXO_BASE_URL = key, url

    with pytest.raises(PropexoNotConfigured, match=words):
        open_gateway()

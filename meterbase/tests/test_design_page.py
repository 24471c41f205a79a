from __future__ import annotations

from bs4 import BeautifulSoup
from django.urls import reverse

from portfolios.tests.pages import text_of


def test_without_debug_it_does_not_exist(cast, signed_in, settings):
    settings.DEBUG = False
    assert signed_in(cast.manager).get(reverse("design")).status_code == 404


def test_it_shows_the_components_in_both_schemes(cast, signed_in, settings):
    settings.DEBUG = True
    page = BeautifulSoup(signed_in(cast.viewer).get(reverse("design")).content, "html.parser")
    assert len(page.select("h1")) == 1
    for scheme in ("light", "dark"):
        (shown,) = page.select(f".scheme-{scheme}")
        for part in (
            ".badge-status",
            ".money",
            ".bar",
            ".stat",
            ".nav-tabs",
            ".quick-filters",
            ".chart",
        ):
            assert shown.select(part), part
        assert "Approve 45 charges" in text_of(shown)

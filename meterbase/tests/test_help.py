"""Help in place: every main screen says how it works, and every text is on a screen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from billing.tests.small_place import small_place
from portfolios.tests.pages import check_page, text_of, the

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
TOPICS = sorted(path.stem for path in (TEMPLATES / "help").glob("*.html"))

_USE = re.compile(r'"components/how_it_works\.html" with topic="(\w+)" only')


def test_every_text_is_on_a_screen_and_every_screen_has_its_text():
    used = {topic for path in TEMPLATES.rglob("*.html") for topic in _USE.findall(path.read_text())}

    assert used == set(TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_text_is_short(topic):
    words = render_to_string(f"help/{topic}.html").split()

    assert 15 <= len(words) <= 110


@pytest.mark.parametrize(
    "name",
    [
        "home",
        "property-list",
        "billing:bill-list",
        "billing:bill-calendar",
        "billing:approval-list",
        "billing:job-list",
        "billing:failure-list",
        "integrations:propexo",
        "integrations:pms-data-list",
        "integrations:review-item-list",
        "integrations:webhook-list",
    ],
)
def test_a_main_screen_says_how_it_works(cast, signed_in, name):
    page = check_page(signed_in(cast.manager).get(reverse(name)))

    assert text_of(the(page, "details.how > summary")) == "How this works"


@pytest.mark.parametrize(
    "name",
    [
        "portfolios:property-detail",
        "portfolios:property-leases",
        "portfolios:property-history",
        "portfolios:unit-values",
        "portfolios:property-utilities",
        "billing:property-detail",
        "billing:property-rules",
        "billing:property-ledger",
        "billing:charge-codes",
        "integrations:property-sync",
    ],
)
def test_every_tab_of_a_property_says_how_it_works(cast, signed_in, now, name):
    place = small_place(cast, now)

    page = check_page(signed_in(cast.viewer).get(reverse(name, args=[place.pk])))

    the(page, "details.how")
    assert the(page, ".nav-tabs [aria-current=page]")

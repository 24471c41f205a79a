"""What many pages repeat: where a page belongs in the navigation, and how a count is written."""

from __future__ import annotations

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from meterbase.templatetags.components import counted, nav_entry

APPS = ("portfolios", "integrations", "billing")


def names_of(app):
    (found,) = (
        part
        for part in get_resolver().url_patterns
        if isinstance(part, URLResolver) and part.namespace == app
    )
    return [f"{app}:{page.name}" for page in found.url_patterns if isinstance(page, URLPattern)]


@pytest.mark.parametrize("app", APPS)
def test_every_page_belongs_to_an_entry(app):
    assert all(nav_entry(name) for name in names_of(app))


@pytest.mark.parametrize(
    "name",
    [
        "portfolios:property-leases",
        "portfolios:unit-edit",
        "billing:property-ledger",
        "billing:statement-list",
        "billing:charge-codes",
        "billing:share-rule-edit",
        "integrations:property-sync",
    ],
)
def test_the_tabs_of_a_property_belong_together(name):
    assert nav_entry(name) == "properties"


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("home", "home"),
        ("search", ""),
        ("billing:calculation-detail", "bills"),
        ("billing:charge-code-list", "portfolios"),
        ("billing:go-live", "connections"),
        ("billing:posting-detail", "jobs"),
        ("portfolios:api-key-list", "api"),
        ("portfolios:portfolio-detail", "portfolios"),
    ],
)
def test_other_pages_have_their_own_entry(name, entry):
    assert nav_entry(name) == entry


def test_one_thing_is_not_called_several():
    assert [counted(noun, 1) for noun in ("properties", "charges")] == ["property", "charge"]
    assert counted("properties", 0) == "properties"
    assert counted("charge codes", 2) == "charge codes"

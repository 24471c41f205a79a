"""A document that was chosen stands beside the form that is typed off it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from fpdf import FPDF
from playwright.sync_api import Browser, Locator, Page, expect

from billing.tests.small_place import small_place

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.once("a browser shows a file before any database knows of it"),
]

_IS_DRAWN = "picture => picture.decode().then(() => picture.naturalWidth > 0)"


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    """Make a bill as a PDF."""
    paper, found = FPDF(), tmp_path / "March.pdf"
    paper.add_page()
    paper.output(str(found))
    return found


def test_a_picture_or_a_pdf_is_seen_before_anything_is_sent(
    cast, now, live_server, in_browser, pdf, tmp_path
):
    client, place = Client(), small_place(cast, now)
    client.force_login(cast.manager)
    address = live_server.url + reverse("billing:bill-create", args=[place.pk])
    picture, said = tmp_path / "March.png", []

    def look(browser: Browser) -> None:
        page = _signed_in(browser, client, live_server.url)
        page.on("console", lambda message: said.append(message.text))
        page.goto(address)
        expect(_shown(page, "")).to_be_hidden()
        page.screenshot(path=picture)

        page.get_by_label("The utility's own bill").set_input_files(picture)
        drawn = _shown(page, "img")
        expect(drawn).to_have_attribute("alt", "The chosen document, March.png")
        assert drawn.evaluate(_IS_DRAWN)

        page.get_by_label("The utility's own bill").set_input_files(pdf)
        expect(_shown(page, "iframe")).to_be_visible()
        expect(_shown(page, "img")).to_have_count(0)

        page.get_by_label("The utility's own bill").set_input_files([])
        expect(_shown(page, "")).to_be_hidden()

    in_browser(look)

    assert said == []


def _signed_in(browser: Browser, client: Client, base_url: str) -> Page:
    context = browser.new_context(viewport={"width": 1600, "height": 900})
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    return context.new_page()


def _shown(page: Page, what: str) -> Locator:
    return page.locator(f"#chosen-document {what}".strip())

"""Every page in Chromium: no barrier, no complaint on the console, nothing too wide for a phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from meterbase.tests.pages.registry import PAGES
from meterbase.tests.pages.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

_DESK: ViewportSize = {"width": 1280, "height": 900}
_PHONE: ViewportSize = {"width": 360, "height": 740}
_RUN_AXE = "options => axe.run(options).then(found => found.violations)"
_EVERYTHING = {"resultTypes": ["violations"]}
_CONTRAST = {"runOnly": ["color-contrast"], **_EVERYTHING}
_WIDTH = "document.documentElement.scrollWidth"


class Visitor:
    """Somebody signed in who opens page after page and notes what is wrong."""

    def __init__(self, context: BrowserContext, base_url: str) -> None:
        self.page: Page = context.new_page()
        self._base_url = base_url
        self._said: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self._said.append(str(error)))

    def _listen(self, message) -> None:
        if message.type in ("error", "warning"):
            self._said.append(f"console: {message.text}")

    def open(self, url: str) -> list[str]:
        """Open a page; tell all that is wrong with it."""
        self._said = []
        self.page.set_viewport_size(_DESK)
        self.page.emulate_media(color_scheme="light")
        answer = self.page.goto(self._base_url + url)
        status = answer.status if answer else 0
        if status != 200:
            return [f"status {status}"]
        return [*self._frame(), *self._barriers(), *self._on_a_phone(), *self._said]

    def _frame(self) -> Iterator[str]:
        if not self.page.title().removesuffix("· MeterBase").strip():
            yield "no title"
        if (count := self.page.locator("h1").count()) != 1:
            yield f"{count} h1"

    def _barriers(self) -> Iterator[str]:
        # Reading the script takes longer than running it.
        self.page.evaluate(AXE_SCRIPT)
        yield from _violations(self.page.evaluate(_RUN_AXE, _EVERYTHING), "light")
        self.page.emulate_media(color_scheme="dark")
        yield from _violations(self.page.evaluate(_RUN_AXE, _CONTRAST), "dark")

    def _on_a_phone(self) -> Iterator[str]:
        self.page.set_viewport_size(_PHONE)
        width = self.page.evaluate(_WIDTH)
        if width > _PHONE["width"]:
            yield f"{width} px wide on a phone"


# Any: what axe tells, as JSON.
def _violations(found: list[dict[str, Any]], theme: str) -> Iterator[str]:
    for violation in found:
        targets = [node["target"] for node in violation["nodes"]][:3]
        yield f"{theme}: {violation['id']} at {targets}"


def _visit(
    browser: Browser, base_url: str, session: str, urls: Mapping[str, str]
) -> dict[str, list[str]]:
    """Open pages as one person; tell what is wrong with which."""
    # Colours that are still changing would be measured halfway.
    context = browser.new_context(reduced_motion="reduce")
    if session:
        context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    visitor = Visitor(context, base_url)
    wrong = {name: visitor.open(url) for name, url in urls.items()}
    context.close()
    return {name: faults for name, faults in wrong.items() if faults}


def _urls(world: World, who: str) -> dict[str, str]:
    return {
        f"{name} at {opening.url(name, world)} as {who}": opening.url(name, world)
        for name, openings in PAGES.items()
        for opening in openings
        if opening.who == who
    }


@pytest.mark.once("a page looks the same whatever the database")
def test_every_page_opens_without_barriers_complaints_or_sideways_scroll(
    world, sessions, live_server, in_browser
):
    tours = [(session, _urls(world, who)) for who, session in sessions.items()]
    tours.append(("", {"login": "/accounts/login/"}))

    def look(browser: Browser) -> dict[str, list[str]]:
        wrong: dict[str, list[str]] = {}
        for session, urls in tours:
            wrong |= _visit(browser, live_server.url, session, urls)
        return wrong

    wrong = in_browser(look)
    assert not wrong, "\n".join(f"{name}: {faults}" for name, faults in wrong.items())

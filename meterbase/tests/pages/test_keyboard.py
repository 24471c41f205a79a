"""Review, approve and post with the keyboard alone."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from billing.models import CalculationState
from billing.tests.acts import run_workers

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.once("keys do the same whatever the database"),
]

_FURTHEST = 400
_PATIENCE = 20_000
# What a screen reader would say of the element that has the focus.
_FOCUSED = """() => {
  const it = document.activeElement;
  const label = it.labels && it.labels.length ? it.labels[0].innerText : "";
  const name = it.getAttribute("aria-label") || label || it.innerText || it.value || "";
  return name.replace(/\\s+/g, " ").trim();
}"""
_OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle"


class Typist:
    """Somebody without a mouse."""

    def __init__(self, browser: Browser, base_url: str, session: str) -> None:
        context = browser.new_context(reduced_motion="reduce")
        context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
        self.page: Page = context.new_page()
        self._base_url = base_url

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(self._base_url + path)

    def tab_to(self, name: str) -> None:
        """Go on with the Tab key until something of this name has the focus, and shows it."""
        for _ in range(_FURTHEST):
            self.page.keyboard.press("Tab")
            if re.search(name, self.page.evaluate(_FOCUSED)):
                shown = self.page.evaluate(_OUTLINE)
                assert shown != "none", f"{name} does not show that it has the focus"
                return
        raise AssertionError(f"Nothing called {name} can be reached on {self.page.url}")

    def use(self, name: str, key: str = "Enter") -> None:
        """Reach something and press a key on it."""
        self.tab_to(name)
        self.page.keyboard.press(key)

    def arrives_at(self, address: str) -> None:
        """Wait for the page of an address."""
        self.page.wait_for_url(re.compile(address), timeout=_PATIENCE)

    def sees(self, text: str) -> None:
        """Wait for words of the page."""
        expect(self.page.locator("main")).to_contain_text(re.compile(text), timeout=_PATIENCE)


def test_a_calculation_is_submitted_approved_and_posted_with_the_keyboard(
    world, sessions, live_server, in_browser
):
    calculation = world.draft

    def submit(browser: Browser) -> None:
        manager = Typist(browser, live_server.url, sessions["manager"])
        manager.go(f"/billing/calculations/{calculation.pk}/")
        manager.use("^Submit for review$")
        manager.sees("Only an accountant of this portfolio can approve.")

    def approve_and_post(browser: Browser) -> Typist:
        accountant = Typist(browser, live_server.url, sessions["accountant"])
        accountant.go(f"/billing/calculations/{calculation.pk}/")
        # The first stop of every page leads past its navigation.
        accountant.use("^Skip to the content$")
        _look_into_the_drawer(accountant)
        accountant.use("^Approve")
        accountant.arrives_at("/approve/$")
        accountant.use("^Approve ", key="Space")
        accountant.arrives_at(f"/calculations/{calculation.pk}/$")
        accountant.use("^Post")
        accountant.arrives_at("/post/$")
        accountant.use("^Continue to the last look$")
        accountant.sees("They can be reversed, not deleted.")
        accountant.use("^Post .* charges")
        accountant.arrives_at("/jobs/job_")
        return accountant

    in_browser(submit)
    accountant = in_browser(approve_and_post)
    calculation.refresh_from_db()
    assert calculation.state == CalculationState.APPROVED
    job = calculation.jobs.get()
    run_workers(job, gateway=world.gateway, now=timezone.now())
    in_browser(lambda _browser: accountant.sees("Posted"))


def _look_into_the_drawer(accountant: Typist) -> None:
    """Open the explanation of a charge and close it; the focus is where it was."""
    page = accountant.page
    accountant.use("why unit 101 pays this")
    expect(page.locator("#drawer")).to_contain_text("The whole bill", timeout=_PATIENCE)
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).to_be_hidden()
    assert "why unit 101 pays this" in page.evaluate(_FOCUSED)
    page.keyboard.press("Home")
    page.evaluate("document.activeElement.blur()")

"""The main job as two people do it in a browser, against real servers, with one charge failing."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from meterbase.demo.installation import Installation

pytestmark = [pytest.mark.browser, pytest.mark.processes]

# The workers need a moment for a sync or a job; a page that does not move on by itself fails.
_PATIENCE = 60_000


class Person:
    """Somebody at a browser, whose console has to stay silent."""

    def __init__(self, context: BrowserContext, base_url: str, *, script: bool) -> None:
        self.page: Page = context.new_page()
        self._script = script
        self.page.set_default_timeout(15_000)
        self.complaints: list[str] = []
        self.page.on("console", self._listen)
        self._base_url = base_url

    def _listen(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def go(self, path: str) -> None:
        self.page.goto(self._base_url + path)

    def sign_in(self, username: str, password: str) -> None:
        self.go("/")
        self.page.get_by_label("Username").fill(username)
        self.page.get_by_label("Password").fill(password)
        self.press("Sign in")
        self.sees_heading("What needs you today")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name).first.click()

    def sees_heading(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(text)

    def sees(self, text: str | re.Pattern[str], timeout: int = 15_000) -> None:
        expect(self.page.locator("main")).to_contain_text(text, timeout=timeout)

    def finds_no_barriers(self) -> None:
        """Check the open page with axe, which is a script itself."""
        if not self._script:
            return
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def script(request) -> bool:
    """Do the job twice: every page has to work without JavaScript."""
    return bool(request.param == "with JavaScript")


@pytest.fixture
def people(browser: Browser, installation: Installation, script: bool) -> Iterator[list[Person]]:
    """Give a manager and an accountant a browser each."""
    contexts = [browser.new_context(java_script_enabled=script) for _ in range(2)]
    yield [Person(context, installation.base_url, script=script) for context in contexts]
    for context in contexts:
        context.close()


def _utility(*, script: bool) -> tuple[str, str]:
    return ("Water", "water") if script else ("Gas", "gas")


def test_a_manager_and_an_accountant_do_the_main_job(people, installation, script):
    manager, accountant = people
    password = installation.password
    manager.sign_in("maria.manager", password)
    if script:
        _connect_import_and_sync(manager)
    _enter_bill_and_rule(manager, script=script)
    _calculate_and_submit(manager)

    accountant.sign_in("amir.accountant", password)
    _approve(accountant)
    if script:
        _end_lease(installation, "304")
    _post(accountant, failed=1)
    _resolve_the_failure(accountant)

    assert manager.complaints + accountant.complaints == []


def _connect_import_and_sync(manager: Person) -> None:
    page = manager.page
    manager.go("/integrations/propexo/")
    manager.follow("Add Connection")
    page.get_by_label("Propexo Connection ID").fill("conn_nowhere")
    page.get_by_label("PMS type").select_option(label="Yardi Voyager")
    manager.press("Connect")
    manager.sees("Ensure that the Connection ID matches an active connection")
    page.get_by_label("Propexo Connection ID").fill("conn_001")
    manager.press("Connect")
    manager.sees("Maplewood Court Apartments")
    for box in page.get_by_role("checkbox").all():
        box.uncheck()
    page.get_by_role("checkbox", name=re.compile("Maplewood Court")).check()
    manager.finds_no_barriers()
    manager.press("Import")
    page.get_by_role("button", name="Sync Maplewood Court Apartments now").click()
    manager.sees(re.compile("Completed"), timeout=_PATIENCE)
    manager.finds_no_barriers()


def _enter_bill_and_rule(manager: Person, *, script: bool) -> None:
    page = manager.page
    label, utility = _utility(script=script)
    manager.go("/portfolios/")
    manager.follow("Lakeside Portfolio")
    manager.follow("Maplewood Court Apartments")
    manager.sees("304")
    tabs = page.get_by_role("navigation", name="Pages of this property")
    tabs.get_by_role("link", name="Bills", exact=True).click()
    manager.sees("Enter a bill")
    property_path = re.sub(r"^https?://[^/]+", "", page.url)
    manager.go(f"{property_path}rules/{utility}/")
    page.get_by_label("Shared by").select_option(label="Square footage")
    page.get_by_label("Common area in percent").fill("10")
    manager.press("Save the rule")
    manager.go(f"{property_path}bills/new/")
    page.get_by_label("Utility", exact=True).select_option(label=label)
    page.get_by_label("Service from", exact=True).fill("2026-03-01")
    page.get_by_label("Service to", exact=True).fill("2026-04-01")
    page.get_by_label("Amount in dollars", exact=True).fill("5661.61")
    manager.press("Enter the bill")


def _calculate_and_submit(manager: Person) -> None:
    manager.press("Calculate")
    manager.sees("it adds up to the cent")
    manager.finds_no_barriers()
    manager.press("Submit for review")
    manager.sees("Only an accountant of this portfolio can approve.")


def _approve(accountant: Person) -> None:
    page = accountant.page
    accountant.go("/billing/approvals/")
    accountant.finds_no_barriers()
    page.locator("main tbody a").first.click()
    accountant.follow("Approve")
    accountant.sees_heading(re.compile("Approve 45 charges"))
    page.get_by_role("button", name=re.compile("^Approve 45 charges")).click()
    accountant.sees("Approved")


def _end_lease(installation: Installation, unit: str) -> None:
    sandbox = f"{installation.sandbox_url}/_sandbox"
    where = {"property_id": "prop_001", "unit_number": unit}
    for lease in requests.get(f"{sandbox}/leases", params=where, timeout=5).json()["leases"]:
        requests.post(f"{sandbox}/leases/{lease['id']}/end", timeout=5).raise_for_status()


def _post(accountant: Person, *, failed: int) -> None:
    page = accountant.page
    accountant.follow("Post")
    page.get_by_label("Charge code", exact=True).select_option("UTIL")
    accountant.finds_no_barriers()
    accountant.press("Continue to the last look")
    accountant.sees("They can be reversed, not deleted.")
    page.get_by_role("button", name=re.compile(r"^Post \d+ charges")).click()
    # The page moves on by itself, with JavaScript or without.
    accountant.sees(f"Posted with {failed} failed", timeout=_PATIENCE)
    accountant.finds_no_barriers()


def _resolve_the_failure(accountant: Person) -> None:
    page = accountant.page
    accountant.go("/billing/failures/")
    accountant.sees("No active lease in the PMS")
    accountant.finds_no_barriers()
    page.get_by_role("link", name=re.compile("304")).first.click()
    page.get_by_label("What was done").fill("Charged to the former resident's account by hand.")
    accountant.press("Resolve with this note")
    accountant.sees("Charged to the former resident's account by hand.")

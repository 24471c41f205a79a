"""`make screenshots`: the main pages in light and dark, on a desk and on a phone, as pictures.

The demonstration is run on an installation of its own; then its pages are opened and kept in
var/screenshots, to be looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import django
from playwright.sync_api import Browser, Page, sync_playwright

from meterbase.bootstrap.system import CHROMIUM, free_port, require
from meterbase.demo.browser import Visitor

FOLDER = Path(__file__).resolve().parents[2] / "var" / "screenshots"
_PASSWORD = "only-for-the-screenshots"
_SIZES = {"desk": (1600, 1000), "phone": (360, 740)}
_THEMES = ("light", "dark")
_MANAGER = "maria.manager"
_ACCOUNTANT = "amir.accountant"


@dataclass(frozen=True, slots=True)
class Shot:
    """A page to keep a picture of.

    Shape: `path` may name what the demonstration made, such as {property}; with a `link` the page
        is the first one that has it in its address and that the page at `path` leads to.
    """

    name: str
    path: str
    link: str = ""
    who: str = _ACCOUNTANT


SHOTS = (
    Shot("home", "/"),
    Shot("home-manager", "/", who=_MANAGER),
    Shot("search", "/search/?q=maple"),
    Shot("properties", "/properties/", who=_MANAGER),
    Shot("portfolios", "/portfolios/", who=_MANAGER),
    Shot("portfolio", "/portfolios/1/", who=_MANAGER),
    Shot("portfolio-approvals", "/portfolios/1/approvals/"),
    Shot("property", "{property}", who=_MANAGER),
    Shot("unit", "{property}", "/portfolios/units/", who=_MANAGER),
    Shot("leases", "{property}leases/", who=_MANAGER),
    Shot("history", "{property}history/", who=_MANAGER),
    Shot("property-bills", "/billing/properties/{property_id}/", who=_MANAGER),
    Shot("property-utilities", "{property}utilities/", who=_MANAGER),
    Shot("coverage", "/billing/properties/{property_id}/coverage/", who=_MANAGER),
    Shot("share-rules", "/billing/properties/{property_id}/rules/", who=_MANAGER),
    Shot("share-rule", "/billing/properties/{property_id}/rules/water/", who=_MANAGER),
    Shot("what-if", "/billing/properties/{property_id}/rules/water/what-if/", who=_MANAGER),
    Shot("unit-terms", "/billing/properties/{property_id}/rules/water/units/", who=_MANAGER),
    Shot("unit-values", "{property}values/", who=_MANAGER),
    Shot("unit-import", "{property}imports/", who=_MANAGER),
    Shot("charge-codes", "/billing/properties/{property_id}/charge-codes/"),
    Shot("ledger", "/billing/properties/{property_id}/ledger/"),
    Shot("bills", "/billing/bills/"),
    Shot("bill-months", "/billing/bills/months/", who=_MANAGER),
    Shot("bill-new", "/billing/properties/{property_id}/bills/new/", who=_MANAGER),
    Shot("bill", "/billing/bills/", "/billing/bills/1/"),
    Shot("bill-open", "{bill}", who=_MANAGER),
    Shot("bill-edit", "{bill}edit/", who=_MANAGER),
    Shot("bill-void", "{bill}void/", who=_MANAGER),
    Shot("review", "{review}"),
    Shot("review-posted", "{calculation}"),
    Shot("charge", "{calculation}", "/billing/charges/"),
    Shot("approvals", "/billing/approvals/"),
    Shot("approve", "{review}approve/"),
    Shot("send-back", "{review}reject/"),
    Shot("jobs", "/billing/jobs/"),
    Shot("job", "{job}"),
    Shot("failures", "/billing/failures/"),
    Shot("posting", "/billing/failures/", "/billing/postings/"),
    Shot("post", "{calculation}post/"),
    Shot("reverse", "{job}reverse/"),
    Shot("general-ledger", "/billing/general-ledger/"),
    Shot("recovery", "/billing/reports/"),
    Shot("recovery-step", "/billing/reports/", "/billing/reports/steps/"),
    Shot("costs", "/billing/reports/costs/"),
    Shot("charges-per-unit", "/billing/reports/charges/"),
    Shot("month-end", "/billing/reports/month-end/"),
    Shot("property-reports", "/billing/properties/{property_id}/reports/"),
    Shot("statements", "/billing/properties/{property_id}/statements/"),
    Shot("statement", "/billing/properties/{property_id}/statements/", "/billing/leases/"),
    Shot("notices", "/portfolios/notices/"),
    Shot("notice-choices", "/portfolios/notices/choices/"),
    Shot("api-keys", "/portfolios/api-keys/"),
    Shot("webhooks-to-you", "/integrations/api-access/webhooks/", who=_MANAGER),
    Shot("propexo", "/integrations/propexo/", who=_MANAGER),
    Shot("connection", "/integrations/propexo/connections/1/", who=_MANAGER),
    Shot("go-live", "/billing/connections/1/go-live/"),
    Shot("import", "/integrations/propexo/connections/1/import/", who=_MANAGER),
    Shot("sync", "/integrations/properties/{property_id}/sync/", who=_MANAGER),
    Shot("review-items", "/integrations/review-items/", who=_MANAGER),
    Shot("webhooks", "/integrations/webhooks/", who=_MANAGER),
)


def main() -> int:
    """Run the demonstration and keep its pages."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterbase.settings")
    django.setup()
    from meterbase.demo.installation import Installation, running_installation
    from meterbase.demo.story import Story

    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with TemporaryDirectory() as folder:
        found = Installation(
            folder=Path(folder),
            port=free_port(),
            sandbox_port=free_port(),
            password=_PASSWORD,
        )
        with running_installation(found, say=_say):
            story = Story(
                base_url=found.base_url,
                sandbox_url=found.sandbox_url,
                password=_PASSWORD,
                say=_say,
            )
            pages = {
                name: url.removeprefix(found.base_url) for name, url in story.run().pages.items()
            }
            _keep_all(found.base_url, _places(found.base_url, pages))
    return 0


def _places(base_url: str, pages: Mapping[str, str]) -> dict[str, str]:
    """Name what the demonstration made; bring one more bill to its review, with a deadline."""
    property_id = re.findall(r"\d+", pages["the property"])[0]
    manager = Visitor(base_url)
    manager.open("/accounts/login/")
    manager.submit("/accounts/login/", {"username": _MANAGER, "password": _PASSWORD})
    fields = {"utility": "water", "account_number": "W-2204-117", "amount": "6102.88"}
    period = {"period_start": "2026-04-01", "period_end": "2026-05-01"}
    here = f"/billing/properties/{property_id}/bills/new/"
    manager.open(here)
    manager.submit(here, fields | period)
    bill = manager.number_in_url(r"/bills/(\d+)/")
    manager.submit(f"/billing/bills/{bill}/calculate/")
    review = manager.number_in_url(r"/calculations/(\d+)/")
    manager.submit(f"/billing/calculations/{review}/submit/")
    accountant = Visitor(base_url)
    accountant.open("/accounts/login/")
    accountant.submit("/accounts/login/", {"username": _ACCOUNTANT, "password": _PASSWORD})
    accountant.open("/portfolios/1/approvals/")
    accountant.submit("/portfolios/1/approvals/", {"approve_by_day": "25"})
    return {
        "bill": f"/billing/bills/{bill}/",
        "property": pages["the property"],
        "property_id": property_id,
        "calculation": pages["the calculation"],
        "job": pages["the posting job"],
        "review": f"/billing/calculations/{review}/",
    }


def _keep_all(base_url: str, places: Mapping[str, str]) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=require(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        for who in sorted({shot.who for shot in SHOTS}):
            page = _signed_in(browser, base_url, who)
            for name, address in _addresses(page, base_url, who, places):
                _keep(page, name, address)
        browser.close()
    _say(f"The pictures are in {FOLDER}.")


def _signed_in(browser: Browser, base_url: str, who: str) -> Page:
    page = browser.new_context(reduced_motion="reduce").new_page()
    page.goto(f"{base_url}/accounts/login/")
    page.get_by_label("Username").fill(who)
    page.get_by_label("Password").fill(_PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{base_url}/")
    return page


def _addresses(
    page: Page, base_url: str, who: str, places: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for shot in SHOTS:
        if shot.who == who:
            address = base_url + shot.path.format(**places)
            if shot.link:
                page.goto(address)
                link = page.locator(f'main a[href*="{shot.link}"]').first
                address = base_url + (link.get_attribute("href") or "")
            yield shot.name, address


def _keep(page: Page, name: str, address: str) -> None:
    """Keep four pictures of a page.

    Errors: RuntimeError when it does not open.
    """
    answer = page.goto(address)
    if answer is None or not answer.ok:
        raise RuntimeError(f"{address} did not open.")
    for size, (width, height) in _SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in _THEMES:
            page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            page.screenshot(path=FOLDER / f"{name}-{size}-{theme}.png", full_page=True)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

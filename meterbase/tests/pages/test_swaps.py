"""What htmx puts into a page equals the page loaded afresh, for every part that it swaps."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from bs4 import BeautifulSoup, Tag
from django.conf import settings as django_settings
from django.db.models import F
from playwright._impl._api_structures import SetCookieParam
from playwright.sync_api import Browser, Page, expect

from billing.models import LedgerCheck, PreparedFile
from billing.operations.ledger_checks import read_on, request_check
from billing.records.work import work_on_files
from billing.tests.acts import run_workers
from integrations.models import SyncRun, SyncState
from meterbase.tests.pages.registry import Opening, by_accountant, by_manager, by_viewer
from meterbase.tests.pages.world import World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.once("a part that is swapped says the same whatever the database"),
]

_ATTRIBUTE = re.compile(r'hx-(?:get|post|put|patch|delete)="([^"]*)"')
# Ages go on while two pages are compared.
_AGE = re.compile(r"\b(\d+|less than a)\s(seconds?|minutes?|hours?|days?|s|min)\b")
_PATIENCE = 20_000

Change = Callable[[World], None]
Steps = Callable[[Page], object]


@dataclass(frozen=True, slots=True)
class Swap:
    """A part that htmx swaps.

    Shape: `before` happens before the page `name` is opened, `change` behind its back, and `act` is
        done on it; once `part` says `says`, it is compared with what `afresh` makes of the page.
    """

    name: str
    opening: Opening
    part: str
    says: str
    before: Change = lambda world: None  # noqa: ARG005
    change: Change = lambda world: None  # noqa: ARG005
    act: Steps = lambda page: None  # noqa: ARG005
    afresh: Steps = lambda page: page.reload()
    compared: str = ""


def _ask_for_a_check(world: World) -> None:
    request_check(place=world.place, by=world.cast.accountant, now=world.now)


def _finish_the_check(world: World) -> None:
    check = LedgerCheck.objects.get(finished_at=None)
    read_on(check=check, gateway=world.gateway, clock=lambda: world.now)


def _send_what_waits(world: World) -> None:
    run_workers(world.waiting_job, gateway=world.gateway, now=world.now)


def _finish_the_sync(_world: World) -> None:
    running = SyncRun.objects.filter(state=SyncState.RUNNING)
    running.update(state=SyncState.COMPLETED, finished_at=F("queued_at"), units_read=48)


def _search(page: Page) -> None:
    page.locator("main [data-search]").press_sequentially("maple")


def _share_equally(page: Page) -> None:
    page.get_by_label("Shared by").select_option(label="Equal shares")


def _preview(page: Page) -> None:
    page.get_by_role("button", name="Preview", exact=True).click()


def _open_the_drawer(page: Page) -> None:
    page.locator("[hx-target='#drawer']").first.click()


def _open_the_charge(page: Page) -> None:
    page.get_by_role("link", name="Everything about this charge").click()


def _ask_for_the_file_again(world: World) -> None:
    asked = PreparedFile.objects.filter(pk=world.prepared_file.pk)
    asked.update(finished_at=None, sha256="", size=0, continue_at=world.now)


def _make_the_file(world: World) -> None:
    work_on_files(clock=lambda: world.now)


# A part is known by its template and by what htmx asks for there.
SWAPS: Mapping[tuple[str, str], Swap] = {
    ("billing/property_ledger.html", "{{ request.get_full_path }}"): Swap(
        "billing:property-ledger",
        by_accountant("place.pk"),
        "#ledger",
        "Check now",
        before=_ask_for_a_check,
        change=_finish_the_check,
    ),
    ("billing/templatetags/review_rows.py", "{url}"): Swap(
        "billing:calculation-detail",
        by_accountant("in_review.pk"),
        "#drawer",
        "The whole bill",
        act=_open_the_drawer,
        afresh=_open_the_charge,
        compared="main",
    ),
    ("billing/file_detail.html", "{% url 'billing:file-detail' file.pk %}"): Swap(
        "billing:file-detail",
        by_viewer("prepared_file.pk"),
        "#progress",
        "The file is ready.",
        before=_ask_for_the_file_again,
        change=_make_the_file,
    ),
    ("billing/share_rule_edit.html", "{{ preview_url }}"): Swap(
        "billing:share-rule-edit",
        by_manager("place.pk", "utility"),
        "#rule-preview",
        "biggest of",
        act=_share_equally,
        afresh=_preview,
    ),
    ("billing/job_detail.html", "{{ here }}"): Swap(
        "billing:job-detail",
        by_accountant("waiting_job.public_id"),
        "main",
        # While they are sent, the page says "posted" of some.
        "100 % done",
        change=_send_what_waits,
    ),
    ("integrations/sync_detail.html", "{% url 'integrations:sync-detail' run.pk %}"): Swap(
        "integrations:sync-detail",
        by_manager("around.running_sync.pk"),
        "#progress",
        "The sync is complete.",
        change=_finish_the_sync,
    ),
    (
        "integrations/connection_sync.html",
        "{% url 'integrations:connection-sync' connection.pk %}",
    ): Swap(
        "integrations:connection-sync",
        by_manager("connection.pk"),
        "#progress",
        "1 complete",
        change=_finish_the_sync,
    ),
    ("meterbase/search.html", "{% url 'search' %}"): Swap(
        "search",
        by_accountant(),
        "#results",
        "Maplewood Court",
        act=_search,
    ),
}


def _parts_in_templates() -> set[tuple[str, str]]:
    root = django_settings.BASE_DIR
    templates = root / "templates"
    named = {str(path.relative_to(templates)): path for path in templates.rglob("*.html")}
    # Rows that are many are written by functions.
    named |= {str(path.relative_to(root)): path for path in root.glob("*/templatetags/*.py")}
    return {
        (name, asked)
        for name, path in named.items()
        for asked in _ATTRIBUTE.findall(path.read_text())
    }


def test_every_part_that_htmx_swaps_is_compared_here():
    assert _parts_in_templates() == SWAPS.keys()


@pytest.mark.parametrize("swap", SWAPS.values(), ids=lambda swap: f"{swap.name} {swap.part}")
def test_the_page_after_the_swap_equals_the_page_loaded_afresh(
    swap, world, sessions, live_server, in_browser
):
    url = live_server.url + swap.opening.url(swap.name, world)
    session: SetCookieParam = {
        "name": "sessionid",
        "value": sessions[swap.opening.who],
        "url": live_server.url,
    }

    def open_it(browser: Browser) -> Page:
        context = browser.new_context(reduced_motion="reduce")
        context.add_cookies([session])
        page = context.new_page()
        page.goto(url)
        # Without this mark it would not be known that the page was never loaded again.
        page.evaluate("window.untouched = true")
        expect(page.locator(swap.part)).not_to_contain_text(swap.says, timeout=1_000)
        return page

    swap.before(world)
    page = in_browser(open_it)
    swap.change(world)
    swapped, afresh = in_browser(lambda _browser: _swap(swap, page))

    assert swapped == afresh


def _swap(swap: Swap, page: Page) -> tuple[list[str], list[str]]:
    """Wait for the swap, then load the page again; give what stands in the part both times."""
    swap.act(page)
    expect(page.locator(swap.part)).to_contain_text(swap.says, timeout=_PATIENCE)
    # The classes that htmx lends to what it swapped are taken away again.
    expect(page.locator("[class*=htmx-]:not(.htmx-indicator)")).to_have_count(0)
    assert page.evaluate("window.untouched")
    swapped = page.locator(swap.part).inner_html()
    with page.expect_event("load"):
        swap.afresh(page)
    assert not page.evaluate("window.untouched")
    if not swap.compared:
        return _words(swapped), _words(page.locator(swap.part).inner_html())
    drawn = _words(swapped, begins="From the bill")
    # The page goes on where the drawer ends.
    return drawn, _words(page.locator(swap.compared).inner_html(), "From the bill")[: len(drawn)]


def _words(markup: str, begins: str = "") -> list[str]:
    """List the elements of a part with their words, without what differs each time."""
    part = BeautifulSoup(markup, "html.parser")
    for token in part.select("[name=csrfmiddlewaretoken]"):
        token.decompose()
    found = [
        f"{element.name} {element.get('href', '')} {_own_words(element)}"
        for element in part.select("*")
        if not element.find_parent("form")
    ]
    starts = (number for number, each in enumerate(found) if begins and begins in each)
    return found[next(starts, 0) :]


def _own_words(element: Tag) -> str:
    words = " ".join(" ".join(element.find_all(string=True, recursive=False)).split())
    return _AGE.sub("some time", words)

"""What happens before a page is looked at."""

from __future__ import annotations

from datetime import date, datetime

from bs4 import BeautifulSoup, Tag

from billing.models import Calculation, PostingJob
from billing.operations.posting_jobs import PostingOrder, create_posting_job
from billing.posting.drain import drain
from integrations.pms.gateway import PmsGateway
from integrations.sandbox.lease_endings import end_lease
from integrations.sandbox.server import RunningSandbox
from portfolios.models import User
from portfolios.tests.pages import text_of, the


def post(
    calculation: Calculation,
    *,
    by: User,
    gateway: PmsGateway,
    now: datetime,
    charge_code: str = "WATER",
    post_to_pms: bool = True,
) -> PostingJob:
    """Confirm the posting of a calculation."""
    return create_posting_job(
        calculation=calculation,
        order=PostingOrder(
            charge_date=date(2026, 4, 1),
            charge_code=charge_code,
            description="March 2026 Water Charge (RUBS)",
            post_to_pms=post_to_pms,
        ),
        gateway=gateway,
        by=by,
        now=now,
    )


def run_workers(job: PostingJob, *, gateway: PmsGateway, now: datetime) -> int:
    """Do what the background workers do, until nothing is due."""
    return drain(connection_id=job.connection_id, gateway=gateway, clock=lambda: now)


def end_lease_of(unit_number: str, sandbox: RunningSandbox) -> None:
    """Let a resident move out behind MeterBase's back."""
    store = sandbox.sandbox.store
    with store.reading() as connection:
        (lease_id,) = connection.execute(
            "SELECT current_lease_id FROM units WHERE unit_number = ? AND property_id = 'prop_001'",
            [unit_number],
        ).fetchone()
    end_lease(store, lease_id=lease_id, end=date(2026, 3, 15), now="2026-03-15T00:00:00Z")


def alert_of(page: BeautifulSoup) -> str:
    """Give the words of the page's alert."""
    return text_of(the(page, "main [role=alert]"))


def link(page: BeautifulSoup, url: str) -> Tag:
    """Find the link to a page."""
    return the(page, f'main a[href="{url}"]')


def row_of(page: BeautifulSoup, url: str) -> str:
    """Give the words of the table's row that links to a page."""
    row = link(page, url).find_parent("tr")
    assert row is not None
    return text_of(row)

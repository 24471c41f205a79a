"""The page of a property's comparisons with the PMS's ledger."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse

from billing.models import LedgerCheck
from billing.operations.ledger_checks import check_ledger, read_on, request_check
from billing.posting.drain import drain
from billing.tests.paged_ledger import PagedLedger
from billing.tests.small_place import small_job
from integrations.pms import errors
from meterbase.lib.sheets.tests.reading import content_of, csv_rows
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


@pytest.fixture
def pms(clock) -> PagedLedger:
    return PagedLedger(clock)


@pytest.fixture
def job(settings, cast, now, pms, clock):
    """Post three charges."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    made = small_job(cast, now)
    drain(connection_id=made.connection_id, gateway=pms, clock=clock)
    return made


@pytest.fixture
def place(job):
    return job.calculation.bill.property


def check(place, pms, clock, **only) -> LedgerCheck:
    clock.advance(minutes=1)
    return check_ledger(place=place, gateway=pms, by=None, clock=clock, **only)


def page_of(client, place, query: str = "") -> BeautifulSoup:
    return check_page(client.get(url("property-ledger", place.pk) + query))


def test_before_the_first_comparison_it_says_when_that_comes(cast, place, signed_in):
    page = page_of(signed_in(cast.viewer), place)

    assert "every night" in text_of(page)
    assert "Only an accountant" in text_of(page)


def test_it_shows_each_kind_of_difference_with_its_charge_and_what_to_do(
    cast, job, place, pms, clock, signed_in
):
    pms.rows()[0] = replace(pms.rows()[0], charge_id="chg_other")
    gone = pms.rows().pop(1)
    check(place, pms, clock)
    posting = job.postings.get(reference=gone.reference)

    page = page_of(signed_in(cast.viewer), place)

    missing = text_of(the(page, "main [aria-label='Missing in the PMS'] tbody"))
    assert posting.reference in missing
    assert the(page, f'main a[href="{url("posting-detail", posting.pk)}"]')
    assert "Look for the reference in the PMS" in text_of(page)
    assert "The PMS calls it chg_other" in text_of(page)
    assert "2 charges to look at" in text_of(page)


def test_it_shows_the_comparison_that_the_address_names(cast, place, pms, clock, signed_in):
    gone = pms.rows().pop(0)
    bad = check(place, pms, clock)
    pms.rows().append(gone)
    check(place, pms, clock)
    client = signed_in(cast.viewer)

    assert "All 3 posted charges" in text_of(page_of(client, place))
    assert "1 missing" in text_of(page_of(client, place, f"?check={bad.pk}"))
    assert "All 3 posted charges" in text_of(page_of(client, place, "?check=²"))


def test_a_comparison_under_way_says_how_far_it_is_and_why_it_waits(
    cast, place, pms, clock, signed_in
):
    pms.ledger_error = errors.Unavailable("Propexo is not available right now (503).")
    read_on(check=request_check(place=place, by=None, now=clock()), gateway=pms, clock=clock)

    page = page_of(signed_in(cast.accountant), place)

    assert "The ledger is being read" in text_of(page)
    assert "not available right now" in text_of(page)
    assert the(page, "#ledger")["hx-trigger"]
    assert "Check now" not in text_of(page)


def test_an_accountant_has_it_read_now(cast, place, signed_in):
    client = signed_in(cast.accountant)
    assert "Check now" in text_of(page_of(client, place))

    answer = client.post(url("property-ledger-check", place.pk), follow=True)

    assert "read in the background" in text_of(check_page(answer))
    assert LedgerCheck.objects.get().requested_by == cast.accountant


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("manager", 403), ("stranger", 404)])
def test_nobody_else_does(cast, place, signed_in, who, status):
    client = signed_in(getattr(cast, who))

    assert client.post(url("property-ledger-check", place.pk)).status_code == status
    assert not LedgerCheck.objects.exists()


def test_a_stranger_sees_nothing(cast, place, pms, clock, signed_in):
    found = check(place, pms, clock)
    client = signed_in(cast.stranger)

    assert client.get(url("property-ledger", place.pk)).status_code == 404
    assert client.get(f"{url('ledger-differences', found.pk)}?format=csv").status_code == 404


def test_the_file_has_every_difference(cast, job, place, pms, clock, signed_in):
    pms.rows()[0] = replace(pms.rows()[0], charge_id="=cmd()")
    pms.rows().pop(1)
    found = check(place, pms, clock)

    address = url("ledger-differences", found.pk)
    answer = signed_in(cast.viewer).get(f"{address}?format=csv")

    first, *rows = csv_rows(content_of(answer))
    assert first[:4] == ["kind", "unit", "reference", "amount"]
    assert [row[0] for row in rows] == ["Differs", "Missing in the PMS"]
    assert rows[0][5] == "'=cmd()"
    assert rows[1][4] == job.public_id
    # There is no page of its own for them.
    assert signed_in(cast.viewer).get(address).status_code == 404


def test_a_job_leads_to_the_comparisons_of_its_property(cast, job, place, pms, clock, signed_in):
    check(place, pms, clock, job=job)

    page = check_page(signed_in(cast.viewer).get(url("job-detail", job.public_id)))

    assert page.select(f'#progress a[href="{url("property-ledger", place.pk)}"]')

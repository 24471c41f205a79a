"""The reports: every figure leads to what it adds up, for those who may see it."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup, Tag
from django.urls import reverse
from django.utils.http import urlencode

from billing.models import BillFlag, BillFlagKind, Charge, PostingState, UtilityBill
from billing.reports.recovery import read_recovery
from billing.reports.steps import NAMES, Step
from billing.reports.tests.chance import bills_by_chance
from meterbase.lib.money import cents_from_dollars, format_dollars
from portfolios.models import Property
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db

_ALL = {"from": "2025-01", "to": "2027-12"}
RECOVERY = f"{reverse('billing:report-recovery')}?{urlencode(_ALL)}"
COSTS = reverse("billing:report-costs")
CHARGES = reverse("billing:report-charges")
MONTH_END = reverse("billing:report-month-end")
STEP = reverse("billing:report-step", args=["recovered"])
REPORTS = (RECOVERY, COSTS, CHARGES, MONTH_END)


@pytest.fixture
def story(cast, now, settings):
    """Make bills whose money is on every step."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return bills_by_chance(cast, now, seed=4, count=16)


@pytest.fixture
def accountant(cast, signed_in, story):
    return signed_in(cast.accountant)


def rows_of(page: BeautifulSoup, label: str) -> list[Tag]:
    return the(page, f'[aria-labelledby="{label}"]').select("tbody tr")


def cents(text: str) -> int:
    plain = text.replace("$", "").replace(",", "").replace("\N{MINUS SIGN}", "-")
    return int(cents_from_dollars(Decimal(plain)))


def amount_of(row: Tag) -> int:
    return cents(text_of(row.select("td.money")[0]))


def file_of(response) -> list[dict[str, str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_every_step_leads_to_rows_that_add_up_to_it(accountant):
    page = check_page(accountant.get(RECOVERY))
    rows = rows_of(page, "steps-heading")
    assert {text_of(the(row, "th")) for row in rows} == set(NAMES.values()) - {"Not explained"}
    for row in rows:
        behind = check_page(accountant.get(the(row, "a")["href"]))
        assert text_of(the(behind, "h1")) == text_of(the(row, "th"))
        assert cents(text_of(the(behind, "main p > strong"))) == amount_of(row)
        listed = accountant.get(f"{the(row, 'a')['href']}&format=csv")
        assert sum(cents(line["amount"]) for line in file_of(listed)) == amount_of(row)


def test_the_steps_and_every_group_of_bills_add_up_to_the_bills(accountant):
    billed = sum(bill.amount_cents for bill in UtilityBill.objects.all())
    page = check_page(accountant.get(RECOVERY))
    assert sum(amount_of(row) for row in rows_of(page, "steps-heading")) == billed
    for label in ("by-month", "by-utility", "by-property"):
        for row in rows_of(page, label):
            whole, *parts = (cents(text_of(cell)) for cell in row.select("td.money"))
            assert sum(parts) == whole
        assert sum(amount_of(row) for row in rows_of(page, label)) == billed


def test_a_group_leads_to_a_report_of_its_own(accountant):
    page = check_page(accountant.get(RECOVERY))
    for label in ("by-month", "by-utility", "by-property"):
        row = rows_of(page, label)[0]
        narrowed = check_page(accountant.get(the(row, "a")["href"]))
        assert text_of(narrowed.select(".stat-value")[0]) == format_dollars(amount_of(row))


def test_the_bars_of_the_waterfall_are_links_and_say_what_the_table_says(accountant):
    page = check_page(accountant.get(RECOVERY))
    chart = the(page, "svg.chart-waterfall")
    drawn = [(text_of(link), link["href"]) for link in chart.select("a")][1:]
    table = [
        (f"{text_of(the(row, 'th'))} {text_of(row.select('td')[0])}", the(row, "a")["href"])
        for row in rows_of(page, "steps-heading")
    ]
    assert drawn == table
    whole = check_page(accountant.get(the(chart, "a:first-of-type")["href"]))
    assert text_of(the(whole, "main p > strong")) == text_of(page.select(".stat-value")[0])
    assert the(chart, "title").text
    assert format_dollars(read_recovery(UtilityBill.objects.all()).recovered_cents) in text_of(
        the(chart, "desc")
    )


def test_the_file_of_the_recovery_has_each_bill_with_its_steps(accountant):
    lines = file_of(accountant.get(f"{RECOVERY}&format=csv"))
    assert len(lines) == UtilityBill.objects.count()
    for line in lines:
        steps = [line[NAMES[step].lower()] for step in Step]
        assert sum(map(Decimal, steps)) == Decimal(line["billed"])


@pytest.mark.parametrize("address", REPORTS)
def test_a_report_comes_as_a_workbook_too(accountant, address):
    mark = "&" if "?" in address else "?"
    answer = accountant.get(f"{address}{mark}format=xlsx")
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content).startswith(b"PK")


@pytest.mark.parametrize("address", REPORTS)
def test_a_viewer_sees_what_the_others_see(cast, signed_in, story, address):
    seen = check_page(signed_in(cast.viewer).get(address))
    assert "House 1" in text_of(seen)


@pytest.mark.parametrize("address", REPORTS)
def test_a_stranger_sees_nothing(cast, signed_in, story, address):
    seen = text_of(the(check_page(signed_in(cast.stranger).get(address)), "main"))
    assert "House" not in seen
    assert "$" not in seen


def test_a_stranger_cannot_name_a_property_or_reach_what_is_behind_a_step(cast, signed_in, story):
    stranger = signed_in(cast.stranger)
    house = Property.objects.get(name="House 1")
    for name in ("report-costs", "report-charges"):
        address = reverse(f"billing:{name}", query={"property": house.pk})
        assert stranger.get(address).status_code == 404
    assert stranger.get(reverse("billing:property-reports", args=[house.pk])).status_code == 404
    narrowed = {**_ALL, "property": house.pk}
    behind = reverse("billing:report-step", args=["recovered"], query=narrowed)
    assert "No money is on this step" in text_of(check_page(stranger.get(behind)))


def test_a_step_that_is_none_is_not_found(accountant):
    assert accountant.get(reverse("billing:report-step", args=["nowhere"])).status_code == 404


@pytest.mark.parametrize("address", REPORTS)
@pytest.mark.parametrize(
    "query",
    [
        {"from": "x", "to": "2026-13"},
        {"from": "9999-12", "to": "0001-01"},
        {"property": "\N{ARABIC-INDIC DIGIT ONE}x", "portfolio": "9" * 30, "utility": "\0"},
        {"page": "-1", "show": "nothing", "portfolio": "999"},
    ],
)
def test_what_makes_no_sense_narrows_nothing(accountant, address, query):
    check_page(accountant.get(address.split("?")[0], query))


@pytest.mark.parametrize("address", [RECOVERY, COSTS, CHARGES, STEP])
def test_no_report_covers_more_than_three_years_and_the_page_says_so(accountant, address):
    endless = {"from": "2000-01", "to": "2999-12"}
    page = check_page(accountant.get(address.split("?")[0], endless))
    assert "36 months at most: January 2997 to December 2999." in text_of(the(page, "main"))
    assert the(page, "#filter-from option[selected]")["value"] == "2997-01"
    three_years = {"from": "2997-01", "to": "2999-12"}
    page = check_page(accountant.get(address.split("?")[0], three_years))
    assert "at most" not in text_of(the(page, "main"))


def test_months_in_the_wrong_order_are_taken_in_the_right_one(accountant):
    swapped = {"from": _ALL["to"], "to": _ALL["from"]}
    right = check_page(accountant.get(RECOVERY))
    wrong = check_page(accountant.get(reverse("billing:report-recovery"), swapped))
    assert text_of(the(right, "main")) == text_of(the(wrong, "main"))


def test_the_page_of_a_property_is_about_that_property_alone(accountant):
    house = Property.objects.get(name="House 1")
    url = reverse("billing:property-reports", args=[house.pk], query={**_ALL, "property": "0"})
    billed = sum(bill.amount_cents for bill in house.bills.all())
    page = check_page(accountant.get(url))
    assert text_of(page.select(".stat-value")[0]) == format_dollars(billed)
    assert "Reports" in text_of(the(page, ".nav-link.active"))


def test_costs_are_told_per_day_and_per_unit_and_odd_bills_are_marked(accountant, story):
    bill = story.job.calculation.bill
    BillFlag.objects.create(
        bill=bill, kind=BillFlagKind.SPIKE, message="Up by half.", found_at=story.now
    )
    page = check_page(accountant.get(COSTS, {"property": bill.property_id}))
    (row,) = rows_of(page, "costs-water")
    # $345.61 of 31 days and 3 units.
    assert text_of(row) == (
        "Mar 2026 1 Mar to 1 Apr 2026 31 $345.61 $11.15 $115.20 Cost per day far from usual"
    )
    marks = [text_of(mark) for mark in page.select(".chart-mark title")]
    assert marks == [
        "March 2026: $11.15 a day. Up by half.",
        "March 2026: $115.20 a unit. Up by half.",
    ]


def test_charges_stand_by_unit_and_month_with_totals(accountant, story):
    bill = story.job.calculation.bill
    query = {"property": bill.property_id, "from": "2026-02", "to": "2026-04"}
    page = check_page(accountant.get(CHARGES, query))
    rows = rows_of(page, "charged")
    assert [text_of(the(row, "th")) for row in rows] == ["101", "102", "103"]
    for row in rows:
        charge = Charge.objects.get(
            unit__unit_number=text_of(the(row, "th")), calculation__bill=bill
        )
        amount = format_dollars(charge.amount_cents)
        assert [text_of(cell) for cell in row.select("td.money")] == ["–", amount, "–", amount]
        assert len(row.select(".spark rect")) == 3
    total = format_dollars(story.job.calculation.tenants_cents)
    foot = the(page, '[aria-labelledby="charged"] tfoot')
    assert [text_of(cell) for cell in foot.select("td.money")] == ["$0.00", total, "$0.00", total]


def test_each_number_of_the_month_end_is_as_long_as_the_list_behind_it(accountant, story):
    story.job.postings.filter(pk=story.job.postings.earliest("pk").pk).update(
        state=PostingState.REJECTED, error_code="LEASE_NOT_FOUND"
    )
    page = check_page(accountant.get(MONTH_END))
    links = page.select("table td a")
    assert links
    for link in links:
        name, count = str(link["aria-label"]).rsplit(": ", 1)
        shown = check_page(accountant.get(link["href"]))
        if name.startswith("Bills missing"):
            assert len(shown.select("td .month.tone-danger")) == int(count), name
            continue
        active = the(shown, ".quick-filters [aria-current] .num")
        assert text_of(active) == count, name


def test_properties_without_work_are_shown_on_demand(accountant, cast, now):
    Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="idle", name="Idle House", created_at=now
    )
    assert "Idle House" not in text_of(the(check_page(accountant.get(MONTH_END)), "table"))
    everything = check_page(accountant.get(MONTH_END, {"show": "all"}))
    assert "Idle House" in text_of(the(everything, "table"))

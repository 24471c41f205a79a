"""The statement for the resident: plain words, what the place requires, and nobody else's name."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.conf import settings as django_settings
from django.urls import reverse

from billing.models import LineKind, Method, Statement
from billing.rubs import AdminFee, Limits
from billing.statements.tests.conftest import NAMES, Month
from billing.tests.every_method import bring_terms, put_in_force, rule_by
from meterbase.lib.money import format_dollars
from portfolios.models import Lease, LeaseStatus
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db


def use(month: Month, rule) -> None:
    put_in_force(month.desk.bill, rule, by=month.cast.manager, now=month.now)


def printed(page: BeautifulSoup) -> str:
    return text_of(the(page, "article.statement"))


def for_manager(page: BeautifulSoup) -> str:
    return text_of(the(page, ".not-printed"))


def turn_over(month: Month) -> None:
    lease = month.lease("101")
    Lease.objects.filter(pk=lease.pk).update(status=LeaseStatus.PAST, end_date=date(2026, 3, 11))
    Lease.objects.create(
        unit=lease.unit,
        propexo_lease_id="lease_next",
        resident_name="Dee Dover",
        start_date=date(2026, 3, 15),
        occupant_count=1,
        status=LeaseStatus.ACTIVE,
        first_seen_at=month.now,
    )


def test_it_tells_the_share_from_the_bill_to_the_cent(month, open_statement):
    charge = month.approve().charges.get(unit_label="101")

    text = printed(open_statement())

    assert "Ada Archer" in text
    assert "Water, your share $151.58 Water, administrative fee none" in text
    assert "Total $151.58" in text
    assert "1 Mar 2026 through 31 Mar 2026, 31 days" in text
    assert "By square footage" in text
    assert "$34.56 of the bill is the owner's for common areas" in text
    assert f"Charge {charge.pk}" in text
    for step in charge.explanation["steps"]:
        assert " ".join(step["expression"].split()) in text


def test_all_utilities_of_the_month_stand_on_it_and_add_up(month, open_statement):
    gas = month.add_gas()
    charges = [
        *month.approve().charges.filter(unit_label="101"),
        *month.approve(gas).charges.filter(unit_label="101"),
    ]

    text = printed(open_statement())

    assert len(charges) == 2
    for charge in charges:
        assert format_dollars(charge.amount_cents) in text
    assert f"Total {format_dollars(sum(each.amount_cents for each in charges))}" in text
    assert text.index("Gas: ") < text.index("Water: ")


def test_a_bill_that_nobody_approved_is_on_no_statement_and_the_page_says_so(month, open_statement):
    month.add_gas().in_review()
    month.approve()

    page = open_statement()

    assert "Not approved, so on no statement: Gas (in review)" in for_manager(page)
    assert "Gas" not in printed(page)


def test_without_an_approved_charge_there_is_no_statement(month, signed_in):
    month.desk.in_review()

    assert signed_in(month.cast.viewer).get(month.url()).status_code == 404


@pytest.mark.parametrize("written", ["0001-01", "1999-12", "2100-01", "9998-12", "9999-12", "x"])
def test_of_a_month_that_no_bill_can_have_there_is_no_statement(month, signed_in, written):
    month.approve()
    client = signed_in(month.cast.manager)
    for name in ("statement-detail", "statement-issue"):
        url = reverse(f"billing:{name}", args=[month.lease("101").pk, written])
        assert (client.post if name == "statement-issue" else client.get)(url).status_code == 404


def test_it_names_no_other_resident_and_no_other_amount(month, open_statement):
    turn_over(month)
    calculation = month.approve()

    for unit in NAMES:
        text = printed(open_statement(unit))
        others = calculation.charges.exclude(lease=month.lease(unit))
        for other in others:
            assert format_dollars(other.amount_cents) not in text
            assert other.propexo_lease_id not in text
            assert other.resident_name not in text
        assert month.lease(unit).resident_name in text


def test_whoever_lived_there_before_does_not_appear(month, open_statement):
    turn_over(month)
    month.approve()

    text = printed(open_statement())

    assert "Dee Dover" in text
    assert "17 of them, 15 Mar 2026 through 31 Mar 2026" in text
    assert "Ada Archer" not in text


def test_of_two_residents_neither_can_find_the_others_amount_in_a_sum(month, open_statement):
    month.desk.bill.property.units.filter(unit_number="103").update(billable=False)
    month.approve()

    assert "All residents together" not in printed(open_statement())


def test_of_three_residents_the_sum_is_told(month, open_statement):
    month.approve()

    assert "All residents together pay" in printed(open_statement())


def test_a_fee_stands_beside_the_share(month, open_statement):
    use(month, replace(rule_by(Method.SQUARE_FEET), admin_fee=AdminFee(flat_cents=300)))
    calculation = month.approve()

    text = printed(open_statement("102"))

    share = calculation.charges.get(unit_label="102", kind="share").amount_cents
    assert f"Water, your share {format_dollars(share)} Water, administrative fee $3.00" in text
    assert f"Total {format_dollars(share + 300)}" in text


def test_it_says_that_it_does_not_come_from_the_utility(month, open_statement):
    month.approve()

    assert "does not come from the utility" in printed(open_statement())


def test_what_is_not_issued_says_so_on_paper(month, open_statement):
    month.approve()

    assert "Not issued yet" in printed(open_statement())


def test_what_is_issued_bears_no_such_mark_until_its_bill_is_calculated_anew(month, open_statement):
    month.approve()
    month.issue()
    assert "due any more" not in printed(open_statement())
    assert "Not issued" not in printed(open_statement())
    month.desk.calculate()

    assert "Not what is due any more" in printed(open_statement())


def test_where_no_state_is_known_the_manager_is_told_so(month, open_statement):
    month.approve()

    assert "The state of this property is not known" in for_manager(open_statement())


def test_texas_names_on_paper_what_nobody_can_fill_in(month, open_statement):
    month.approve()
    month.move("TX")

    page = open_statement()

    missing = for_manager(page)
    assert "16 TAC 24.283" in missing
    assert "The name of the utility" in missing
    assert "The due date" in missing
    gap = "Not stated here, though this place asks for it: base and service charges"
    assert gap in printed(page)
    assert "to be completed" not in text_of(page)


def test_lines_of_the_bill_tell_what_was_not_known_without_them(month, open_statement):
    for position, (kind, name, cents) in enumerate(
        [
            (LineKind.USAGE, "", 30_561),
            (LineKind.BASE_CHARGE, "", 3_000),
            (LineKind.TAX, "City tax", 1_500),
            (LineKind.CREDIT, "Leak credit", -500),
        ],
        start=1,
    ):
        month.desk.bill.lines.create(position=position, kind=kind, name=name, amount_cents=cents)
    month.move("MN")
    use(month, rule_by(Method.OCCUPANTS))
    month.approve()

    text = printed(open_statement())

    assert "City tax $15.00" in text
    assert "Leak credit −$5.00" in text
    assert "asks for it: the rate billed and the rate that the owner pays" in text


@pytest.mark.parametrize("city", ["Auburn", "Seattle"])
def test_washington_cities_want_contacts_which_are_filled_in(month, open_statement, city):
    month.approve()
    month.move("WA", city)
    assert "How and where to dispute the bill" in for_manager(open_statement())
    month.fill_in()
    month.issue()

    page = open_statement()

    text = printed(page)
    assert "Disputes In writing to the office, within 30 days" in text
    assert "Lakeside Homes LLC, 1 Lake Street, Austin, TX 78701, 512-555-0100" in text
    assert "A dispute about this statement is with the owner" in text
    assert "Due 22 Apr 2026" in text
    assert "asks for more" not in for_manager(page)


def test_submetered_texas_tells_the_use_and_its_price(month, open_statement):
    month.move("TX")
    use(month, rule_by(Method.SUBMETER))
    bring_terms(month.desk.bill, Method.SUBMETER, by=month.cast.manager, now=month.now)
    month.desk.bill.usage_unit = "CCF"
    month.desk.bill.save()
    month.approve()

    # $345.61 less 7.25 % over 0.5 + 1.5 + 2.5 metered is $71.23 and a bit for each.
    assert "1.5 CCF at $71.2340… each" in printed(open_statement("102"))


def test_a_mix_is_told_part_by_part(month, open_statement):
    use(month, rule_by(Method.MIX))
    bring_terms(month.desk.bill, Method.MIX, by=month.cast.manager, now=month.now)
    month.approve()

    text = printed(open_statement())

    assert "30 % by number of people, 50 % by square footage and 20 % by submeter" in text


def test_a_credit_is_in_the_residents_favor(month, open_statement):
    bill = month.desk.bill
    type(bill).objects.filter(pk=bill.pk).update(amount_cents=-34_561)
    bill.refresh_from_db()
    month.approve()

    assert "Total, in your favor −$151.58" in printed(open_statement())


def test_a_cap_is_told_as_a_step(month, open_statement):
    use(month, replace(rule_by(Method.EQUAL), limits=Limits(cap_cents=5_000)))
    month.approve()

    assert "Cap: Cap $50.00" in printed(open_statement())


def test_a_percentage_of_the_formula_is_of_what_is_shared(month, open_statement):
    use(month, replace(rule_by(Method.EQUAL), common_area_percent=Decimal(10)))
    month.approve()

    text = printed(open_statement())

    assert "33.3333 % of the $311.049 that is shared by the formula" in text


def test_nothing_but_the_statement_goes_to_paper(month, open_statement):
    month.approve()
    page = open_statement()
    sheet = Path(django_settings.BASE_DIR, "static/meterbase/print.css").read_text()

    assert page.find("link", href=lambda found: found and found.endswith("meterbase/print.css"))
    on_paper = sheet.partition("@media print")[2]
    assert ".not-printed" in on_paper
    assert re.search(r"@page\s*{[^}]*size", sheet) is None


def test_a_manager_issues_it_once(month, signed_in):
    month.approve()
    client = signed_in(month.cast.manager)
    url = reverse("billing:statement-issue", args=[month.lease().pk, "2026-03"])

    first, second = client.post(url, follow=True), client.post(url, follow=True)

    assert "version 1: it never changes" in text_of(check_page(first))
    assert "The latest version of this statement says the same" in text_of(check_page(second))
    assert Statement.objects.count() == 1


def test_nobody_else_issues_it(month, signed_in):
    month.approve()
    url = reverse("billing:statement-issue", args=[month.lease().pk, "2026-03"])

    for who, status in (("viewer", 403), ("accountant", 403), ("stranger", 404)):
        assert signed_in(getattr(month.cast, who)).post(url).status_code == status
    assert not Statement.objects.exists()


def test_a_stranger_finds_neither_page_nor_pdf(month, signed_in):
    month.approve()
    statement = month.issue()
    client = signed_in(month.cast.stranger)

    assert client.get(month.url()).status_code == 404
    assert client.get(reverse("billing:statement-print", args=[statement.pk])).status_code == 404
    listed = reverse("billing:statement-list", args=[month.place.pk])
    assert client.get(listed).status_code == 404


@pytest.mark.parametrize("text", ["2026-3x", "march", "2026-13", "0000-00"])
def test_a_month_that_is_none_leads_nowhere(month, signed_in, text):
    url = reverse("billing:statement-detail", args=[month.lease().pk, text])

    assert signed_in(month.cast.viewer).get(url).status_code == 404


def test_the_list_adds_up_to_the_charges(month, signed_in):
    calculation = month.approve()
    month.issue("102")
    url = reverse("billing:statement-list", args=[month.place.pk])

    page = check_page(signed_in(month.cast.viewer).get(url))

    total = sum(charge.amount_cents for charge in calculation.charges.all())
    assert format_dollars(total) in text_of(the(page, "tfoot"))
    rows = [text_of(row) for row in page.select("main tbody tr")]
    assert [row.split()[0] for row in rows] == ["101", "102", "103"]
    assert "Issued, version 1" in rows[1]
    assert "Not issued" in rows[0]


def test_the_list_as_a_file_has_the_same_cents(month, signed_in):
    calculation = month.approve()
    url = reverse("billing:statement-list", args=[month.place.pk]) + "?format=csv"

    answer = signed_in(month.cast.viewer).get(url)

    rows = list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["Resident"] for row in rows] == list(NAMES.values())
    cents = [int(row["Amount"].replace(".", "")) for row in rows]
    assert sum(cents) == sum(charge.amount_cents for charge in calculation.charges.all())

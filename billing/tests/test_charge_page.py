"""The explanation of a charge: from the bill to the cent, and all that stands around it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from billing.models import Calculation, Charge, ChargeKind, LineKind, Method, Spread, Utility
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.calculations import calculate_bill
from billing.operations.documents import attach_document
from billing.operations.places import set_aside
from billing.operations.unit_terms import UnitTermsEntry, set_unit_terms
from billing.rubs import AdminFee, Limits
from billing.tests.acts import link
from billing.tests.desk import Desk
from billing.tests.every_method import bring_terms, put_in_force, rule_by
from billing.tests.small_place import small_bill
from meterbase.lib.money import Cents, format_dollars
from meterbase.lib.periods import Period
from portfolios.models import Lease, LeaseStatus, UnitField
from portfolios.operations.units import set_unit_values
from portfolios.tests.pages import check_page, check_part, text_of, the

pytestmark = pytest.mark.django_db

FULL = replace(
    rule_by(Method.SQUARE_FEET),
    admin_fee=AdminFee(percent=Decimal("2.5"), at_most_cents=250),
    limits=Limits(cap_cents=12_000),
)


@pytest.fixture
def desk(cast, now) -> Desk:
    """Put a bill for three units, with lines, fees and a cap, on the desk."""
    found = Desk(small_bill(cast, now), cast, now)
    lines = [
        (LineKind.USAGE, "", 30_000, ""),
        (LineKind.BASE_CHARGE, "", 3_000, ""),
        (LineKind.TAX, "City tax", 1_000, ""),
        (LineKind.LATE_FEE, "Late payment", 561, Spread.OWNER),
    ]
    for position, (kind, name, cents, spread) in enumerate(lines, start=1):
        found.bill.lines.create(
            position=position, kind=kind, name=name, amount_cents=cents, spread=spread
        )
    put_in_force(found.bill, FULL, by=cast.manager, now=now)
    return found


@pytest.fixture
def viewer(cast, signed_in) -> Client:
    """Sign in somebody who may only look."""
    client: Client = signed_in(cast.viewer)
    return client


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


def charge_of(calculation: Calculation, unit: str, kind: str = ChargeKind.SHARE) -> Charge:
    return calculation.charges.get(unit_label=unit, kind=kind)


def open_page(client: Client, charge: Charge) -> BeautifulSoup:
    return check_page(client.get(url("charge-detail", charge.pk)))


def rows(page: BeautifulSoup, label: str) -> dict[str, str]:
    table = the(page, f'[aria-label="{label}"]')
    return {text_of(the(row, "th")): text_of(row) for row in table.select("tbody tr, tfoot tr")}


def test_it_begins_with_the_bill_and_says_which_lines_are_passed_on(desk, viewer):
    page = open_page(viewer, charge_of(desk.calculate(), "101"))

    lines = rows(page, "Lines of the bill")
    assert lines["Late payment Late fee"].endswith("Not passed on $5.61")
    assert "every unit, vacant ones too" in lines["Base charge Base charge per dwelling"]
    assert lines["City tax Tax"].endswith("Shared by the rule $10.00")
    assert lines["Bill"] == "Bill $345.61"


def test_a_bill_without_lines_is_all_usage(desk, viewer):
    desk.bill.lines.all().delete()

    page = open_page(viewer, charge_of(desk.calculate(), "101"))

    assert list(rows(page, "Lines of the bill")) == ["Usage", "Bill"]


def test_it_shows_the_lines_as_they_were_when_it_was_calculated(desk, viewer):
    charge = charge_of(desk.calculate(), "101")
    desk.bill.lines.filter(kind=LineKind.TAX).update(name="Another tax")

    assert "City tax Tax" in rows(open_page(viewer, charge), "Lines of the bill")


def test_each_step_is_a_sentence_and_a_row_with_its_value(desk, viewer):
    charge = charge_of(desk.calculate(), "102")
    page = open_page(viewer, charge)

    steps = charge.explanation["steps"]
    sentences = [text_of(found) for found in page.select("main ol li")]
    values = the(page, '[aria-label="The steps in figures"]').select("tbody tr")
    assert len(sentences) == len(values) == len(steps)
    for step, sentence, row in zip(steps, sentences, values, strict=True):
        assert sentence == f"{step['label']}: {' '.join(step['expression'].split())}"
        assert text_of(the(row, "th")) == step["label"]
    assert text_of(values[-1]).endswith(format_dollars(charge.amount_cents))
    assert charge.amount_cents == Fraction(steps[-1]["value"])


@pytest.mark.parametrize("method", Method)
def test_what_went_in_is_listed_for_each_method(desk, viewer, cast, now, method):
    put_in_force(desk.bill, rule_by(method), by=cast.manager, now=now)
    bring_terms(desk.bill, method, by=cast.manager, now=now)
    charge = charge_of(desk.calculate(), "101")

    inputs = rows(open_page(viewer, charge), "What went in")

    assert len(inputs) == len({term["field"] for term in charge.explanation["terms"]}) + 1
    assert inputs["Days under the lease"] == "Days under the lease 31 of 31"


def test_a_ratio_says_for_how_many_people_it_stands(desk, viewer, cast, now):
    put_in_force(desk.bill, rule_by(Method.RATIO_OCCUPANCY), by=cast.manager, now=now)

    page = open_page(viewer, charge_of(desk.calculate(), "102"))

    inputs = rows(page, "What went in")
    assert "1.6 (for 2)" in inputs["Ratio for the people on the lease"]


def turn_over(now) -> None:
    """Let unit 101 change hands in March, with four days between the leases."""
    lease = Lease.objects.get(unit__unit_number="101")
    unit = lease.unit
    Lease.objects.filter(pk=lease.pk).update(status=LeaseStatus.PAST, end_date=date(2026, 3, 11))
    Lease.objects.create(
        unit=unit,
        propexo_lease_id="lease_next",
        resident_name="Next Resident",
        start_date=date(2026, 3, 15),
        occupant_count=1,
        status=LeaseStatus.ACTIVE,
        first_seen_at=now,
    )


def test_the_days_of_the_lease_lie_on_the_line_of_the_period_and_stand_in_words(desk, viewer, now):
    turn_over(now)
    charge = desk.calculate().charges.get(propexo_lease_id="lease_next", kind=ChargeKind.SHARE)

    page = open_page(viewer, charge)

    line = the(page, "main svg[role=img]")
    assert line["viewbox"] == "0 0 31 10"
    assert line["aria-label"] == "This lease holds the unit on 17 of 31 days"
    own = the(line, "rect.tone-info")
    assert (own["x"], own["width"]) == ("14", "17")
    other = the(line, "rect.tone-neutral")
    assert (other["x"], other["width"]) == ("0", "10")
    words = [text_of(item) for item in page.select(".bar-legend li")]
    assert words == [
        "1 Mar 2026 up to 11 Mar 2026 (10 days): lease lease_001_0001",
        "11 Mar 2026 up to 15 Mar 2026 (4 days): nobody",
        "15 Mar 2026 up to 1 Apr 2026 (17 days): this lease",
    ]


def test_tenants_and_each_of_the_owners_reasons_make_the_bill(desk, viewer):
    calculation = desk.calculate()

    page = open_page(viewer, charge_of(calculation, "101"))

    parts = rows(page, "Who bears the bill")
    assert list(parts) == [
        "All tenants together",
        "Owner: common area",
        "Owner: not passed on",
        "Owner: caps",
        "Bill",
    ]
    cents = [round(Decimal(text.rpartition("$")[2]) * 100) for text in parts.values()]
    assert sum(cents[:-1]) == cents[-1] == 34_561
    assert "= bill $345.61: it adds up to the cent" in text_of(page)


def test_figures_that_do_not_add_up_are_not_passed_off_as_a_proof(desk, viewer):
    calculation = desk.calculate()
    calculation.result["owner"][0]["cents"] += 1
    calculation.save()

    text = text_of(open_page(viewer, charge_of(calculation, "101")))

    assert "The lines do not add up to the bill" in text
    assert "adds up to the cent" not in text


def test_share_and_fee_lead_to_each_other(desk, viewer):
    calculation = desk.calculate()
    share, fee = charge_of(calculation, "101"), charge_of(calculation, "101", ChargeKind.FEE)

    share_page, fee_page = open_page(viewer, share), open_page(viewer, fee)

    assert text_of(link(share_page, url("charge-detail", fee.pk))) == "$2.50"
    assert "$120.00" in text_of(link(fee_page, url("charge-detail", share.pk)))
    for page in (share_page, fee_page):
        assert "together $122.50" in text_of(page)
    assert f"fees of {format_dollars(calculation.fees_cents)}" in text_of(share_page)
    assert "at most $2.50" in text_of(the(fee_page, "main ol"))
    assert not fee_page.select('[aria-label="What went in"]')


def test_it_leads_to_the_utilitys_bill_only_if_there_is_one(desk, viewer, cast, now):
    charge = charge_of(desk.calculate(), "101")
    where = url("bill-document", desk.bill.pk)
    assert not open_page(viewer, charge).select(f'a[href="{where}"]')

    attach_document(
        bill=desk.bill, name="march.pdf", chunks=[b"%PDF-1.7"], by=cast.manager, now=now
    )

    names = [text_of(found) for found in open_page(viewer, charge).select(f'a[href="{where}"]')]
    assert "march.pdf" in names


def test_a_rule_of_the_place_that_was_set_aside_is_printed_with_who_and_why(
    desk, viewer, cast, now
):
    place = desk.bill.property
    place.state = "CT"
    place.save()
    assert "set aside" not in text_of(open_page(viewer, charge_of(desk.calculate(), "101")))
    set_aside(
        place=place,
        utility=Utility.WATER,
        place_rule_id="ct.not_allowed",
        reason="Counsel agreed.",
        by=cast.accountant,
        now=now,
    )

    text = text_of(open_page(viewer, charge_of(desk.calculate(), "101")))

    assert "CGS 16-262e(c)" in text
    assert "Set aside by Accountant on 2 Apr 2026: Counsel agreed." in text


def test_it_says_where_the_charge_stands_in_the_pms(desk, viewer, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    calculation = desk.in_review()
    charge = charge_of(calculation, "101")
    assert "This charge has not been posted" in text_of(open_page(viewer, charge))
    desk.approve(calculation)
    desk.post(calculation)

    posting = charge.postings.get()
    page = open_page(viewer, charge)

    found = link(page, url("posting-detail", posting.pk))
    assert text_of(found) == posting.reference
    assert "Waiting" in text_of(the(page, f'li:has(a[href="{found["href"]}"])'))


def test_it_leads_to_the_statement_for_the_resident_once_it_is_approved(desk, viewer):
    calculation = desk.in_review()
    charge = charge_of(calculation, "101")
    where = reverse("billing:statement-detail", args=[charge.lease_id, "2026-03"])
    assert not open_page(viewer, charge).select(f'a[href="{where}"]')

    desk.approve(calculation)

    assert link(open_page(viewer, charge), where)


def test_a_stranger_does_not_see_it(desk, cast, signed_in):
    charge = charge_of(desk.calculate(), "101")

    assert signed_in(cast.stranger).get(url("charge-detail", charge.pk)).status_code == 404


def test_whoever_has_not_signed_in_is_asked_to(desk):
    charge = charge_of(desk.calculate(), "101")

    response = Client().get(url("charge-detail", charge.pk))
    assert response.status_code == 302
    assert response["Location"].split("?")[0] == "/accounts/login/"


def test_it_asks_the_database_as_often_for_many_units_as_for_few(
    bill, cast, now, viewer, django_assert_max_num_queries
):
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    charge = calculation.charges.first()
    assert charge is not None

    with django_assert_max_num_queries(12):
        viewer.get(url("charge-detail", charge.pk))


def test_it_draws_the_units_charges_with_a_table_beside(desk, viewer, cast, now):
    made = desk.in_review()
    desk.approve(made)
    entry = BillEntry(
        utility=Utility.WATER,
        period=Period(date(2026, 4, 1), date(2026, 5, 1)),
        amount=Cents(600_00),
    )
    following = enter_bill(place=desk.bill.property, entry=entry, by=cast.manager, now=now)
    charge = charge_of(calculate_bill(bill=following, by=cast.manager, now=now), "102")

    page = open_page(viewer, charge)

    was = format_dollars(charge_of(made, "102").amount_cents)
    titles = [text_of(title) for title in page.select("svg.bars title")]
    assert titles == [
        f"March 2026: {was} for 31 days",
        f"April 2026: {format_dollars(charge.amount_cents)} for 30 days",
    ]
    table = rows(page, "Charges of the unit")
    assert list(table) == ["April 2026, this bill", "March 2026"]
    assert was in table["March 2026"]
    heights = [Decimal(str(bar["height"])) for bar in page.select("svg.bars rect")]
    assert heights[1] == 40 >= heights[0] > 0


def test_the_first_bill_of_a_unit_has_no_bars(desk, viewer):
    page = open_page(viewer, charge_of(desk.calculate(), "101"))

    assert page.select("svg.bars") == []
    assert "No bill of this account was approved before this one." in text_of(page)


def test_it_says_who_changed_what_about_the_unit(desk, viewer, cast, now):
    made = desk.calculate()
    charge = charge_of(made, "101")
    assert "Nobody has changed anything about this unit" in text_of(open_page(viewer, charge))
    set_unit_values(unit=charge.unit, values={UnitField.SQFT: "700"}, by=cast.manager, now=now)
    set_unit_terms(
        unit=charge.unit,
        utility=Utility.WATER,
        entry=UnitTermsEntry(cap_cents=50_00),
        by=cast.manager,
        now=now,
    )

    text = text_of(open_page(viewer, charge))

    assert "Manager set the unit's figures: square feet: nothing → 700." in text
    assert "set what the rule says of this unit (water): cap: nothing → $50.00." in text


def test_the_part_beside_the_table_says_what_the_page_says(desk, viewer):
    where = url("charge-detail", charge_of(desk.calculate(), "101").pk)

    part = check_part(viewer.get(where, headers={"HX-Request": "true"}))
    page = check_page(viewer.get(where))

    def after_the_bill(found: BeautifulSoup) -> str:
        text = text_of(found)
        return text[text.index("From the bill") : text.index("it adds up to the cent")]

    assert after_the_bill(part) == after_the_bill(page)

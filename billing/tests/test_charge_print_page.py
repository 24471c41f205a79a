"""The statement for the resident: plain words, what the place requires, and nobody else's name."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from billing.models import Calculation, ChargeKind, LineKind, Method
from billing.rubs import AdminFee, Limits
from billing.rubs.rules import Item
from billing.tests.desk import Desk
from billing.tests.every_method import bring_terms, put_in_force, rule_by
from billing.tests.small_place import small_bill
from billing.views.explanation import account_of
from billing.views.statement_facts import tell
from meterbase.lib.money import format_dollars
from portfolios.models import Lease, LeaseStatus
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db

NAMES = {"101": "Ada Archer", "102": "Bo Baker", "103": "Cy Cooper"}
TO_COMPLETE = "[to be completed by the manager]"


@pytest.fixture
def desk(cast, now) -> Desk:
    """Put a bill for three units, whose residents have names, on the desk."""
    found = Desk(small_bill(cast, now), cast, now)
    for unit, name in NAMES.items():
        Lease.objects.filter(unit__unit_number=unit).update(resident_name=name)
    return found


@pytest.fixture
def open_statement(cast, signed_in):
    """Give a function that opens the statement of a unit."""
    client: Client = signed_in(cast.viewer)

    def open_it(calculation: Calculation, unit: str = "101", kind: str = ChargeKind.SHARE):
        charge = calculation.charges.filter(unit_label=unit, kind=kind).latest("pk")
        return check_page(client.get(reverse("billing:charge-print", args=[charge.pk])))

    return open_it


def use(desk: Desk, rule) -> None:
    put_in_force(desk.bill, rule, by=desk.cast.manager, now=desk.now)


def move(desk: Desk, state: str, city: str = "") -> None:
    place = desk.bill.property
    place.state, place.city = state, city
    place.save()


def printed(page: BeautifulSoup) -> str:
    return text_of(the(page, "article.statement"))


def for_manager(page: BeautifulSoup) -> str:
    return text_of(the(page, ".not-printed"))


def approved(desk: Desk) -> Calculation:
    calculation = desk.in_review()
    desk.approve(calculation)
    return calculation


def add_lines(desk: Desk) -> None:
    lines = [
        (LineKind.USAGE, "", 30_561),
        (LineKind.BASE_CHARGE, "", 3_000),
        (LineKind.TAX, "City tax", 1_500),
        (LineKind.CREDIT, "Leak credit", -500),
    ]
    for position, (kind, name, cents) in enumerate(lines, start=1):
        desk.bill.lines.create(position=position, kind=kind, name=name, amount_cents=cents)


def test_it_tells_the_share_from_the_bill_to_the_cent(desk, open_statement):
    calculation = approved(desk)
    charge = calculation.charges.get(unit_label="101")

    text = printed(open_statement(calculation))

    assert "Ada Archer" in text
    assert "Your share of the water bill $151.58" in text
    assert "Administrative fee none" in text
    assert "Total $151.58" in text
    assert "1 Mar 2026 through 31 Mar 2026, 31 days" in text
    assert "By square footage" in text
    assert "$34.56 of the bill is the owner's for common areas" in text
    for step in charge.explanation["steps"]:
        assert " ".join(step["expression"].split()) in text


def test_it_names_no_other_resident_and_no_other_amount(desk, open_statement):
    turn_over(desk)
    calculation = approved(desk)

    for unit, name in NAMES.items():
        text = printed(open_statement(calculation, unit))
        others = calculation.charges.exclude(unit_label=unit)
        for other in others:
            assert f"{format_dollars(other.amount_cents)}" not in text
            assert other.propexo_lease_id not in text
        assert not [found for found in NAMES.values() if found in text and found != name]
        if unit != "101":
            assert name in text


def turn_over(desk: Desk) -> None:
    lease = Lease.objects.get(unit__unit_number="101")
    unit = lease.unit
    Lease.objects.filter(pk=lease.pk).update(status=LeaseStatus.PAST, end_date=date(2026, 3, 11))
    Lease.objects.create(
        unit=unit,
        propexo_lease_id="lease_next",
        resident_name="Dee Dover",
        start_date=date(2026, 3, 15),
        occupant_count=1,
        status=LeaseStatus.ACTIVE,
        first_seen_at=desk.now,
    )


def test_whoever_lived_there_before_does_not_appear(desk, open_statement):
    turn_over(desk)
    page = open_statement(approved(desk))
    text = printed(page)

    assert "Dee Dover" in text
    assert "17 of them, 15 Mar 2026 through 31 Mar 2026" in text
    assert "Ada Archer" not in text
    assert "lease_001_0001" not in text
    assert "nobody" not in text_of(the(page, "article .bar-legend"))
    assert len(page.select("article svg[role=img] rect")) == 1


def test_of_two_residents_neither_can_find_the_others_amount_in_a_sum(desk, open_statement):
    assert "All residents together pay" in printed(open_statement(approved(desk)))
    desk.bill.property.units.filter(unit_number="103").update(billable=False)

    text = printed(open_statement(approved(desk)))

    assert "All residents together" not in text


def test_share_and_fee_stand_on_one_statement_whichever_is_opened(desk, open_statement):
    rule = replace(rule_by(Method.SQUARE_FEET), admin_fee=AdminFee(flat_cents=300))
    use(desk, rule)
    calculation = approved(desk)

    pages = [printed(open_statement(calculation, "102", kind)) for kind in ChargeKind]

    assert pages[0] == pages[1]
    share = calculation.charges.get(unit_label="102", kind=ChargeKind.SHARE)
    assert f"Your share of the water bill {format_dollars(share.amount_cents)}" in pages[0]
    assert "Administrative fee $3.00" in pages[0]
    assert f"Total {format_dollars(share.amount_cents + 300)}" in pages[0]


def test_it_says_that_it_does_not_come_from_the_utility(desk, open_statement):
    assert "does not come from the utility" in printed(open_statement(approved(desk)))


@pytest.mark.parametrize("prepare", ["calculate", "in_review"])
def test_what_is_not_approved_says_so_on_paper(desk, open_statement, prepare):
    calculation = getattr(desk, prepare)()

    assert "This is not what is due" in printed(open_statement(calculation))


def test_what_is_approved_bears_no_such_mark_until_it_is_replaced(desk, open_statement):
    calculation = approved(desk)
    assert "not what is due" not in printed(open_statement(calculation))
    desk.calculate()

    assert "Superseded" in printed(open_statement(calculation))


def test_where_no_state_is_known_the_manager_is_told_so(desk, open_statement):
    page = open_statement(approved(desk))

    assert "The state of this property is not known" in for_manager(page)
    assert TO_COMPLETE not in printed(page)


def test_texas_wants_the_utilitys_name_and_a_due_date_which_nobody_invents(desk, open_statement):
    move(desk, "TX")

    page = open_statement(approved(desk))

    missing = for_manager(page)
    assert "Required here, not known to MeterBase" in missing
    assert "16 TAC 24.283" in missing
    for label in ("The name of the utility", "The due date", "Base and service charges"):
        assert label in missing
    assert "The days of service" not in missing
    text = printed(page)
    assert f"Name of the utility {TO_COMPLETE}" in text
    assert f"Due date {TO_COMPLETE}" in text
    assert "does not come from the utility" in text


def test_lines_of_the_bill_tell_what_was_not_known_without_them(desk, open_statement):
    move(desk, "TX")
    add_lines(desk)

    page = open_statement(approved(desk))

    assert "Base and service charges" not in for_manager(page)
    assert "Base charge $30.00 (the same for every unit, vacant ones too)" in printed(page)


def test_minnesota_wants_taxes_and_credits_and_more(desk, open_statement):
    move(desk, "MN")
    use(desk, rule_by(Method.OCCUPANTS))
    add_lines(desk)

    page = open_statement(approved(desk))

    text = printed(page)
    assert "City tax $15.00" in text
    assert "Leak credit −$5.00" in text
    for label in ("The rate billed", "The due date", "payment is late"):
        assert label in for_manager(page)


@pytest.mark.parametrize("city", ["Auburn", "Seattle"])
def test_washington_cities_want_contacts_that_stay_open(desk, open_statement, city):
    move(desk, "WA", city)

    page = open_statement(approved(desk))

    text = printed(page)
    assert f"Disputes about this statement are received here: {TO_COMPLETE}" in text
    assert f"Owner or agent, with address and telephone: {TO_COMPLETE}" in text
    assert "A dispute about this statement is with the owner" in text
    missing = for_manager(page)
    assert "How and where to dispute the bill" in missing
    assert "That disputes are with the owner" not in missing


def test_submetered_texas_tells_the_use_and_its_price(desk, open_statement, cast, now):
    move(desk, "TX")
    use(desk, rule_by(Method.SUBMETER))
    bring_terms(desk.bill, Method.SUBMETER, by=cast.manager, now=now)
    desk.bill.usage_unit = "CCF"
    desk.bill.save()

    page = open_statement(approved(desk), "102")

    # $345.61 less 7.25 % over 0.5 + 1.5 + 2.5 metered is $71.23 and a bit for each.
    assert "1.5 CCF at $71.2340… each" in printed(page)
    assert "use and the price" not in for_manager(page)


def test_a_formula_needs_no_use_and_price(desk, open_statement):
    move(desk, "TX")

    page = open_statement(approved(desk))

    assert "use and the price" not in text_of(page).lower()


def test_every_item_that_a_place_can_want_is_told_or_left_open(desk, open_statement):
    account = account_of(approved(desk).charges.get(unit_label="101"))

    known = {item for item in Item if tell(item, account) is not None}

    assert known == {
        Item.UTILITIES,
        Item.AMOUNTS,
        Item.TOTAL,
        Item.ADMIN_FEE,
        Item.SERVICE_PERIOD,
        Item.METHOD,
        Item.COMMON_AREA,
        Item.FORMULA_SHARE,
    }


def test_a_mix_is_told_part_by_part(desk, open_statement, cast, now):
    use(desk, rule_by(Method.MIX))
    bring_terms(desk.bill, Method.MIX, by=cast.manager, now=now)

    text = printed(open_statement(approved(desk)))

    assert "30 % by number of people, 50 % by square footage and 20 % by submeter" in text


def test_a_credit_is_in_the_residents_favor(desk, open_statement):
    type(desk.bill).objects.filter(pk=desk.bill.pk).update(amount_cents=-34_561)
    desk.bill.refresh_from_db()

    text = printed(open_statement(approved(desk)))

    assert "Total, in your favor −$151.58" in text


def test_a_cap_is_told_as_a_step(desk, open_statement):
    use(desk, replace(rule_by(Method.EQUAL), limits=Limits(cap_cents=5_000)))

    assert "Cap: Cap $50.00" in printed(open_statement(approved(desk)))


def test_nothing_but_the_statement_goes_to_paper(desk, open_statement):
    page = open_statement(approved(desk))
    sheet = Path(django_settings.BASE_DIR, "static/meterbase/print.css").read_text()

    assert page.find("link", href=lambda found: found and found.endswith("meterbase/print.css"))
    on_paper = sheet.partition("@media print")[2]
    assert ".not-printed" in on_paper
    assert "display: none" in on_paper
    assert re.search(r"@page\s*{[^}]*size", sheet) is None


def test_a_percentage_of_the_formula_is_of_what_is_shared(desk, open_statement):
    use(desk, replace(rule_by(Method.EQUAL), common_area_percent=Decimal(10)))

    text = printed(open_statement(approved(desk)))

    assert "33.3333 % of the $311.049 that is shared by the formula" in text

"""Entering a bill with its lines, and where the next one starts."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse

from billing.models import Calculation, Utility, UtilityBill
from billing.operations.bills import BillEntry, enter_bill
from billing.tests.acts import alert_of
from billing.tests.small_place import small_bill, small_place
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.tests.pages import check_page, text_of, the

WATER = {
    "utility": "water",
    "period_start": "2026-03-01",
    "period_end": "2026-04-01",
    "amount": "345.61",
}


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


def line(number: int, kind: str, amount: str, name: str = "", spread: str = "") -> dict[str, str]:
    parts = {"kind": kind, "amount": amount, "name": name, "spread": spread}
    return {f"line_{number}_{part}": text for part, text in parts.items()}


@pytest.fixture
def building(cast, now):
    return small_place(cast, now)


@pytest.fixture
def enter(cast, building, signed_in):
    def post(fields: dict[str, str]):
        return signed_in(cast.manager).post(url("bill-create", building.pk), WATER | fields)

    return post


def test_a_bill_has_the_lines_that_were_typed(enter):
    lines = line(1, "usage", "290.61") | line(2, "late_fee", "25") | line(4, "other", "30", "Fire")
    enter(lines | {"line_4_spread": "all_units"})
    stored = UtilityBill.objects.get().lines.values_list("kind", "name", "amount_cents", "spread")
    assert list(stored) == [
        ("usage", "", 29_061, ""),
        ("late_fee", "", 2_500, ""),
        ("other", "Fire", 3_000, "all_units"),
    ]


def test_the_bill_shows_its_lines_and_how_each_is_passed_on(cast, enter, signed_in):
    enter(line(1, "usage", "320.61") | line(2, "late_fee", "25"))
    bill = UtilityBill.objects.get()
    page = check_page(signed_in(cast.viewer).get(url("bill-detail", bill.pk)))
    table = text_of(the(page, '[aria-label="Lines of the bill"]'))
    assert "Usage Usage Shared by the rule (as usual) $320.61" in table
    assert "Late fee Not passed on (as usual) $25.00" in table
    assert "Bill $345.61" in table


def test_a_credit_among_the_lines_is_negative(enter):
    enter(line(1, "usage", "400") | line(2, "credit", "-54.39"))
    assert [line.amount_cents for line in UtilityBill.objects.get().lines.all()] == [40_000, -5_439]


def test_lines_that_do_not_make_the_bill_are_answered_with_both_sums(enter):
    page = check_page(enter(line(1, "usage", "300") | line(2, "tax", "45.60")))
    assert "The lines add up to $345.60, but the bill is $345.61." in alert_of(page)
    assert the(page, "[name=line_2_amount]")["value"] == "45.60"
    assert "open" in the(page, "details:has([name=line_1_kind])").attrs
    assert not UtilityBill.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (line(3, "tax", ""), "Amount of line 3 must be given"),
        (line(3, "", "12"), "Kind of line 3 must be chosen"),
        (line(3, "", "", name="Fee"), "Kind of line 3 must be chosen"),
        (line(3, "tip", "12"), "Kind of line 3 must be chosen from the list"),
        (line(3, "tax", "twelve"), "Amount must be dollars"),
        (line(3, "tax", "0.00"), "must not be 0"),
        (line(3, "tax", "1", name="x" * 101), "100 characters"),
        (line(3, "tax", "1", spread="half"), "How line 3 is passed on must be chosen from"),
        (line(3, "other", "1"), "there is no usual way for “Other”"),
        (line(3, "late_fee", "1", spread="shared"), "must be “Not passed on” or left as usual"),
        (line(3, "deposit", "1", spread="all_units"), "must be “Not passed on” or left as usual"),
    ],
)
def test_a_wrong_line_is_answered_by_a_sentence(enter, fields, sentence):
    page = check_page(enter(fields))
    assert sentence in alert_of(page)
    assert not UtilityBill.objects.exists()


def test_a_row_of_spaces_is_no_line(enter):
    enter(line(1, "", "  ", name=" "))
    assert not UtilityBill.objects.get().lines.exists()


def test_lines_come_out_in_the_calculation(cast, now, signed_in):
    bill = small_bill(cast, now)
    bill.lines.create(position=1, kind="usage", amount_cents=29_561)
    bill.lines.create(position=2, kind="service_charge", name="Service", amount_cents=3_000)
    bill.lines.create(position=3, kind="late_fee", amount_cents=2_000)
    signed_in(cast.manager).post(url("calculation-create", bill.pk))
    made = Calculation.objects.get()
    page = check_page(signed_in(cast.viewer).get(url("calculation-detail", made.pk)))
    text = text_of(the(page, "main"))
    assert "+ not passed on $20.00 = bill $345.61: it adds up to the cent" in text
    assert "Not passed on: Late fee" in text
    head = text_of(the(page, '[aria-label="Shares by unit"] thead'))
    assert "Charge Owner" in head
    assert "Share Service" in head
    row = the(page, '[aria-label="Shares by unit"] tbody tr:first-child')
    assert "$10.00" in text_of(row)


# --- Where the next bill starts ---------------------------------------------------------------


def gas_until(building, cast, now, end: date) -> None:
    entry = BillEntry(
        utility=Utility.GAS, period=Period(date(2026, 1, 1), end), amount=Cents(12_000)
    )
    enter_bill(place=building, entry=entry, by=cast.manager, now=now)


def test_the_next_bill_starts_where_the_last_of_its_utility_ended(cast, now, signed_in):
    bill = small_bill(cast, now)
    gas_until(bill.property, cast, now, date(2026, 2, 5))
    client = signed_in(cast.manager)
    address = url("bill-create", bill.property_id)
    page = check_page(client.get(address, {"utility": "gas"}))
    assert the(page, "[name=period_start]")["value"] == "2026-02-05"
    assert the(page, "[name=utility] option[selected]")["value"] == "gas"
    offered = [text_of(found) for found in page.select('[href^="?utility="]')]
    assert offered == ["Gas, from 5 Feb 2026", "Water, from 1 Apr 2026"]


def test_a_utility_without_bills_starts_anywhere(cast, now, signed_in):
    bill = small_bill(cast, now)
    client = signed_in(cast.manager)
    page = check_page(client.get(url("bill-create", bill.property_id), {"utility": "trash"}))
    assert "value" not in the(page, "[name=period_start]").attrs
    assert the(page, "[name=utility] option[selected]")["value"] == "trash"


def test_a_utility_that_there_is_not_is_not_asked_for(cast, now, signed_in):
    bill = small_bill(cast, now)
    client = signed_in(cast.manager)
    page = check_page(client.get(url("bill-create", bill.property_id), {"utility": "steam"}))
    assert the(page, "[name=utility] option[selected]")["value"] == "water"

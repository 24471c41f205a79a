"""A calculation with everything that a rule can say: owner's parts, fees, mixes, the place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from billing.models import Calculation, ChargeKind, Method, Utility, UtilityBill, VacancyPolicy
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.operations.places import set_aside
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from billing.operations.unit_terms import UnitTermsEntry, set_unit_terms
from billing.tests.acts import alert_of, link
from billing.tests.small_place import small_bill
from portfolios.models import Lease, LeaseStatus, Property, Unit
from portfolios.tests.pages import check_page, text_of, the


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


@pytest.fixture
def bill(cast, now):
    return small_bill(cast, now)


@pytest.fixture
def calculate(bill, cast, now):
    """Give a function that calculates the bill by a rule."""

    def by(method: Method = Method.SQUARE_FEET, **choice: Any) -> Calculation:
        choice.setdefault("vacancy", VacancyPolicy.OWNER_PAYS)
        entry = ShareRuleEntry(method=method, **choice)
        place = bill.property
        set_share_rule(place=place, utility=Utility.WATER, entry=entry, by=cast.manager, now=now)
        return calculate_bill(bill=UtilityBill.objects.get(pk=bill.pk), by=cast.manager, now=now)

    return by


@pytest.fixture
def look(cast, signed_in):
    """Give a function that opens a calculation's page."""

    def at(calculation: Calculation):
        client = signed_in(cast.manager)
        return check_page(client.get(url("calculation-detail", calculation.pk)))

    return at


def set_terms(cast, now, number: str, **terms: Any) -> None:
    set_unit_terms(
        unit=Unit.objects.get(unit_number=number),
        utility=Utility.WATER,
        entry=UnitTermsEntry(**terms),
        by=cast.manager,
        now=now,
    )


def proof_of(page) -> str:
    return text_of(the(page, "main p.tone-success"))


def rows_of(page) -> list[str]:
    return [text_of(row) for row in page.select('[aria-label="Shares by unit"] tbody tr')]


def head_of(page) -> str:
    return text_of(the(page, '[aria-label="Shares by unit"] thead'))


def move_out(number: str, day: date) -> None:
    Lease.objects.filter(unit__unit_number=number).update(status=LeaseStatus.PAST, end_date=day)
    Unit.objects.filter(unit_number=number).update(occupied=False)


# --- What the owner bears ---------------------------------------------------------------------


def test_every_part_of_the_owner_is_named_in_the_proof(cast, now, calculate, look):
    move_out("102", date(2026, 3, 15))
    set_terms(cast, now, "103", excluded_because="A model flat")
    set_terms(cast, now, "101", cap_cents=5_000)
    page = look(calculate(common_area_percent=Decimal(10)))
    proof = proof_of(page)
    names = ["common area", "vacant days", "excluded units", "caps"]
    places = [proof.index(f"+ {name} $") for name in names]
    assert places == sorted(places)
    assert proof.endswith("= bill $345.61: it adds up to the cent.")
    rows = rows_of(page)
    assert any("Cut off by the cap" in row for row in rows)
    assert any("Excluded: A model flat" in row for row in rows)


def test_a_minimum_is_a_minus_of_the_owner(cast, now, calculate, look):
    move_out("102", date(2026, 3, 1))
    set_terms(cast, now, "103", minimum_cents=10_000)
    page = look(calculate(common_area_percent=Decimal(20)))
    assert "+ minimums −$" in proof_of(page)
    assert any("Raised to the minimum" in row for row in rows_of(page))


def test_a_flat_amount_stands_in_place_of_the_share(cast, now, calculate, look):
    set_terms(cast, now, "101", flat_cents=4_000)
    page = look(calculate())
    assert "+ flat amounts $" in proof_of(page)
    assert "$40.00" in rows_of(page)[0]


def test_what_percentages_do_not_give_stays_with_the_owner(cast, now, calculate, look):
    for number, percent in [("101", 40), ("102", 30), ("103", 20)]:
        set_terms(cast, now, number, percent=Decimal(percent))
    page = look(calculate(Method.PERCENTAGE))
    assert "+ not given to units $34.56" in proof_of(page)
    assert "Percent set" in head_of(page)
    assert rows_of(page)[-1] == "Not given to units $34.56 Owner"


def test_a_unit_that_is_left_out_among_occupied_ones_says_why(cast, now, calculate, look):
    set_terms(cast, now, "103", excluded_because="A model flat")
    page = look(calculate(vacancy=VacancyPolicy.OCCUPIED_ONLY))
    assert rows_of(page)[2] == "103 Excluded: A model flat"


# --- What the methods read --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "column", "first"),
    [
        (Method.EQUAL, "Equal parts", "31 1 1"),
        (Method.ESTIMATED_OCCUPANCY, "Ratio by bedrooms", "31 4 (for 3) 4"),
        (Method.BED_BATH, "Bedrooms Bathrooms", "31 3 2 4"),
    ],
)
def test_a_method_shows_what_it_read(calculate, look, method, column, first):
    page = look(calculate(method))
    assert column in head_of(page)
    assert first in rows_of(page)[0]


def test_ratios_show_the_people_and_the_ones_assumed(calculate, look):
    move_out("102", date(2026, 3, 1))
    page = look(calculate(Method.RATIO_OCCUPANCY, vacant_unit_occupants=2))
    rows = rows_of(page)
    assert "31 3 (for 5) 3" in rows[0]
    assert "Vacant 31 1.6 (for 2 assumed) 1.6" in rows[1]


def test_a_studio_says_what_it_counts_as(calculate, look):
    Unit.objects.filter(unit_number="103").update(bedrooms=0)
    assert "31 0 (counts as 1) 1" in rows_of(look(calculate(Method.BEDROOMS)))[2]


def test_weights_of_their_own_are_shown(cast, now, calculate, look):
    for number in ("101", "102", "103"):
        set_terms(cast, now, number, weight=Decimal("1.25"))
    page = look(calculate(Method.CUSTOM_WEIGHT))
    assert "Weight set Weight" in head_of(page)


def test_a_mix_is_shown_by_its_parts(calculate, look):
    mix = [{"method": "square_feet", "percent": "50"}, {"method": "occupants", "percent": "50"}]
    page = look(calculate(Method.MIX, options={"mix": mix}, vacant_unit_occupants=2))
    parts = [text_of(row) for row in page.select('[aria-label="Amount to share"] tbody tr')]
    assert parts == [
        "Square footage 50 % $172.805 2,565 0 2,565",
        "Occupants 50 % $172.805 8 0 8",
    ]
    assert "Square feet People Share" in head_of(page)
    assert "50 % square footage + 50 % occupants; vacant days" in text_of(the(page, ".facts"))


def test_a_rule_that_shares_day_by_day_shows_its_spans(calculate, look):
    move_out("102", date(2026, 3, 11))
    made = calculate(vacancy=VacancyPolicy.OCCUPIED_ONLY, options={"proration": "by_day"})
    page = look(made)
    spans = the(page, '[aria-label="Square footage day by day"] tbody')
    assert text_of(spans).startswith("1 Mar 2026 10")
    assert "11 Mar 2026 21" in text_of(spans)


# --- Fees -------------------------------------------------------------------------------------


@pytest.fixture
def with_fees(calculate):
    return calculate(options={"admin_fee": {"percent": "5", "at_most_cents": 500}})


def test_fees_have_a_column_and_charges_of_their_own(with_fees, look):
    page = look(with_fees)
    assert "Charge Fee Owner" in head_of(page)
    for fee in with_fees.charges.filter(kind=ChargeKind.FEE):
        assert text_of(link(page, url("charge-detail", fee.pk))) in ("$5.00", "$4.44", "$4.41")
    assert "administrative fee 5 % of the charge, at most $5.00" in text_of(the(page, ".facts"))
    assert "= bill $345.61: it adds up to the cent." in proof_of(page)
    total = with_fees.tenants_cents + with_fees.fees_cents
    assert f"with them residents are charged ${total / 100:.2f}" in proof_of(page)
    foot = the(page, '[aria-label="Shares by unit"] tfoot')
    assert f"Tenants + fees ${total / 100:.2f} charged to residents" in text_of(foot)


def test_every_row_of_the_table_is_as_wide_as_its_head(with_fees, look):
    table = the(look(with_fees), '[aria-label="Shares by unit"] table')
    widths = {
        sum(int(str(cell.get("colspan") or 1)) for cell in row.find_all(["td", "th"]))
        for row in table.find_all("tr")
    }
    assert len(widths) == 1


def test_the_approval_names_the_fees_and_the_total(cast, with_fees, now, signed_in):
    submit_calculation(calculation=with_fees, by=cast.manager, now=now)
    client = signed_in(cast.accountant)
    page = check_page(client.get(url("calculation-approve", with_fees.pk)))
    text = text_of(the(page, "main"))
    fees, total = with_fees.fees_cents, with_fees.tenants_cents + with_fees.fees_cents
    assert f"Administrative fees of ${fees / 100:.2f} are charged beside the bill" in text
    assert f"residents are charged ${total / 100:.2f} in all" in text
    assert "3 shares of the bill $345.61 3 administrative fees" in text
    assert text_of(the(page, "main button[type=submit]")) == "Approve 6 charges"


# --- Out of date ------------------------------------------------------------------------------


def test_an_old_calculation_says_by_how_many_dollars(calculate, bill, look):
    made = calculate(common_area_percent=Decimal(10))
    assert "$311.05" in proof_of(look(made))
    UtilityBill.objects.filter(pk=bill.pk).update(amount_cents=44_561)
    text = text_of(the(look(made), "main"))
    assert "all residents together would be charged $90.00 more." in text


def test_an_old_calculation_may_leave_the_total_as_it_was(calculate, look):
    made = calculate()
    Unit.objects.filter(unit_number="101").update(sqft=999)
    assert "would be charged the same, though not each of them" in text_of(the(look(made), "main"))


def test_an_old_calculation_may_not_be_made_again_as_things_stand(calculate, look):
    made = calculate()
    Unit.objects.filter(unit_number="101").update(sqft=None)
    assert "cannot be calculated as things stand now" in text_of(the(look(made), "main"))


# --- The place --------------------------------------------------------------------------------


@pytest.fixture
def in_connecticut(bill):
    Property.objects.filter(pk=bill.property_id).update(state="CT", city="Hartford")
    bill.refresh_from_db()
    return bill


def block_of(calculation: Calculation) -> dict[str, Any]:
    block: dict[str, Any]
    (block,) = [found for found in calculation.findings if found["severity"] == "block"]
    return block


def test_a_place_that_nothing_is_known_of_is_not_said_to_be_free(calculate, look):
    assert "which is not to say that there is none" in text_of(the(look(calculate()), "main"))


def test_what_is_only_to_confirm_or_to_know_does_not_press(bill, calculate, look):
    Property.objects.filter(pk=bill.property_id).update(state="TX", city="Austin")
    page = look(calculate())
    assert "Nothing stands in the way." in text_of(the(page, "main"))
    assert "To confirm" in text_of(the(page, "#place ~ details"))
    assert "16 TAC 24.281" in text_of(the(page, "#place ~ details"))


def test_a_rule_of_the_place_holds_up_the_review(cast, in_connecticut, calculate, look, signed_in):
    made = calculate()
    block = block_of(made)
    page = look(made)
    assert block["citation"] in text_of(page.find(id="blockers"))
    rule_page = url("share-rule-edit", in_connecticut.property_id, "water")
    assert page.select_one(f'#blockers a[href="{rule_page}"]')
    submit = the(page, f'form[action="{url("calculation-submit", made.pk)}"] button')
    assert "disabled" in submit.attrs
    assert page.find("form", action=url("calculation-create", made.bill_id))
    client = signed_in(cast.manager)
    page = check_page(client.post(url("calculation-submit", made.pk), follow=True))
    assert block["citation"] in alert_of(page)


def test_a_rule_that_was_set_aside_is_told_with_who_and_why(
    cast, in_connecticut, calculate, look, now, signed_in
):
    set_aside(
        place=in_connecticut.property,
        utility=Utility.WATER,
        place_rule_id=block_of(calculate())["rule_id"],
        reason="Counsel says the exemption applies.",
        by=cast.accountant,
        now=now,
    )
    made = calculate()
    page = look(made)
    text = text_of(the(page, "main"))
    assert "Set aside by Accountant on 2 Apr 2026: “Counsel says the exemption applies.”" in text
    assert not page.find(id="blockers")
    submit_calculation(calculation=made, by=cast.manager, now=now)
    page = check_page(signed_in(cast.accountant).get(url("calculation-approve", made.pk)))
    assert "Counsel says the exemption applies." in text_of(the(page, "main"))

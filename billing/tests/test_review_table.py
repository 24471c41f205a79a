"""A calculation beside the last run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.last_run import compare_with_last_run
from billing.models import Calculation, Posting, UnitTerms, Utility, UtilityBill
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.calculations import calculate_bill
from billing.tests.acts import post, run_workers
from billing.tests.desk import Desk
from billing.tests.small_place import small_bill
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import Lease, LeaseStatus, Unit
from portfolios.tests.pages import check_page, text_of, the


def enter(bill: UtilityBill, *, by, now, **changes) -> UtilityBill:
    entry = BillEntry(
        utility=Utility(bill.utility),
        account_number=bill.account_number,
        period=Period(bill.period_end, date(2026, 5, 1)),
        amount=Cents(bill.amount_cents),
    )
    return enter_bill(place=bill.property, entry=replace(entry, **changes), by=by, now=now)


@pytest.fixture
def next_bill(cast, approved, now) -> UtilityBill:
    return enter(approved.bill, by=cast.manager, now=now, amount=Cents(6_000_00))


def page_of(calculation: Calculation, client, show: str = ""):
    where = reverse("billing:calculation-detail", args=[calculation.pk])
    return check_page(client.get(where, {"show": show} if show else {}))


def rows_of(page) -> list[str]:
    return [text_of(row) for row in page.select('[aria-label="Shares by unit"] tbody tr')]


def test_every_reason_is_shown_with_its_dollars(cast, approved, next_bill, now, signed_in):
    made = calculate_bill(bill=next_bill, by=cast.manager, now=now)

    page = page_of(made, signed_in(cast.viewer))

    before, after = (
        {charge.unit_label: charge.amount_cents for charge in calculation.charges.all()}
        for calculation in (approved, made)
    )
    more = (after["101"] - before["101"]) / 100
    row = next(row for row in rows_of(page) if row.startswith("101 "))
    assert f"+${more:,.2f}" in row
    assert row.endswith(f"Bill +${more:,.2f}")


def test_the_first_bill_of_an_account_is_compared_with_nothing(cast, bill, now, signed_in):
    made = calculate_bill(bill=bill, by=cast.manager, now=now)

    page = page_of(made, signed_in(cast.viewer))

    assert compare_with_last_run(made) is None
    assert "No approved bill of this account before this one" in text_of(the(page, "main"))


@pytest.mark.parametrize(
    "changes",
    [
        {"account_number": "another account"},
        {"period": Period(date(2026, 4, 1), date(2026, 7, 1))},
        {"period": Period(date(2026, 9, 1), date(2026, 10, 1))},
        {"amount": Cents(-50_00)},
    ],
)
def test_what_does_not_compare_is_not_compared(cast, approved, now, changes):
    other = enter(approved.bill, by=cast.manager, now=now, **changes)

    assert compare_with_last_run(calculate_bill(bill=other, by=cast.manager, now=now)) is None


def test_use_counts_only_in_the_same_unit(cast, approved, now):
    bill = approved.bill
    UtilityBill.objects.filter(pk=bill.pk).update(usage=Decimal(100), usage_unit="kgal")
    approved.refresh_from_db()
    same = enter(bill, by=cast.manager, now=now, usage=Decimal(120), usage_unit="kgal")
    run = compare_with_last_run(calculate_bill(bill=same, by=cast.manager, now=now))
    assert run is not None
    assert {"use", "rate"} == {
        reason for change in run.changes.values() for reason in change.reasons
    }

    UtilityBill.objects.filter(pk=same.pk).update(usage_unit="CCF")
    made = Calculation.objects.select_related("bill").get(bill=same)
    run = compare_with_last_run(made)
    assert run is not None
    assert not any(change.parts for change in run.changes.values())


def test_a_new_lease_and_large_changes_can_be_looked_at_alone(
    cast, approved, next_bill, now, signed_in
):
    lease = Lease.objects.filter(unit__unit_number="101").latest("pk")
    Lease.objects.filter(pk=lease.pk).update(propexo_lease_id="lease_new")
    UtilityBill.objects.filter(pk=next_bill.pk).update(amount_cents=9_000_00)
    next_bill.refresh_from_db()
    made = calculate_bill(bill=next_bill, by=cast.manager, now=now)
    client = signed_in(cast.viewer)

    new = rows_of(page_of(made, client, "new"))
    large = rows_of(page_of(made, client, "changed"))

    assert len(new) == 1
    assert new[0].startswith("101 ")
    assert "New lease" in new[0]
    assert len(large) == made.charges.count() - 1
    assert rows_of(page_of(made, client, "nonsense")) == rows_of(page_of(made, client))


def test_a_filter_without_a_unit_says_so(cast, approved, next_bill, now, signed_in):
    made = calculate_bill(bill=next_bill, by=cast.manager, now=now)

    rows = rows_of(page_of(made, signed_in(cast.viewer), "not_positive"))

    assert rows == ["No unit is like that. The totals below are those of all units."]


def test_why_opens_beside_the_table_with_what_its_page_says(cast, approved, signed_in):
    client = signed_in(cast.viewer)
    charge = approved.charges.first()
    where = reverse("billing:charge-detail", args=[charge.pk])

    drawer = client.get(where, headers={"HX-Request": "true"}).content.decode()
    page = client.get(where).content.decode()

    why = drawer[drawer.index("<h2>From the bill") :]
    assert " ".join(why.split()) in " ".join(page.split())
    assert "<h1" not in drawer
    assert f'hx-get="{where}"' in page_of(approved, client).decode()


def heads(page) -> str:
    return text_of(the(page, '[aria-label="Shares by unit"] thead'))


def column_of(page, place: int) -> list[str]:
    rows = page.select('[aria-label="Shares by unit"] tbody tr')
    return [text_of(cells[place]) for row in rows if len(cells := row.select("th, td")) > 3]


def test_the_table_is_sorted_by_the_head_that_was_chosen(cast, approved, signed_in):
    client = signed_in(cast.viewer)
    where = reverse("billing:calculation-detail", args=[approved.pk])

    down = check_page(client.get(where, {"sort": "-charge"}))
    up = check_page(client.get(where, {"sort": "charge"}))

    def charges(page) -> list[Decimal]:
        written = [text for text in column_of(page, 1) if text]
        return [Decimal(text.strip("$").replace(",", "")) for text in written]

    assert charges(down) == sorted(charges(down), reverse=True)
    assert charges(up) == sorted(charges(up))
    # Vacant units and the common area have no charge, and stay at the end either way.
    assert column_of(down, 1)[-4:] == column_of(up, 1)[-4:] == ["", "", "", ""]
    head = the(down, '[aria-label="Shares by unit"] th[aria-sort]')
    assert (text_of(head), head["aria-sort"]) == ("Charge", "descending")


@pytest.mark.parametrize(
    "key", ["unit", "-unit", "owner", "resident", "-days", "share", "last", "-difference"]
)
def test_every_column_sorts_the_same_rows(cast, approved, next_bill, now, signed_in, key):
    made = calculate_bill(bill=next_bill, by=cast.manager, now=now)
    client = signed_in(cast.viewer)
    where = reverse("billing:calculation-detail", args=[made.pk])

    page = check_page(client.get(where, {"sort": key}))

    assert sorted(rows_of(page)) == sorted(rows_of(page_of(made, client)))


def test_a_filter_keeps_the_order_and_the_order_keeps_the_filter(cast, approved, signed_in):
    client = signed_in(cast.viewer)
    where = reverse("billing:calculation-detail", args=[approved.pk])

    page = check_page(client.get(where, {"sort": "-charge", "show": "owner"}))

    links = [str(link["href"]) for link in page.select("thead a, .quick-filters a")]
    assert "?show=owner&sort=-charge#units" in links
    assert any("show=owner" in link and "sort=resident" in link for link in links)
    assert all(link.endswith("#units") for link in links)


def test_what_a_unit_lacks_or_has_for_itself_is_marked_and_can_be_looked_at_alone(
    cast, bill, now, signed_in
):
    unit = Unit.objects.get(unit_number="102")
    Unit.objects.filter(unit_number="101").update(bathrooms=None)
    UnitTerms.objects.create(
        unit=unit, utility=bill.utility, cap_cents=50_00, set_by=cast.manager, set_at=now
    )
    made = calculate_bill(bill=bill, by=cast.manager, now=now)
    client = signed_in(cast.viewer)

    missing, own = (rows_of(page_of(made, client, show)) for show in ("missing", "overridden"))

    assert [row.split()[0] for row in missing] == ["101"]
    assert "No bathrooms" in missing[0]
    assert {row.split()[0] for row in own} == {"102"}
    assert "Own cap $50.00" in own[0]


def test_what_became_of_each_charge_is_shown_once_it_was_posted(
    cast, approved, gateway, settings, now, signed_in
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    client = signed_in(cast.viewer)
    assert "In the PMS" not in heads(page_of(approved, client))

    job = post(approved, by=cast.accountant, gateway=gateway, now=now)
    run_workers(job, gateway=gateway, now=now)
    failed = job.postings.order_by("pk")[0]
    Posting.objects.filter(pk=failed.pk).update(state="rejected", remote_charge_id="")
    page = page_of(approved, client)
    decide = rows_of(page_of(approved, client, "decide"))

    assert "In the PMS" in heads(page)
    states = [text for text in column_of(page, 3) if text]
    assert states.count("Failed") == 1
    assert states.count("Posted") == len(states) - 1
    assert [row.split()[0] for row in decide] == [failed.charge.unit_label]


def test_the_band_names_every_figure_of_the_proof(cast, approved, next_bill, now, signed_in):
    made = calculate_bill(bill=next_bill, by=cast.manager, now=now)

    page = page_of(made, signed_in(cast.viewer))

    band = {
        text_of(the(cell, "dt")): text_of(the(cell, "dd")) for cell in page.select(".band > div")
    }
    assert band["Property"] == made.bill.property.name
    assert band["Service period"] == ("1 Apr 2026 up to 1 May 2026 30 days, post month May 2026")
    assert band["Bill total"] == "$6,000.00"
    assert band["Common area"] == "$600.00"
    assert band["Rounding"] == "$0.00 = bill"
    assert "last" in band["Recovery"]
    assert band["Version"] == "1"


def many_units(place, now, numbers: range) -> None:
    units = Unit.objects.bulk_create(
        Unit(
            property=place,
            propexo_unit_id=f"more_{n:04}",
            unit_number=f"9{n:03}",
            sqft=700 + n,
            bedrooms=1,
            bathrooms=1,
            occupied=True,
            first_seen_at=now,
        )
        for n in numbers
    )
    Lease.objects.bulk_create(
        Lease(
            unit=unit,
            propexo_lease_id=f"lease_{unit.propexo_unit_id}",
            start_date=date(2024, 1, 1),
            end_date=date(2028, 1, 1),
            occupant_count=2,
            status=LeaseStatus.ACTIVE,
            first_seen_at=now,
        )
        for unit in units
    )


def test_the_page_asks_the_database_as_often_for_300_units_as_for_10(cast, now, signed_in):
    bill = small_bill(cast, now)
    many_units(bill.property, now, range(7))
    few = Desk(bill, cast, now)
    few.approve(few.in_review())
    client = signed_in(cast.manager)
    asked = []
    for month, more in ((4, range(0)), (5, range(7, 297))):
        many_units(bill.property, now, more)
        entry = enter(bill, by=cast.manager, now=now, period=_month(month))
        made = calculate_bill(bill=entry, by=cast.manager, now=now)
        with CaptureQueriesContext(connection) as queries:
            page_of(made, client)
        with CaptureQueriesContext(connection) as of_preview:
            sent = {"act": "cap", "amount": "1", "reason": "A leak.", "everyone": "on"}
            check_page(client.post(reverse("billing:bill-terms-preview", args=[made.pk]), sent))
        asked.append((len(queries), len(of_preview)))

    assert asked[0] == asked[1]
    assert asked[0][0] <= 45


def _month(month: int) -> Period:
    return Period(date(2026, month, 1), date(2026, month + 1, 1))

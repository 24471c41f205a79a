"""The queue of approvals: what stands there, how it is narrowed, and approving several."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.models import Approval, BillFlag, Calculation, CalculationState, Utility
from billing.operations.approvals import approve_calculation
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from billing.tests.acts import alert_of
from billing.tests.small_place import small_bill
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import Membership, Role, Unit, User
from portfolios.operations.portfolios import set_second_approval
from portfolios.tests.pages import check_page, text_of, the

QUEUE = reverse("billing:approval-list")
BATCH = reverse("billing:approval-batch")


def submitted(bill, cast, now) -> Calculation:
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    return calculation


def next_bill(bill, cast, now, *, cents: int, utility: Utility = Utility.WATER):
    """Enter the bill of April, or March's of another utility."""
    first = utility == Utility.WATER
    period = Period(date(2026, 4, 1), date(2026, 5, 1)) if first else bill.period
    entry = BillEntry(utility=utility, period=period, amount=Cents(cents))
    return enter_bill(place=bill.property, entry=entry, by=cast.manager, now=now)


@pytest.fixture
def water(cast, now) -> Calculation:
    """Have the water of March in review."""
    return submitted(small_bill(cast, now), cast, now)


@pytest.fixture
def gas(cast, now, water) -> Calculation:
    """Have the gas of March in review as well."""
    rule = water.share_rule
    entry = ShareRuleEntry(method=rule.method, vacancy=rule.vacancy)
    place = water.bill.property
    set_share_rule(place=place, utility=Utility.GAS, entry=entry, by=cast.manager, now=now)
    bill = next_bill(water.bill, cast, now, cents=9_000, utility=Utility.GAS)
    return submitted(bill, cast, now + timedelta(hours=1))


@pytest.fixture
def accountant(cast, signed_in):
    return signed_in(cast.accountant)


def rows_of(page) -> list[str]:
    return [text_of(row) for row in page.select("table[class*=freeze] tbody tr")]


def test_a_row_says_what_an_accountant_should_know(cast, water, accountant):
    (row,) = rows_of(check_page(accountant.get(QUEUE)))
    for words in ("$345.61", "Manager", "no last run", "Maplewood Court Apartments", "Water"):
        assert words in row


def test_it_stands_beside_the_last_run(cast, water, accountant, now):
    approve_calculation(calculation=water, by=cast.accountant, now=now)
    april = submitted(next_bill(water.bill, cast, now, cents=60_000), cast, now)
    accepted = {"cleared_by": cast.manager, "cleared_at": now, "note": "A dry month."}
    spike = {"kind": "spike", "message": "Far from usual.", "found_at": now}
    BillFlag.objects.create(bill=april.bill, **spike, **accepted)

    page = check_page(accountant.get(QUEUE))

    (row,) = rows_of(page)
    assert "3 large changes" in row
    assert "1 flag accepted" in row
    assert "90.0 % as last time" in row
    (mark,) = page.select("span[title*='A dry month.']")
    assert "accepted by Manager" in str(mark["title"])
    assert april.state == CalculationState.IN_REVIEW


def test_what_is_out_of_date_is_marked_and_cannot_be_ticked(water, accountant):
    Unit.objects.filter(unit_number="101").update(sqft=900)

    page = check_page(accountant.get(QUEUE))

    assert "Out of date" in rows_of(page)[0]
    assert not page.select("input[name=calculation]")
    assert rows_of(page)[0].endswith("Look")


def test_old_data_is_marked(water, accountant):
    old = water.prepared_at - timedelta(days=9)
    Calculation.objects.filter(pk=water.pk).update(data_as_of=old, data_in_sync=True)

    (row,) = rows_of(check_page(accountant.get(QUEUE)))

    assert "Old data" in row
    assert "Made during a sync" in row


def test_an_open_flag_stands_in_the_way(water, accountant, now):
    BillFlag.objects.create(bill=water.bill, kind="gap", message="Days are missing.", found_at=now)

    page = check_page(accountant.get(QUEUE))
    assert "Open flag" in rows_of(page)[0]
    accountant.post(reverse("billing:calculation-approve", args=[water.pk]))

    assert not Approval.objects.exists()


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 2),
        ({"q": "maplewood"}, 2),
        ({"q": "nowhere"}, 0),
        ({"utility": "gas"}, 1),
        ({"age": "7"}, 0),
        ({"age": "1"}, 2),
        ({"property": "999999"}, 0),
        ({"property": "9" * 30, "portfolio": "x", "age": "x", "utility": "x", "sort": "x"}, 2),
        ({"show": "mine"}, 2),
        ({"show": "second"}, 0),
    ],
)
def test_the_queue_is_narrowed_down(cast, water, gas, accountant, query, count):
    if query.get("age"):
        Calculation.objects.update(submitted_at=timezone.now() - timedelta(days=2))
    page = check_page(accountant.get(QUEUE, query))
    assert len(rows_of(page)) == count
    if not count:
        assert "No calculation is of this kind" in text_of(page)


def test_portfolios_are_a_choice_for_those_who_have_several(cast, water, accountant, signed_in):
    assert not check_page(accountant.get(QUEUE)).select("select[name=portfolio]")
    Membership.objects.create(user=cast.stranger, portfolio=cast.portfolio, role=Role.VIEWER)
    client = signed_in(cast.stranger)
    assert check_page(client.get(QUEUE)).select("select[name=portfolio]")
    page = check_page(client.get(QUEUE, {"portfolio": cast.portfolio.pk}))
    assert len(rows_of(page)) == 1


@pytest.mark.parametrize("key", ["property", "bill", "tenants", "recovery", "waiting", "prepared"])
def test_the_queue_is_sorted_both_ways(water, gas, accountant, key):
    ways = [rows_of(check_page(accountant.get(QUEUE, {"sort": sort}))) for sort in (key, f"-{key}")]
    assert {*ways[0]} == {*ways[1]}
    if key in ("bill", "tenants", "waiting"):
        assert ways[0] == list(reversed(ways[1]))


def test_others_look_and_have_nothing_to_tick(cast, water, signed_in):
    for person in (cast.manager, cast.viewer):
        page = check_page(signed_in(person).get(QUEUE))
        assert len(rows_of(page)) == 1
        assert not page.select("input[type=checkbox]")
        assert "Approve the ticked" not in text_of(page)
    assert rows_of(check_page(signed_in(cast.stranger).get(QUEUE))) == []


def test_several_are_approved_after_their_totals(cast, water, gas, accountant):
    chosen = {"calculation": [water.pk, gas.pk]}
    page = check_page(accountant.post(BATCH, chosen))
    assert text_of(the(page, "h1")) == "Approve 2 calculations?"
    text = text_of(the(page, "tfoot"))
    assert "$435.61" in text
    assert not Approval.objects.exists()
    assert text_of(the(page, "main button[type=submit]")) == "Approve 2 calculations"

    page = check_page(accountant.post(BATCH, {**chosen, "confirmed": "on"}))

    assert text_of(the(page, "h1")) == "2 of 2 calculations approved"
    states = Calculation.objects.values_list("state", flat=True)
    assert set(states) == {CalculationState.APPROVED}


def test_all_that_are_shown_can_be_chosen_without_ticking(water, gas, accountant):
    page = check_page(accountant.get(QUEUE))
    shown = [field["value"] for field in page.select("input[name=shown]")]
    page = check_page(accountant.post(BATCH, {"shown": shown, "all": "on"}))
    assert text_of(the(page, "h1")) == "Approve 2 calculations?"


def test_each_stands_alone_when_one_has_gone_out_of_date(water, gas, accountant):
    chosen = {"calculation": [water.pk, gas.pk], "confirmed": "on"}
    # Gas goes by the same units; so the bill of one of them changes instead.
    water.bill.__class__.objects.filter(pk=water.bill_id).update(amount_cents=40_000)

    page = check_page(accountant.post(BATCH, chosen))

    assert text_of(the(page, "h1")) == "1 of 2 calculations approved"
    refused, done = (text_of(row) for row in page.select("tbody tr"))
    assert "Not approved" in refused
    assert "out of date: the bill was changed" in refused
    assert "Approved The figures are locked" in done
    assert "Not everything was approved" in alert_of(page)
    water.refresh_from_db()
    gas.refresh_from_db()
    assert (water.state, gas.state) == (CalculationState.IN_REVIEW, CalculationState.APPROVED)


def test_the_question_leaves_out_what_cannot_be_approved(water, gas, accountant):
    water.bill.__class__.objects.filter(pk=water.bill_id).update(amount_cents=40_000)

    page = check_page(accountant.post(BATCH, {"calculation": [water.pk, gas.pk]}))

    assert text_of(the(page, "h1")) == "Approve 1 calculation?"
    assert "left out" in text_of(the(page, ".notice.tone-danger"))
    (kept,) = page.select("input[name=calculation]")
    assert kept["value"] == str(gas.pk)


def test_the_question_says_which_want_a_second_approval(cast, water, gas, accountant, now):
    set_second_approval(portfolio=cast.portfolio, above_cents=20_000, by=cast.accountant, now=now)
    chosen = {"calculation": [water.pk, gas.pk]}
    page = check_page(accountant.post(BATCH, chosen))
    assert "1 calculation of these needs a second approval after yours" in text_of(page)

    page = check_page(accountant.post(BATCH, {**chosen, "confirmed": "on"}))

    assert "1 of 2 approvals It stays in review" in text_of(page)
    title = "1 of 2 calculations approved, 1 waits for a second approval"
    assert text_of(the(page, "h1")) == title
    (row,) = rows_of(check_page(accountant.get(QUEUE, {"show": "second"})))
    assert "1 of 2 approvals" in row
    assert rows_of(check_page(accountant.get(QUEUE, {"show": "mine"}))) == []


def test_sent_twice_it_is_approved_once(water, accountant):
    confirmed = {"calculation": [water.pk], "confirmed": "on"}
    accountant.post(BATCH, confirmed)
    page = check_page(accountant.post(BATCH, confirmed))
    assert "this one is approved" in text_of(page)
    assert Approval.objects.count() == 1


def test_nothing_chosen_is_said(water, accountant):
    page = check_page(accountant.post(BATCH, {}, follow=True))
    assert "Choose the calculations first" in alert_of(page)
    page = check_page(accountant.get(BATCH, follow=True))
    assert len(rows_of(page)) == 1


def test_no_more_than_a_page_at_once(water, accountant):
    page = check_page(accountant.post(BATCH, {"calculation": list(range(1, 30))}, follow=True))
    assert "At most 20" in alert_of(page)


@pytest.mark.parametrize(("who", "status"), [("manager", 403), ("viewer", 403), ("stranger", 404)])
@pytest.mark.parametrize("more", [{}, {"confirmed": "on"}])
def test_nobody_else_approves_several(cast, water, signed_in, who, status, more):
    client = signed_in(getattr(cast, who))
    assert client.post(BATCH, {"calculation": [water.pk], **more}).status_code == status
    assert not Approval.objects.exists()


@pytest.mark.parametrize("key", ["x", "-1", "9" * 30, "999999"])
def test_what_is_no_calculation_is_not_found(water, accountant, key):
    answer = accountant.post(BATCH, {"calculation": [water.pk, key], "confirmed": "on"})
    assert answer.status_code == 404
    assert not Approval.objects.exists()


def test_one_foreign_calculation_spoils_the_whole_choice(cast, water, signed_in):
    person = User.objects.create_user("both")
    Membership.objects.create(user=person, portfolio=cast.portfolio, role=Role.VIEWER)
    answer = signed_in(person).post(BATCH, {"calculation": [water.pk], "confirmed": "on"})
    assert answer.status_code == 403


def test_the_queue_asks_as_often_for_many_units_as_for_few(water, accountant, now):
    def queries_with(count: int) -> int:
        Unit.objects.bulk_create(
            Unit(
                property=water.bill.property,
                propexo_unit_id=f"{count}-{number}",
                unit_number=f"{count}-{number}",
                sqft=700,
                occupied=False,
                first_seen_at=now,
            )
            for number in range(count)
        )
        with CaptureQueriesContext(connection) as captured:
            accountant.get(QUEUE)
        return len(captured)

    assert queries_with(7) == queries_with(290)

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import Calculation, CalculationState, Utility, UtilityBill
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.operations.utility_accounts import keep_accounts_of
from integrations.models import Connection, ConnectionStatus, PropertyLink, ReviewItem, SyncRun
from portfolios.models import Membership, Property
from portfolios.tests.pages import check_page, text_of, the

HERE = reverse("home")


def stats_of(page) -> list[str]:
    return [text_of(stat) for stat in page.select(".stat")]


def stat_of(page, label: str):
    (found,) = [stat for stat in page.select(".stat") if label in text_of(stat)]
    return found


def list_of(client, page, label: str):
    """Follow a number to its list."""
    return check_page(client.get(the(stat_of(page, label), "a")["href"]))


def add_property(cast, connection, now, number: int) -> Property:
    place = Property.objects.create(
        portfolio=cast.portfolio,
        propexo_property_id=f"more_{number}",
        name=f"House {number}",
        created_at=now,
    )
    PropertyLink.objects.create(
        property=place,
        connection=connection,
        imported_by=cast.manager,
        imported_at=now,
        last_synced_at=now,
    )
    SyncRun.objects.create(
        property=place, queued_at=now, state="failed", finished_at=now, error="Refused."
    )
    for month in (1, 3):
        UtilityBill.objects.create(
            property=place,
            utility=Utility.WATER,
            account_number=f"W-{number}",
            period_start=date(2026, month, 1),
            period_end=date(2026, month + 1, 1),
            amount_cents=100_00,
            entered_by=cast.manager,
            entered_at=now,
        )
    keep_accounts_of(place.bills.all(), now=now)
    return place


@pytest.fixture(autouse=True)
def _today(monkeypatch, now):
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer", "stranger"])
def test_everybody_has_a_start_page(cast, signed_in, who):
    page = check_page(signed_in(getattr(cast, who)).get(HERE))
    assert len(stats_of(page)) == 13
    assert all(stat.endswith("0 none") for stat in stats_of(page))


def test_somebody_in_no_portfolio_is_told_whom_to_ask(cast, signed_in):
    Membership.objects.filter(user=cast.stranger).delete()
    page = check_page(signed_in(cast.stranger).get(HERE))
    assert "ask the manager of one, or support" in text_of(page)


def test_an_empty_installation_says_what_to_do_first(cast, signed_in):
    page = check_page(signed_in(cast.manager).get(HERE))
    assert [text_of(step).split()[0] for step in page.select("ol.steps li")] == [
        "Done",
        "Next",
        *["Later"] * 4,
    ]
    assert "Connect your PMS" in text_of(the(page, "ol.steps [aria-current=step]"))


def test_the_next_step_follows_what_was_done(cast, place, signed_in):
    page = check_page(signed_in(cast.manager).get(HERE))
    assert "Set a share rule" in text_of(the(page, "ol.steps [aria-current=step]"))


def test_with_a_bill_there_is_no_need_to_explain(cast, bill, signed_in):
    assert check_page(signed_in(cast.manager).get(HERE)).select("ol.steps") == []


@pytest.mark.parametrize(
    ("who", "mine", "others"),
    [("manager", "Bills to calculate", "Approvals waiting"), ("accountant", "Approvals", "Bills")],
)
def test_each_role_sees_its_own_work_first(cast, bill, signed_in, who, mine, others):
    page = check_page(signed_in(getattr(cast, who)).get(HERE))
    assert mine in text_of(the(page, "section[aria-labelledby=mine]"))
    assert others in text_of(the(page, "section[aria-labelledby=others]"))


def test_a_viewer_is_told_that_nothing_waits_for_him(cast, bill, signed_in):
    page = check_page(signed_in(cast.viewer).get(HERE))
    assert not page.select("section[aria-labelledby=mine]")
    assert "You may look at everything here; nothing waits for you." in text_of(page)


def test_a_bill_moves_from_list_to_list(cast, bill, signed_in, now):
    client = signed_in(cast.manager)

    def shown(label: str) -> int:
        page = check_page(client.get(HERE))
        rows = list_of(client, page, label).select("main tbody tr")
        assert text_of(stat_of(page, label)).split()[-2:] != ["0", "none"]
        return len(rows)

    assert shown("Bills to calculate") == 1
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    assert shown("Calculations to submit") == 1
    submit_calculation(calculation=calculation, by=cast.manager, now=now - timedelta(days=3))
    assert shown("Approvals waiting") == 1
    assert "oldest: 3 days" in text_of(stat_of(check_page(client.get(HERE)), "Approvals"))
    Calculation.objects.update(state=CalculationState.APPROVED)
    assert shown("Approved, to post") == 1
    Calculation.objects.update(state=CalculationState.REJECTED)
    assert shown("Calculations sent back") == 1


def test_connections_and_data_in_trouble_lead_to_their_lists(cast, connection, signed_in, now):
    add_property(cast, connection, now, 1)
    PropertyLink.objects.update(last_synced_at=now - timedelta(days=3))
    Connection.objects.update(status=ConnectionStatus.LOGIN_EXPIRED)
    ReviewItem.objects.create(
        portfolio=cast.portfolio,
        connection=connection,
        kind="odd_value",
        record_kind="unit",
        remote_id="unit_1",
        label="Unit 1",
        message="Odd.",
        found_at=now,
        last_found_at=now,
    )
    client = signed_in(cast.manager)
    page = check_page(client.get(HERE))
    for label in (
        "Connections to renew",
        "Properties with old data",
        "Syncs that failed",
        "Items to review",
    ):
        assert text_of(stat_of(page, label)).removeprefix(label).split()[0] == "1"
        assert the(list_of(client, page, label), "[aria-current=true] .num").get_text() == "1" or (
            label == "Items to review"
        )
    stranger = check_page(signed_in(cast.stranger).get(HERE))
    assert all(stat.endswith("0 none") for stat in stats_of(stranger))


def test_missing_bills_are_shown_by_account_and_month(cast, connection, signed_in, now):
    add_property(cast, connection, now, 1)
    client = signed_in(cast.manager)
    page = check_page(client.get(HERE))
    assert text_of(stat_of(page, "Bills missing")) == "Bills missing 1 to ask for"
    (missing,) = page.select("tbody .tone-danger.month")
    assert missing["aria-label"] == "February 2026: missing, Water of House 1"
    assert "utility=water" in missing["href"]
    assert len(list_of(client, page, "Bills missing").select("tbody .tone-danger.month")) == 1


def test_the_page_takes_the_same_queries_with_one_property_and_with_twenty(
    cast, connection, signed_in, now
):
    client = signed_in(cast.manager)
    add_property(cast, connection, now, 1)
    with CaptureQueriesContext(database) as with_one:
        client.get(HERE)
    for number in range(2, 21):
        add_property(cast, connection, now, number)
    with CaptureQueriesContext(database) as with_twenty:
        client.get(HERE)
    assert len(with_twenty) == len(with_one) <= 24

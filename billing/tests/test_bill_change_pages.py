"""The pages that correct a bill and void one."""

from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import UtilityBill
from billing.operations.approvals import approve_calculation
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.tests.acts import alert_of
from billing.tests.small_place import small_bill
from portfolios.tests.pages import check_page, text_of, the


@pytest.fixture
def bill(cast, now) -> UtilityBill:
    return small_bill(cast, now)


@pytest.fixture
def manager(cast, signed_in):
    return signed_in(cast.manager)


def url(name: str, bill: UtilityBill) -> str:
    return reverse(f"billing:{name}", args=[bill.pk])


def typed(client, bill: UtilityBill, **changes) -> dict[str, str]:
    """Fill the form as it is shown, with a few fields typed over."""
    form = the(check_page(client.get(url("bill-edit", bill))), "main form")
    fields = form.select("input[name]")
    values = {str(field["name"]): str(field.get("value", "")) for field in fields}
    for select in form.select("select"):
        chosen = select.select_one("option[selected]")
        values[str(select["name"])] = str(chosen["value"]) if chosen else ""
    return values | {"reason": "Misread."} | changes


def test_a_manager_corrects_the_amount(manager, bill):
    page = check_page(
        manager.post(url("bill-edit", bill), typed(manager, bill, amount="400.10"), follow=True)
    )

    assert "The bill is changed." in text_of(page)
    assert "$400.10" in text_of(the(page, "main"))
    bill.refresh_from_db()
    assert (bill.amount_cents, bill.utility) == (40_010, "water")


def test_lines_are_shown_to_be_changed(manager, bill):
    lines = {"line_1_kind": "usage", "line_1_amount": "345.61", "line_1_name": "Water used"}
    manager.post(url("bill-edit", bill), typed(manager, bill, **lines))

    page = check_page(manager.get(url("bill-edit", bill)))

    assert the(page, "input[name=line_1_name]")["value"] == "Water used"
    assert "open" in the(page, "main details").attrs
    manager.post(url("bill-edit", bill), typed(manager, bill, line_1_name="Water"))
    assert bill.lines.get().name == "Water"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": ""}, "Why it is changed must be given"),
        ({"amount": "a lot"}, "Amount must be dollars"),
        ({"amount": "0"}, "Amount must not be 0"),
        ({"period_end": "2026-02-01"}, "Service to must be after service from"),
        ({"line_1_kind": "usage", "line_1_amount": "1.00"}, "The lines add up to $1.00"),
    ],
)
def test_bad_input_is_answered_by_a_sentence(manager, bill, changes, sentence):
    page = check_page(manager.post(url("bill-edit", bill), typed(manager, bill, **changes)))

    assert sentence in text_of(page)
    bill.refresh_from_db()
    assert bill.amount_cents == 34_561
    assert not bill.lines.exists()


def test_a_form_that_is_older_than_the_last_change_is_refused(manager, bill):
    stale = typed(manager, bill, amount="1.00")
    manager.post(url("bill-edit", bill), typed(manager, bill, amount="400.10"))

    page = check_page(manager.post(url("bill-edit", bill), stale, follow=True))

    assert "Somebody has changed this bill since you opened it." in text_of(page)
    bill.refresh_from_db()
    assert bill.amount_cents == 40_010


def test_a_manager_voids_a_bill_and_it_can_still_be_looked_at(manager, bill):
    check_page(manager.get(url("bill-void", bill)))
    page = check_page(
        manager.post(url("bill-void", bill), {"reason": "Entered twice."}, follow=True)
    )

    text = text_of(the(page, "main"))
    assert "This bill is voided" in text
    assert "Manager voided it on 2" in text
    assert "Entered twice." in text
    assert not page.select("main form")
    lists = check_page(manager.get(reverse("billing:bill-list")))
    assert not lists.select(f'a[href="{url("bill-detail", bill)}"]')
    for name in ("bill-edit", "bill-void", "calculation-create", "bill-document"):
        assert manager.post(url(name, bill)).status_code == 404


def test_a_calculation_of_a_voided_bill_says_so(manager, bill, cast, now):
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    manager.post(url("bill-void", bill), {"reason": "Entered twice."})

    page = check_page(manager.get(reverse("billing:calculation-detail", args=[calculation.pk])))

    assert "The bill of this calculation was voided." in text_of(page)
    assert not page.select('main form[action*="calculat"]')


def test_without_a_reason_nothing_is_voided(manager, bill):
    page = check_page(manager.post(url("bill-void", bill), {"reason": " "}))
    assert "Reason must be given" in text_of(page)
    assert UtilityBill.objects.filter(pk=bill.pk).exists()


@pytest.mark.parametrize("name", ["bill-edit", "bill-void"])
def test_an_approved_bill_leads_back_and_says_why(manager, bill, cast, now, name):
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    approve_calculation(calculation=calculation, by=cast.accountant, now=now)

    page = check_page(manager.get(url(name, bill), follow=True))

    assert "is approved, so the bill can no longer be changed" in alert_of(page)
    assert not page.select(f'a[href="{url(name, bill)}"]')


@pytest.mark.parametrize("name", ["bill-edit", "bill-void"])
@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("accountant", 403), ("stranger", 404)]
)
def test_others_change_nothing(bill, cast, signed_in, name, who, status):
    client = signed_in(getattr(cast, who))
    assert client.get(url(name, bill)).status_code == status
    assert client.post(url(name, bill), {"reason": "So."}).status_code == status
    if status == 403:
        page = check_page(client.get(url("bill-detail", bill)))
        assert not page.select(f'a[href="{url(name, bill)}"]')

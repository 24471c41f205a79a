"""What looks odd about a bill, and clearing it with a note."""

from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import BillFlag, Calculation, CalculationState, UtilityBill
from billing.tests.acts import alert_of, link
from billing.tests.small_place import small_bill
from portfolios.tests.pages import check_page, text_of, the

NOTE = "The meter was read two days late; the utility confirmed it."


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


@pytest.fixture
def flagged(cast, now, signed_in) -> UtilityBill:
    """Enter a bill that leaves a gap of two days after the last one."""
    first = small_bill(cast, now)
    fields = {
        "utility": "water",
        "period_start": "2026-04-03",
        "period_end": "2026-05-01",
        "amount": "300",
    }
    signed_in(cast.manager).post(url("bill-create", first.property_id), fields)
    return UtilityBill.objects.latest("pk")


@pytest.fixture
def flag(flagged):
    return flagged.flags.get()


def clear(client, flag: BillFlag, note: str = NOTE, **more: object):
    return client.post(url("bill-flag-clear", flag.bill_id, flag.pk), {"note": note}, **more)


def test_whoever_enters_an_odd_bill_is_told(cast, now, signed_in):
    first = small_bill(cast, now)
    fields = {
        "utility": "water",
        "account_number": "B-2",
        "period_start": "2026-03-01",
        "period_end": "2026-04-01",
        "amount": "345.61",
    }
    address = url("bill-create", first.property_id)
    page = check_page(signed_in(cast.manager).post(address, fields, follow=True))
    text = text_of(the(page, "main"))
    assert "Something about it looks odd" in text
    assert "Looks like another bill" in text


def test_an_open_flag_is_shown_with_a_form_to_the_manager_alone(cast, flagged, flag, signed_in):
    address = url("bill-flag-clear", flagged.pk, flag.pk)
    for who in ("manager", "accountant", "viewer"):
        page = check_page(signed_in(getattr(cast, who)).get(url("bill-detail", flagged.pk)))
        assert "There is no bill for the 2 days" in text_of(the(page, "main"))
        assert bool(page.find("form", action=address)) is (who == "manager")


def test_a_flag_is_cleared_with_a_note_that_stays(cast, flagged, flag, signed_in):
    clear(signed_in(cast.manager), flag)
    flag.refresh_from_db()
    assert (flag.cleared_by, flag.note) == (cast.manager, NOTE)
    page = check_page(signed_in(cast.viewer).get(url("bill-detail", flagged.pk)))
    assert f"“{NOTE}”" in text_of(the(page, "main"))
    assert "Manager" in text_of(the(page, ".notice"))


@pytest.mark.parametrize("note", ["", "   ", "x" * 1001])
def test_a_flag_is_not_cleared_without_a_fitting_note(cast, flag, signed_in, note):
    page = check_page(clear(signed_in(cast.manager), flag, note))
    assert "Note" in alert_of(page)
    flag.refresh_from_db()
    assert flag.cleared_at is None


def test_a_flag_is_cleared_once(cast, flag, signed_in):
    client = signed_in(cast.manager)
    clear(client, flag)
    page = check_page(clear(client, flag, "Another word.", follow=True))
    assert "was cleared before, by Manager" in alert_of(page)
    flag.refresh_from_db()
    assert flag.note == NOTE


@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("accountant", 403), ("stranger", 404)]
)
def test_nobody_else_clears_flags(cast, flag, signed_in, who, status):
    assert clear(signed_in(getattr(cast, who)), flag).status_code == status
    flag.refresh_from_db()
    assert flag.cleared_at is None


def test_a_flag_of_another_bill_is_not_there(cast, flagged, flag, signed_in):
    other = UtilityBill.objects.earliest("pk")
    address = url("bill-flag-clear", other.pk, flag.pk)
    assert signed_in(cast.manager).post(address, {"note": NOTE}).status_code == 404


def test_an_open_flag_holds_up_the_review_until_it_is_cleared(cast, flagged, flag, signed_in):
    client = signed_in(cast.manager)
    client.post(url("calculation-create", flagged.pk))
    made = Calculation.objects.get()
    page = check_page(client.get(url("calculation-detail", made.pk)))
    submit = the(page, f'form[action="{url("calculation-submit", made.pk)}"] button')
    assert "disabled" in submit.attrs
    assert page.find(id=submit["aria-describedby"])
    reason = link(page, "#flags")
    assert "Days without a bill before it" in text_of(reason)

    page = check_page(client.post(url("calculation-submit", made.pk), follow=True))
    assert "There is no bill for the 2 days" in alert_of(page)
    made.refresh_from_db()
    assert made.state == CalculationState.DRAFT

    clear(client, flag)
    client.post(url("calculation-submit", made.pk))
    made.refresh_from_db()
    assert made.state == CalculationState.IN_REVIEW

"""Choosing units of a calculation, the preview of what would change, and the act."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse

from billing.models import BillTerms, Calculation, UtilityBill
from billing.tests.acts import alert_of
from billing.tests.desk import Desk
from billing.tests.every_method import put_in_force
from billing.tests.small_place import small_bill
from billing.tests.test_bill_terms import EQUAL, charged, next_bill
from portfolios.models import Lease, LeaseStatus, Unit
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db

FIRST, SECOND = "unit_001_0001", "unit_001_0002"


@pytest.fixture
def desk(cast, now) -> Desk:
    """Put a bill of $300 for three units on the desk, shared in equal parts."""
    bill = small_bill(cast, now)
    UtilityBill.objects.filter(pk=bill.pk).update(amount_cents=300_00)
    bill.refresh_from_db()
    put_in_force(bill, EQUAL, by=cast.manager, now=now)
    return Desk(bill, cast, now)


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


def preview(client, made: Calculation, **changes) -> BeautifulSoup:
    sent = {"act": "cap", "amount": "50", "reason": "A leak.", "unit": [FIRST]} | changes
    return check_page(client.post(url("bill-terms-preview", made.pk), sent))


def sent_by(page: BeautifulSoup) -> dict[str, list[str]]:
    """Give what the page's confirmation would send."""
    form = the(page, "main form")
    found: dict[str, list[str]] = {}
    for field in form.select("input[type=hidden]"):
        found.setdefault(str(field["name"]), []).append(str(field["value"]))
    return found


def test_the_preview_shows_units_tenants_and_owner_before_and_after(desk, cast, signed_in):
    made = desk.calculate()

    page = preview(signed_in(cast.manager), made, unit=[FIRST, SECOND])

    assert text_of(the(page, "h1")) == "Cap 2 units at $50.00, on this bill alone?"
    owner = text_of(the(page, '[aria-label="Who bears the bill, before and after"]'))
    assert "All tenants $300.00 $200.00" in owner
    assert "Owner $0.00 $100.00" in owner
    rows = the(page, '[aria-label="Units before and after"]').select("tbody tr")
    assert [text_of(row) for row in rows] == [
        "101 $100.00 $50.00 −$50.00",
        "102 $100.00 $50.00 −$50.00",
    ]
    assert "the next bill follows the rule" in text_of(page)
    assert (BillTerms.objects.count(), Calculation.objects.count()) == (0, 1)


def test_the_confirmation_calculates_again_and_says_so(desk, cast, signed_in):
    made = desk.calculate()
    client = signed_in(cast.manager)
    page = preview(client, made)
    form = the(page, "main form")
    assert text_of(the(form, "button")) == "Cap 1 unit at $50.00 and calculate again"

    response = client.post(str(form["action"]), sent_by(page), follow=True)

    new = Calculation.objects.get(version=2)
    assert charged(new) == {"101": 50_00, "102": 100_00, "103": 100_00}
    assert response.redirect_chain[-1][0] == url("calculation-detail", new.pk)
    text = text_of(the(check_page(response), "main"))
    assert "Version 2 is calculated with what you set for 1 unit." in text
    table = text_of(the(check_page(response), '[aria-label="Set on this bill alone"]'))
    assert "101 Cap $50.00 A leak. Manager" in table


def test_every_act_names_itself(desk, cast, signed_in):
    desk.approve(desk.in_review())
    following = Desk(next_bill(desk), cast, desk.now)
    made = following.calculate()
    client = signed_in(cast.manager)

    titles = {
        act: text_of(the(preview(client, made, act=act, amount=""), "h1"))
        for act in ("excluded", "usual", "rule")
    }

    assert titles == {
        "excluded": "Leave out 1 unit, on this bill alone?",
        "usual": "Charge 1 unit the usual amount, on this bill alone?",
        "rule": "Put 1 unit back under the rule, on this bill alone?",
    }


def test_all_units_that_the_filter_shows_can_be_chosen_at_once(desk, cast, signed_in):
    made = desk.calculate()

    page = preview(signed_in(cast.manager), made, unit=[], everyone="on")

    assert text_of(the(page, "h1")) == "Cap 3 units at $50.00, on this bill alone?"
    assert len(sent_by(page)["unit"]) == 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"unit": []}, "Tick the units that this is for."),
        ({"unit": ["nobody's"]}, "Tick the units that this is for."),
        ({"reason": " "}, "Reason must be given"),
        ({"amount": ""}, "Cap in dollars must be given"),
        ({"amount": "-5"}, "Cap in dollars"),
        ({"act": "gift"}, "What to do must be chosen from the list."),
        ({"act": "excluded"}, "Cap in dollars belongs to a cap only"),
        ({"act": "usual", "amount": ""}, "no approved water charge before this bill for unit 101"),
    ],
)
def test_what_is_wrong_is_answered_on_the_page_of_the_calculation(
    desk, cast, signed_in, changes, sentence
):
    made = desk.calculate()

    page = preview(signed_in(cast.manager), made, **changes)

    assert sentence in alert_of(page)
    ticked = [box["value"] for box in page.select("input[name=unit][checked]")]
    assert ticked == [key for key in changes.get("unit", [FIRST]) if key == FIRST]
    assert BillTerms.objects.count() == 0


def test_what_cannot_be_shared_is_said_before_anything_is_stored(desk, cast, signed_in):
    desk.approve(desk.in_review())
    following = Desk(next_bill(desk), cast, desk.now)
    UtilityBill.objects.filter(pk=following.bill.pk).update(amount_cents=1_00)
    following.bill.refresh_from_db()
    made = following.calculate()

    page = preview(signed_in(cast.manager), made, act="usual", amount="")

    assert alert_of(page)
    assert the(page, "#choose")
    assert BillTerms.objects.count() == 0


def test_a_change_after_the_preview_is_answered_by_a_sentence(desk, cast, signed_in):
    made = desk.calculate()
    client = signed_in(cast.manager)
    page = preview(client, made)
    Unit.objects.filter(unit_number="103").update(sqft=1)

    answer = check_page(client.post(url("bill-terms-set", made.pk), sent_by(page), follow=True))

    assert "has changed since you looked at the preview" in alert_of(answer)
    assert BillTerms.objects.count() == 0


def test_a_confirmation_without_units_stores_nothing(desk, cast, signed_in):
    made = desk.calculate()

    response = signed_in(cast.manager).post(url("bill-terms-set", made.pk), {}, follow=True)

    assert alert_of(check_page(response))
    assert Calculation.objects.count() == 1


def test_an_old_calculation_offers_no_choice_and_refuses_one(desk, cast, signed_in):
    made = desk.calculate()
    Unit.objects.filter(unit_number="103").update(sqft=1)
    client = signed_in(cast.manager)

    page = check_page(client.get(url("calculation-detail", made.pk)))
    sent = {"act": "excluded", "reason": "A leak.", "unit": [FIRST]}
    answer = check_page(client.post(url("bill-terms-preview", made.pk), sent, follow=True))

    assert page.select("#choose, input[name=unit]") == []
    assert "cannot be changed" in alert_of(answer)


def test_a_unit_with_two_leases_has_one_tick(desk, cast, signed_in):
    unit = Unit.objects.get(unit_number="101")
    Lease.objects.filter(unit=unit).update(start_date="2026-03-16")
    Lease.objects.create(
        unit=unit,
        propexo_lease_id="lease_before",
        start_date="2024-01-01",
        end_date="2026-03-16",
        status=LeaseStatus.PAST,
        first_seen_at=desk.now,
    )
    made = desk.calculate()

    page = check_page(signed_in(cast.manager).get(url("calculation-detail", made.pk)))

    assert made.charges.filter(unit=unit).count() == 2
    assert len(page.select(f'input[name=unit][value="{FIRST}"]')) == 1


@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("accountant", 403), ("stranger", 404)]
)
def test_only_a_manager_may(desk, cast, signed_in, who, status):
    made = desk.calculate()
    client = signed_in(getattr(cast, who))
    sent = {"act": "excluded", "reason": "A leak.", "unit": [FIRST]}

    for name in ("bill-terms-preview", "bill-terms-set"):
        assert client.post(url(name, made.pk), sent).status_code == status
        assert client.get(url(name, made.pk)).status_code == 405
    if status == 403:
        page = check_page(client.get(url("calculation-detail", made.pk)))
        assert page.select("#choose, input[name=unit]") == []
    assert BillTerms.objects.count() == 0

"""What can be done from a calculation's page: clear a flag, sync again, and what keeps one away."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse

from billing.models import BillFlag, Calculation
from billing.tests.acts import alert_of, link
from billing.tests.desk import Desk
from billing.tests.small_place import small_bill
from integrations.models import PropertyLink
from portfolios.models import Membership, Role, Unit
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(cast, now) -> Desk:
    """Put a bill for three units on the desk."""
    return Desk(small_bill(cast, now), cast, now)


@pytest.fixture
def flag(desk) -> BillFlag:
    """Find something odd about the bill."""
    return BillFlag.objects.create(
        bill=desk.bill, kind="gap", message="Two days are missing.", found_at=desk.now
    )


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


def page_of(client, made: Calculation) -> BeautifulSoup:
    return check_page(client.get(url("calculation-detail", made.pk)))


def test_a_flag_is_cleared_with_a_reason_without_leaving_the_page(desk, flag, cast, signed_in):
    made = desk.calculate()
    client = signed_in(cast.manager)
    page = page_of(client, made)
    assert "Two days are missing" in text_of(link(page, "#flags"))
    assert page.find(id="flags")
    where = url("calculation-flag-clear", made.pk, flag.pk)
    assert page.find("form", action=where)

    answer = check_page(client.post(where, {"note": "The meter was changed."}, follow=True))

    assert "“The meter was changed.”" in text_of(the(answer, "main"))
    assert answer.find("a", href="#flags") is None
    assert "disabled" not in the(answer, f'form[action="{submit_of(made)}"] button').attrs
    flag.refresh_from_db()
    assert (flag.cleared_by, flag.note) == (cast.manager, "The meter was changed.")


def submit_of(made: Calculation) -> str:
    return url("calculation-submit", made.pk)


def test_a_flag_without_a_reason_stays_open(desk, flag, cast, signed_in):
    made = desk.calculate()
    where = url("calculation-flag-clear", made.pk, flag.pk)

    answer = check_page(signed_in(cast.manager).post(where, {"note": " "}))

    assert "Note must be given" in alert_of(answer)
    flag.refresh_from_db()
    assert flag.cleared_at is None


def test_a_flag_that_was_cleared_is_not_cleared_again(desk, flag, cast, signed_in):
    made = desk.calculate()
    client = signed_in(cast.manager)
    where = url("calculation-flag-clear", made.pk, flag.pk)
    client.post(where, {"note": "First."})

    answer = check_page(client.post(where, {"note": "Second."}, follow=True))

    assert "was cleared before" in alert_of(answer)
    flag.refresh_from_db()
    assert flag.note == "First."


@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("accountant", 403), ("stranger", 404)]
)
def test_only_a_manager_clears_flags(desk, flag, cast, signed_in, who, status):
    made = desk.calculate()
    client = signed_in(getattr(cast, who))
    where = url("calculation-flag-clear", made.pk, flag.pk)

    assert client.post(where, {"note": "Mine."}).status_code == status
    if status == 403:
        assert page_of(client, made).find("form", action=where) is None
    flag.refresh_from_db()
    assert flag.cleared_at is None


def test_a_manager_syncs_the_property_from_here(desk, cast, signed_in):
    made = desk.calculate()
    where = reverse("integrations:property-sync", args=[desk.bill.property_id])

    assert page_of(signed_in(cast.manager), made).find("form", action=where)
    assert page_of(signed_in(cast.viewer), made).find("form", action=where) is None
    PropertyLink.objects.all().delete()
    assert page_of(signed_in(cast.manager), made).find("form", action=where) is None


def test_approve_is_off_with_what_stands_in_the_way(desk, cast, signed_in):
    made = desk.in_review()
    client = signed_in(cast.accountant)
    approve = url("calculation-approve", made.pk)
    assert text_of(link(page_of(client, made), approve)) == "Approve 3 charges…"
    Unit.objects.filter(unit_number="101").update(sqft=1)

    page = page_of(client, made)

    assert page.find("a", href=approve) is None
    button = the(page, '[aria-describedby="approve-blockers"]')
    assert (text_of(button), "disabled" in button.attrs) == ("Approve 3 charges…", True)
    reason = link(page, "#changed")
    assert text_of(reason) == "Out of date: one thing has changed since it was made."
    assert "unit 101 has other square feet" in text_of(the(page, "#changed"))
    assert link(page, url("calculation-reject", made.pk))


def test_approve_is_off_for_whoever_prepared_it(desk, cast, signed_in):
    Membership.objects.filter(user=cast.manager).update(role=Role.ACCOUNTANT)
    made = desk.in_review()

    page = page_of(signed_in(cast.manager), made)

    assert "somebody else has to approve it" in text_of(link(page, "#prepared"))
    assert the(page, "#prepared")
    assert "disabled" in the(page, '[aria-describedby="approve-blockers"]').attrs
    assert page.find("a", href=url("calculation-reject", made.pk)) is None


def test_one_of_two_approvers_is_told_that_another_has_to(desk, cast, signed_in):
    cast.portfolio.second_approval_above_cents = 1
    cast.portfolio.save()
    made = desk.in_review()
    desk.approve(made)

    page = page_of(signed_in(cast.accountant), made)

    assert "1 of 2 approvals" in text_of(the(page, "main"))
    assert "a second person has to" in text_of(link(page, "#approved"))
    assert "disabled" in the(page, '[aria-describedby="approve-blockers"]').attrs


def test_what_was_sent_back_can_be_calculated_again_or_changed(desk, cast, signed_in):
    made = desk.in_review()
    desk.reject(made, "Unit 101 had a leak.")

    page = page_of(signed_in(cast.manager), made)

    assert "Unit 101 had a leak." in text_of(the(page, "main"))
    assert page.find("form", action=url("calculation-create", desk.bill.pk))
    assert the(page, "#choose")

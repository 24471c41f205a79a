"""Approving calculations and sending them back."""

from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import Approval, CalculationState
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.tests.acts import alert_of
from portfolios.models import Membership, Role, Unit
from portfolios.tests.pages import check_page, text_of, the


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


@pytest.fixture
def in_review(cast, bill, now):
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    return calculation


def test_the_list_shows_what_waits(cast, in_review, signed_in):
    page = check_page(signed_in(cast.accountant).get(url("approval-list")))
    text = text_of(the(page, "tbody"))
    assert "$5,661.61" in text
    assert "Manager" in text
    assert text.endswith("Review")


def test_the_list_of_a_stranger_is_empty(cast, in_review, signed_in):
    page = check_page(signed_in(cast.stranger).get(url("approval-list")))
    assert "Nothing waits for approval" in text_of(page)


def test_an_accountant_approves_after_a_question(cast, in_review, signed_in):
    client = signed_in(cast.accountant)
    page = check_page(client.get(url("calculation-detail", in_review.pk)))
    assert page.find("a", href=url("calculation-approve", in_review.pk))
    page = check_page(client.get(url("calculation-approve", in_review.pk)))
    assert text_of(the(page, "h1")).startswith("Approve 45 charges for ")
    assert "March 2026 water?" in text_of(the(page, "h1"))
    assert "of the $5,661.61 bill" in text_of(the(page, "main"))
    assert "changes need a new version" in text_of(the(page, "main"))
    assert text_of(the(page, "main button[type=submit]")) == "Approve 45 charges"
    assert "Keep reviewing" in text_of(the(page, "main"))
    client.post(url("calculation-approve", in_review.pk))
    in_review.refresh_from_db()
    assert in_review.state == CalculationState.APPROVED
    assert Approval.objects.get().decided_by == cast.accountant


def test_an_accountant_sends_back_with_a_reason(cast, in_review, signed_in):
    client = signed_in(cast.accountant)
    check_page(client.get(url("calculation-reject", in_review.pk)))
    client.post(url("calculation-reject", in_review.pk), {"reason": "Unit 304 is too big."})
    in_review.refresh_from_db()
    assert in_review.state == CalculationState.REJECTED
    page = check_page(signed_in(cast.manager).get(url("calculation-detail", in_review.pk)))
    assert "Unit 304 is too big." in text_of(the(page, "main"))


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_sending_back_needs_a_reason_of_some_length(cast, in_review, signed_in, reason):
    client = signed_in(cast.accountant)
    page = check_page(client.post(url("calculation-reject", in_review.pk), {"reason": reason}))
    assert "Reason" in alert_of(page)
    assert not Approval.objects.exists()


@pytest.mark.parametrize(("who", "status"), [("manager", 403), ("viewer", 403), ("stranger", 404)])
@pytest.mark.parametrize("act", ["calculation-approve", "calculation-reject"])
def test_nobody_else_decides(cast, in_review, signed_in, who, status, act):
    client = signed_in(getattr(cast, who))
    assert client.get(url(act, in_review.pk)).status_code == status
    assert client.post(url(act, in_review.pk), {"reason": "No."}).status_code == status
    assert not Approval.objects.exists()


def test_members_who_may_not_approve_are_told_who_may(cast, in_review, signed_in):
    for person in (cast.manager, cast.viewer):
        page = check_page(signed_in(person).get(url("calculation-detail", in_review.pk)))
        assert "Only an accountant of this portfolio can approve." in text_of(page)
        assert not page.find("a", href=url("calculation-approve", in_review.pk))


@pytest.mark.parametrize("act", ["calculation-approve", "calculation-reject"])
def test_whoever_prepared_it_cannot_decide_even_as_an_accountant(cast, in_review, signed_in, act):
    Membership.objects.filter(user=cast.manager).update(role=Role.ACCOUNTANT)
    client = signed_in(cast.manager)
    page = check_page(client.get(url("calculation-detail", in_review.pk)))
    assert "You prepared this calculation" in text_of(the(page, "main"))
    assert not page.find("a", href=url("calculation-approve", in_review.pk))
    for response in (
        client.get(url(act, in_review.pk), follow=True),
        client.post(url(act, in_review.pk), {"reason": "No."}, follow=True),
    ):
        assert "You prepared this calculation" in text_of(
            the(check_page(response), "main [role=alert]")
        )
    in_review.refresh_from_db()
    assert in_review.state == CalculationState.IN_REVIEW


def test_an_old_calculation_cannot_be_approved(cast, in_review, signed_in):
    Unit.objects.filter(unit_number="304").update(sqft=999)
    client = signed_in(cast.accountant)
    for response in (
        client.get(url("calculation-approve", in_review.pk), follow=True),
        client.post(url("calculation-approve", in_review.pk), follow=True),
    ):
        assert "out of date" in alert_of(check_page(response))
    assert not Approval.objects.exists()


def test_a_decision_is_made_once(cast, in_review, signed_in):
    client = signed_in(cast.accountant)
    client.post(url("calculation-approve", in_review.pk))
    page = check_page(client.post(url("calculation-approve", in_review.pk), follow=True))
    assert "this one is approved" in alert_of(page)
    page = check_page(client.get(url("calculation-reject", in_review.pk), follow=True))
    assert "there is nothing to decide" in alert_of(page)
    assert Approval.objects.count() == 1

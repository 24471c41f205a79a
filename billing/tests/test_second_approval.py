"""Two people approve what residents are charged above the portfolio's amount."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from billing.approval_tiers import approvals_of
from billing.models import Approval, CalculationState, Decision
from billing.operations.approvals import (
    AlreadyApproved,
    OwnWork,
    approve_calculation,
    reject_calculation,
)
from billing.operations.calculations import OutOfDate, WrongState, calculate_bill
from billing.operations.posting_jobs import create_posting_job
from billing.tests.desk import Desk
from billing.tests.small_place import ORDER, gateway_to_nowhere, small_bill
from portfolios.models import AuditEvent, Membership, Role, Unit, User
from portfolios.operations.api_keys import create_api_key
from portfolios.operations.portfolios import set_second_approval
from portfolios.tests.pages import check_page, text_of, the


@pytest.fixture
def second(cast) -> User:
    """Let another accountant into the portfolio."""
    person = User.objects.create_user("second", first_name="Second")
    Membership.objects.create(user=person, portfolio=cast.portfolio, role=Role.ACCOUNTANT)
    return person


def limit(cast, cents, now) -> None:
    set_second_approval(portfolio=cast.portfolio, above_cents=cents, by=cast.accountant, now=now)


@pytest.fixture
def desk(cast, now) -> Desk:
    """Have a bill of which tenants pay more than the portfolio's amount."""
    limit(cast, 10_000, now)
    return Desk(small_bill(cast, now), cast, now)


def test_the_first_approval_leaves_it_in_review_and_the_second_locks_it(desk, second):
    calculation = desk.in_review()
    assert calculation.approvals_needed == 2

    desk.approve(calculation)
    calculation.refresh_from_db()
    assert calculation.state == CalculationState.IN_REVIEW
    assert approvals_of(calculation).words == "1 of 2 approvals"

    approve_calculation(calculation=calculation, by=second, now=desk.now)
    calculation.refresh_from_db()
    assert calculation.state == CalculationState.APPROVED
    assert approvals_of(calculation).words == "2 of 2 approvals"
    verbs = AuditEvent.objects.filter(verb__startswith="calculation.approved").order_by("pk")
    assert [(event.verb, event.actor_name, event.after["approvals"]) for event in verbs] == [
        ("calculation.approved_first", "Accountant", 1),
        ("calculation.approved", "Second", 2),
    ]


def test_nobody_approves_twice(desk, second):
    calculation = desk.in_review()
    desk.approve(calculation)

    with pytest.raises(AlreadyApproved):
        desk.approve(calculation)

    assert calculation.approvals.count() == 1


def test_whoever_prepared_it_is_not_the_second(desk, cast):
    Membership.objects.filter(user=cast.manager).update(role=Role.ACCOUNTANT)
    calculation = desk.in_review()
    desk.approve(calculation)

    with pytest.raises(OwnWork):
        approve_calculation(calculation=calculation, by=cast.manager, now=desk.now)


def test_it_cannot_be_posted_before_the_second_approval(desk, settings, cast):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    calculation = desk.in_review()
    desk.approve(calculation)

    with pytest.raises(WrongState):
        create_posting_job(
            calculation=calculation,
            order=ORDER,
            gateway=gateway_to_nowhere(),
            by=cast.accountant,
            now=desk.now,
        )

    assert not calculation.jobs.exists()


@pytest.mark.parametrize("who", ["first", "second"])
def test_either_may_still_send_it_back(desk, cast, second, who):
    calculation = desk.in_review()
    desk.approve(calculation)
    person = cast.accountant if who == "first" else second

    reject_calculation(calculation=calculation, reason="Too much.", by=person, now=desk.now)

    calculation.refresh_from_db()
    assert calculation.state == CalculationState.REJECTED
    decisions = sorted(Approval.objects.values_list("decision", flat=True))
    assert decisions == [Decision.APPROVED, Decision.REJECTED]


def test_the_second_approval_looks_again_whether_anything_has_changed(desk, second):
    calculation = desk.in_review()
    desk.approve(calculation)
    Unit.objects.filter(unit_number="101").update(sqft=900)

    with pytest.raises(OutOfDate):
        approve_calculation(calculation=calculation, by=second, now=desk.now)


def test_a_new_version_starts_without_approvals(desk, cast):
    calculation = desk.in_review()
    desk.approve(calculation)

    newer = calculate_bill(bill=desk.bill, by=cast.manager, now=desk.now)

    assert approvals_of(newer).words == "0 of 2 approvals"


def test_the_amount_itself_needs_one_approval_only(cast, now):
    desk = Desk(small_bill(cast, now), cast, now)
    calculation = desk.calculate()
    limit(cast, calculation.tenants_cents, now)

    desk.submit(calculation)
    desk.approve(calculation)

    calculation.refresh_from_db()
    assert calculation.state == CalculationState.APPROVED
    assert calculation.approvals_needed == 1


def test_a_lower_amount_counts_for_what_waits_already(cast, now, second):
    desk = Desk(small_bill(cast, now), cast, now)
    calculation = desk.in_review()
    limit(cast, 0, now)

    desk.approve(calculation)

    calculation.refresh_from_db()
    assert calculation.state == CalculationState.IN_REVIEW
    approve_calculation(calculation=calculation, by=second, now=now)
    calculation.refresh_from_db()
    assert (calculation.state, calculation.approvals_needed) == (CalculationState.APPROVED, 2)


def test_a_higher_amount_does_not_free_what_was_submitted_for_two(desk, cast):
    calculation = desk.in_review()
    limit(cast, None, desk.now)

    desk.approve(calculation)

    calculation.refresh_from_db()
    assert calculation.state == CalculationState.IN_REVIEW


def test_what_was_approved_by_one_stays_approved(cast, now):
    desk = Desk(small_bill(cast, now), cast, now)
    calculation = desk.in_review()
    desk.approve(calculation)

    limit(cast, 0, now)

    assert approvals_of(calculation).words == "1 of 1 approvals"


def test_the_pages_say_which_approval_it_is(desk, cast, second, signed_in):
    calculation = desk.in_review()
    url = reverse("billing:calculation-approve", args=[calculation.pk])
    first = signed_in(cast.accountant)
    page = check_page(first.get(url))
    assert "Yours is the first of two approvals" in text_of(the(page, "main"))
    assert text_of(the(page, "main button[type=submit]")) == "Approve 3 charges (first of two)"

    page = check_page(first.post(url, follow=True))
    assert "Your approval is kept: the first of two." in text_of(the(page, "main"))
    assert "1 of 2 approvals" in text_of(the(page, "main"))
    assert not page.find("a", href=url)
    page = check_page(first.get(url, follow=True))
    assert "You have approved this calculation already" in text_of(the(page, "main"))

    other = signed_in(second)
    page = check_page(other.get(url))
    assert "Accountant has approved it. Yours is the second of two" in text_of(the(page, "main"))
    page = check_page(other.post(url, follow=True))
    assert "Approved. The figures are locked" in text_of(the(page, "main"))


def test_the_posting_page_refuses_it(desk, cast, signed_in):
    calculation = desk.in_review()
    desk.approve(calculation)

    url = reverse("billing:posting-create", args=[calculation.pk])
    page = check_page(signed_in(cast.accountant).get(url, follow=True))

    assert "Only an approved calculation can be posted" in text_of(the(page, "main"))
    assert "1 of 2 approvals" in text_of(the(page, "main"))


def test_the_api_says_how_many_approvals_there_are(desk, cast, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    calculation = desk.in_review()
    desk.approve(calculation)
    key = create_api_key(user=cast.accountant, name="test", by=cast.accountant, now=desk.now)

    answer = Client(headers={"Authorization": f"Bearer {key.secret}"}).post(
        "/api/rubs/post-charges",
        {
            "property_id": desk.bill.property_id,
            "bill_id": desk.bill.pk,
            "charge_date": "2026-04-01",
            "charge_code": "UTIL",
            "description": "March 2026 Utility Charge (RUBS)",
            "post_to_pms": True,
        },
        content_type="application/json",
    )

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (409, "not_approved")
    assert error["message"].endswith("is in review with 1 of 2 approvals.")
    assert error["details"] == {"approvals": 1, "approvals_needed": 2}
    assert not calculation.jobs.exists()

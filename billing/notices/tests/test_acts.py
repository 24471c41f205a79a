"""Approvals that wait and calculations that were sent back reach those concerned, and them only."""

from __future__ import annotations

import pytest
from django.core import mail as outbox
from django.db import transaction

from billing.models import Calculation
from billing.operations.approvals import approve_calculation, reject_calculation
from billing.operations.calculations import calculate_bill, submit_calculation
from portfolios.models import Membership, Notice, NoticeKind, NoticeState, Role
from portfolios.notices.sending import send_due_notices

WAITING, BACK = NoticeKind.APPROVAL_WAITING, NoticeKind.SENT_BACK


@pytest.fixture
def submitted(cast, bill, mailable, now) -> Calculation:
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    return calculation


def send(now) -> list[str]:
    send_due_notices(clock=lambda: now)
    return [str(mail.subject) for mail in outbox.outbox]


def test_an_accountant_is_told_that_an_approval_waits(cast, submitted, now):
    (notice,) = Notice.objects.all()
    assert (notice.person, notice.kind) == (cast.accountant, WAITING)

    assert send(now) == ["Approval waiting: Water of Maplewood Court Apartments, March 2026"]

    (mail,) = outbox.outbox
    assert mail.to == ["accountant@example.com"]
    assert f"/billing/calculations/{submitted.pk}/" in mail.body
    assert "Manager has submitted it for your approval." in mail.body


def test_whoever_prepared_it_is_not_told(cast, bill, mailable, now):
    Membership.objects.filter(user=cast.manager).update(role=Role.ACCOUNTANT)
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)

    submit_calculation(calculation=calculation, by=cast.viewer, now=now)

    assert [row.person for row in Notice.objects.filter(kind=WAITING)] == [cast.accountant]


def test_a_submission_that_is_rolled_back_tells_nobody(cast, bill, mailable, now):
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    with transaction.atomic():
        submit_calculation(calculation=calculation, by=cast.manager, now=now)
        transaction.set_rollback(True)

    assert not Notice.objects.exists()


@pytest.mark.parametrize("act", ["approve", "leave", "demote"])
def test_nothing_is_mailed_of_what_waits_for_the_person_no_more(cast, submitted, now, act):
    mine = Membership.objects.filter(user=cast.accountant)
    if act == "approve":
        approve_calculation(calculation=submitted, by=cast.accountant, now=now)
    elif act == "leave":
        mine.delete()
    else:
        mine.update(role=Role.VIEWER)

    assert send(now) == []
    assert Notice.objects.get().state == NoticeState.NOT_WANTED


def test_whoever_prepared_it_is_told_that_it_was_sent_back_and_why(cast, submitted, now):
    reject_calculation(
        calculation=submitted, reason="Unit 204 is vacant.", by=cast.accountant, now=now
    )

    (notice,) = Notice.objects.filter(kind=BACK)
    assert notice.person == cast.manager
    assert send(now) == ["Sent back: Water of Maplewood Court Apartments, March 2026"]
    assert "The reason: Unit 204 is vacant." in outbox.outbox[0].body


def test_what_was_made_anew_meanwhile_is_not_told(cast, submitted, bill, now):
    reject_calculation(calculation=submitted, reason="No.", by=cast.accountant, now=now)
    Calculation.objects.filter(pk=submitted.pk).update(state="superseded")

    assert send(now) == []


def test_no_subject_names_a_resident_or_an_amount(cast, submitted, now):
    (subject,) = send(now)

    assert "$" not in subject
    names = {name for name in submitted.charges.values_list("resident_name", flat=True) if name}
    assert names
    text = subject + str(outbox.outbox[0].body)
    assert not [name for name in names if name in text]

"""A bill that is changed or voided while somebody submits or approves what was made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Event

import pytest

from billing.models import Calculation, CalculationState, UtilityBill
from billing.operations import approvals, calculations
from billing.operations.approvals import approve_calculation
from billing.operations.bill_changes import bill_stamp, change_bill, void_bill
from billing.operations.bills import BillLocked
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.posting.tests.together import SECONDS, at_once, slowly
from billing.queries import changes_since
from billing.tests.small_place import small_bill
from billing.tests.test_bill_changes import MARCH
from meterbase.lib.money import Cents

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_database"),
]


@pytest.fixture
def bill(cast, now) -> UtilityBill:
    return small_bill(cast, now)


@pytest.fixture
def draft(bill, cast, now) -> Calculation:
    return calculate_bill(bill=bill, by=cast.manager, now=now)


@pytest.fixture(params=["void", "change"])
def meddle(request, bill, cast, now) -> Callable[[], object]:
    """Give a function that takes away what the calculation was made from."""

    def void() -> None:
        void_bill(bill=bill, reason="Entered twice.", by=cast.manager, now=now)

    def change() -> None:
        more = replace(MARCH, amount=Cents(99_999))
        seen = bill_stamp(bill)
        change_bill(bill=bill, entry=more, reason="Typed.", seen=seen, by=cast.manager, now=now)

    return {"void": void, "change": change}[request.param]


def after(event: Event, act: Callable[[], object]) -> Callable[[], str]:
    def wait_and_act() -> str:
        event.wait(timeout=SECONDS)
        try:
            act()
        except BillLocked:
            return "refused"
        return "done"

    return wait_and_act


def test_a_bill_stays_as_it_is_while_it_is_approved(bill, draft, meddle, cast, now, monkeypatch):
    submit_calculation(calculation=draft, by=cast.manager, now=now)
    is_checked = slowly(monkeypatch, approvals, "refuse_blocked")

    def approve() -> str:
        approve_calculation(calculation=draft, by=cast.accountant, now=now)
        return "approved"

    assert at_once(approve, after(is_checked, meddle)) == ["approved", "refused"]
    draft.refresh_from_db()
    assert draft.state == CalculationState.APPROVED
    assert changes_since(draft) == ()


def test_a_bill_is_voided_or_changed_after_its_submission_and_not_amid_it(
    bill, draft, meddle, cast, now, monkeypatch
):
    is_checked = slowly(monkeypatch, calculations, "refuse_blocked")
    stood_as = []

    def submit() -> str:
        submit_calculation(calculation=draft, by=cast.manager, now=now)
        return "submitted"

    def look_and_meddle() -> None:
        meddle()
        stood_as.append(Calculation.objects.get(pk=draft.pk).state)

    assert at_once(submit, after(is_checked, look_and_meddle)) == ["submitted", "done"]
    draft.refresh_from_db()
    # What was voided or changed second finds the calculation where the submission left it.
    assert stood_as == [draft.state]
    assert draft.state != CalculationState.DRAFT

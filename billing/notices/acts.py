"""Notices of what somebody does with a calculation; call them in the transaction of the act."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse

from billing.models import Approval, Calculation, UtilityBill
from billing.words import billing_month
from portfolios.access import Action
from portfolios.models import NoticeKind
from portfolios.notices.queue import members_who_may, queue_notice


def about_bill(bill: UtilityBill) -> str:
    """Name a bill without its amount, such as "Water of Maple Court, March 2026"."""
    return f"{bill.get_utility_display()} of {bill.property}, {billing_month(bill)}"


def tell_approval_waits(calculation: Calculation, *, now: datetime) -> None:
    """Tell those who may approve a calculation that it waits for them.

    Effects: queued notices; none for whoever prepared or submitted it.
    """
    portfolio = calculation.bill.property.portfolio
    authors = (calculation.prepared_by_id, calculation.submitted_by_id)
    approvers = members_who_may(portfolio, Action.APPROVE)
    queue_notice(
        kind=NoticeKind.APPROVAL_WAITING,
        subject=str(calculation.pk),
        about=about_bill(calculation.bill),
        path=_path(calculation),
        portfolio=portfolio,
        people=[person for person in approvers if person.pk not in authors],
        now=now,
    )


def tell_sent_back(approval: Approval, *, now: datetime) -> None:
    """Tell those who prepared and submitted a calculation that it was sent back.

    Effects: queued notices.
    """
    calculation = approval.calculation
    authors = [calculation.prepared_by, calculation.submitted_by]
    queue_notice(
        kind=NoticeKind.SENT_BACK,
        subject=str(calculation.pk),
        about=about_bill(calculation.bill),
        path=_path(calculation),
        portfolio=calculation.bill.property.portfolio,
        people=[person for person in authors if person is not None],
        now=now,
    )


def _path(calculation: Calculation) -> str:
    return reverse("billing:calculation-detail", args=[calculation.pk])

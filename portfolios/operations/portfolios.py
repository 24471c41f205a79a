"""Making portfolios and letting people in."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portfolios.models import Membership, Portfolio, Role, User
from portfolios.operations.audit import record_event


@transaction.atomic
def create_portfolio(*, name: str, by: User, now: datetime) -> Portfolio:
    """Make a portfolio whose first manager is the person who made it.

    Effects: a portfolio, a membership, an audit event.
    """
    portfolio = Portfolio.objects.create(name=name, created_at=now)
    Membership.objects.create(user=by, portfolio=portfolio, role=Role.MANAGER)
    record_event(verb="portfolio.created", subject=portfolio, by=by, now=now)
    return portfolio


@transaction.atomic
def set_role(
    *, user: User, portfolio: Portfolio, role: Role, by: User | None, now: datetime
) -> None:
    """Give a person a role in a portfolio, in place of any that they had.

    Effects: a membership, an audit event.
    """
    had = Membership.objects.filter(user=user, portfolio=portfolio).first()
    Membership.objects.update_or_create(
        user=user, portfolio=portfolio, defaults={"role": role.value}
    )
    record_event(
        verb="membership.set",
        subject=portfolio,
        by=by,
        now=now,
        before={"user": user.username, "role": had.role if had else None},
        after={"user": user.username, "role": role.value},
    )


@transaction.atomic
def set_approval_rules(
    *,
    portfolio: Portfolio,
    above_cents: int | None,
    approve_by_day: int | None,
    by: User,
    now: datetime,
) -> None:
    """Say how many people approve, and by which day of the month; None sets no such rule.

    Units: cents.
    Effects: those of `set_second_approval` and `set_approve_by_day`, all or none.
    """
    set_second_approval(portfolio=portfolio, above_cents=above_cents, by=by, now=now)
    set_approve_by_day(portfolio=portfolio, day=approve_by_day, by=by, now=now)


def set_second_approval(
    *, portfolio: Portfolio, above_cents: int | None, by: User, now: datetime
) -> None:
    """Say above which amount a second person has to approve; None asks for one approval only.

    Shape: a higher amount does not free what waits for two approvals already.
    Units: cents.
    Effects: the portfolio carries the amount; an audit event, where anything changes.
    """
    _set(portfolio, "second_approval_above_cents", above_cents, by=by, now=now)


def set_approve_by_day(*, portfolio: Portfolio, day: int | None, by: User, now: datetime) -> None:
    """Say by which day of the month of its charges a calculation is to be approved; None by none.

    Effects: the portfolio carries the day; an audit event, where anything changes.
    """
    _set(portfolio, "approve_by_day", day, by=by, now=now)


_VERBS = {
    "second_approval_above_cents": "portfolio.second_approval_set",
    "approve_by_day": "portfolio.approve_by_day_set",
}


@transaction.atomic
def _set(portfolio: Portfolio, field: str, value: int | None, *, by: User, now: datetime) -> None:
    before = getattr(Portfolio.objects.select_for_update().get(pk=portfolio.pk), field)
    setattr(portfolio, field, value)
    if before == value:
        return
    portfolio.save(update_fields=[field])
    record_event(
        verb=_VERBS[field],
        subject=portfolio,
        by=by,
        now=now,
        before={field: before},
        after={field: value},
    )

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
def set_second_approval(
    *, portfolio: Portfolio, above_cents: int | None, by: User, now: datetime
) -> None:
    """Say above which amount a second person has to approve; None asks for one approval only.

    Shape: a higher amount does not free what waits for two approvals already.
    Units: cents.
    Effects: the portfolio carries the amount; an audit event, where anything changes.
    """
    current = Portfolio.objects.select_for_update().get(pk=portfolio.pk)
    before = current.second_approval_above_cents
    portfolio.second_approval_above_cents = above_cents
    if before == above_cents:
        return
    portfolio.save(update_fields=["second_approval_above_cents"])
    record_event(
        verb="portfolio.second_approval_set",
        subject=portfolio,
        by=by,
        now=now,
        before={"second_approval_above_cents": before},
        after={"second_approval_above_cents": above_cents},
    )

"""Queueing notices: rows, written in the transaction of what they tell of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Max

from portfolios.access import ALLOWED, Action
from portfolios.models import Membership, Notice, NoticeKind, NoticeState, Portfolio, User
from portfolios.notices.choices import wishes_of

# After a mail, more of the same kind is gathered for so long, and then sent as one.
GATHER_FOR = timedelta(minutes=10)

NO_ADDRESS = "No e-mail address is known."


def members_who_may(portfolio: Portfolio, action: Action) -> list[User]:
    """List the people who may do something in a portfolio."""
    roles = [role for role, actions in ALLOWED.items() if action in actions]
    members = Membership.objects.filter(portfolio=portfolio, role__in=roles)
    return [member.user for member in members.select_related("user").order_by("user")]


def queue_notice(
    *,
    kind: NoticeKind,
    subject: str,
    about: str,
    path: str,
    portfolio: Portfolio | None,
    people: Iterable[User],
    now: datetime,
) -> None:
    """Queue a mail to each person concerned; call it in the transaction of what happened.

    Shape: `subject` names the event: whoever has a notice of it gets no other one. `about` says
        what it is about, without residents and amounts: it goes into the mail's subject line.
    Effects: a row for each person, also for those who do not want a mail: it says why not.
    """
    concerned = list({person.pk: person for person in people}.values())
    wishes = wishes_of(concerned)
    last = _last_mailed(concerned, kind, now)
    notices = []
    for person in concerned:
        notice = Notice(
            kind=kind,
            subject=subject,
            person=person,
            portfolio=portfolio,
            about=one_line(about),
            path=path,
            next_at=last.get(person.pk, now),
            created_at=now,
        )
        refusal = wishes[person.pk].refusal(kind, notice.portfolio_id)
        if not person.email:
            refusal = NO_ADDRESS
        if refusal:
            notice.state, notice.outcome, notice.finished_at = (
                NoticeState.NOT_WANTED,
                refusal,
                now,
            )
        notices.append(notice)
    # Whoever has a notice of this event keeps it as it is.
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def one_line(text: str, *, longest: int = 200) -> str:
    """Write a text so that it can stand in a mail's subject line, whatever is in it."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.split())[:longest]


def _last_mailed(people: list[User], kind: NoticeKind, now: datetime) -> dict[int, datetime]:
    """Tell until when more of a kind is gathered for whom."""
    sent = Notice.objects.filter(
        person__in=people,
        kind=kind,
        state=NoticeState.SENT,
        finished_at__gt=now - GATHER_FOR,
    )
    groups = sent.order_by().values_list("person").annotate(Max("finished_at"))
    return {person_id: last + GATHER_FOR for person_id, last in groups}

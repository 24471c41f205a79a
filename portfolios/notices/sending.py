"""Sending what is queued: claim, ask what there is to say, send, write down what came of it.

A claim is a lease: `next_at` moves on, so that the mail of a worker that died comes up again, but
only if the mail server cannot have had it. Where it may have had it, the notice is given up: a
second mail about the same thing is worse than none, since what waits is on the start page and in
the next digest as well.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.core.mail import EmailMessage
from django.db.models import F, QuerySet

from portfolios.models import Notice, NoticeKind, NoticeState
from portfolios.notices.choices import wishes_of
from portfolios.notices.letters import Letter, compose_mail, write_letter
from portfolios.notices.mail_line import LineDown, MailLine, PerhapsSent, Refused
from portfolios.notices.queue import NO_ADDRESS, one_line

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]

SECONDS = 20.0
# Longer than a worker is allowed to live with one task.
LEASE = timedelta(minutes=5)
KEPT_FOR = timedelta(days=90)

_MINUTE = timedelta(minutes=1)
# While the mail server is down, everything rests for so long between two looks.
_LINE_REST = _MINUTE
_GAPS = (
    _MINUTE,
    5 * _MINUTE,
    15 * _MINUTE,
    60 * _MINUTE,
    180 * _MINUTE,
    360 * _MINUTE,
    720 * _MINUTE,
)
MOST_TRIES = len(_GAPS) + 1
# So many notices of one kind become one mail.
_MOST_IN_ONE = 50
_LONGEST_OUTCOME = 500

_OPEN = (NoticeState.QUEUED, NoticeState.FAILED)
_IN_DOUBT = (
    "The worker was lost while the mail server took the mail: it may have arrived, so it is not "
    "sent again."
)


class LeaseLost(Exception):
    """Another worker has these notices by now; nothing was sent here."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Notices of one kind to one person that this worker has claimed."""

    token: str
    notices: tuple[Notice, ...]


def due_notices(*, now: datetime) -> QuerySet[Notice]:
    """Select what is to be sent now."""
    return Notice.objects.filter(state__in=_OPEN, next_at__lte=now)


def send_due_notices(*, clock: Clock, seconds: float = SECONDS) -> None:
    """Send what is due until the time is up; any number of workers may do so at once.

    Effects: mails; each notice says what became of it. What is left, the sweeper finds.
    """
    until = time.monotonic() + seconds
    line = MailLine()
    try:
        while time.monotonic() < until:
            batch = claim_batch(now=clock())
            if batch is None:
                return
            _work_on(batch, line, clock)
    except LineDown as error:
        _rest(str(error), now=clock())
    finally:
        line.close()


def claim_batch(*, now: datetime) -> Batch | None:
    """Take the notices of the person and kind whose turn it is; None when nothing is due.

    Effects: a try is counted before it is made, so that one that kills its worker ends too.
    """
    while (first := due_notices(now=now).order_by("next_at", "pk").first()) is not None:
        alike = due_notices(now=now).filter(person=first.person_id, kind=first.kind)
        chosen = list(alike.order_by("pk").values_list("pk", flat=True)[:_MOST_IN_ONE])
        token = uuid4().hex
        taken = due_notices(now=now).filter(pk__in=chosen)
        if taken.update(token=token, next_at=now + LEASE, tries=F("tries") + 1):
            mine = Notice.objects.filter(pk__in=chosen, token=token)
            found = mine.select_related("person", "portfolio").order_by("pk")
            return Batch(token, tuple(found))
    return None


def _work_on(batch: Batch, line: MailLine, clock: Clock) -> None:
    written = [
        (notice, letter)
        for notice in batch.notices
        if (letter := _letter(notice, now=clock())) is not None
    ]
    if not written:
        return
    try:
        mail = compose_mail(written)
    except ValueError as error:
        _end([row for row, _ in written], NoticeState.GIVEN_UP, str(error), now=clock())
        return
    _send(mail, [notice for notice, _letter in written], line, clock)


def _letter(notice: Notice, *, now: datetime) -> Letter | None:
    """Get the letter of a notice that is still wanted, or write down why it is not sent."""
    if notice.handed_at is not None:
        _end([notice], NoticeState.GIVEN_UP, _IN_DOUBT, now=now)
        return None
    if notice.tries > MOST_TRIES:
        lost = notice.outcome or f"The worker was lost {MOST_TRIES} times with this mail."
        _end([notice], NoticeState.GIVEN_UP, lost, now=now)
        return None
    refusal = _refusal(notice)
    letter = None if refusal else write_letter(notice, now=now)
    if letter is None:
        nothing = refusal or "There was nothing to tell any more."
        _end([notice], NoticeState.NOT_WANTED, nothing, now=now)
    return letter


def _refusal(notice: Notice) -> str:
    """Say why a person is not mailed, as things stand now."""
    person = notice.person
    if not person.is_active:
        return "The person does not work here any more."
    if not person.email:
        return NO_ADDRESS
    memberships = person.memberships.all()
    if notice.portfolio_id is not None:
        memberships = memberships.filter(portfolio=notice.portfolio_id)
    if not memberships.exists():
        return "The person is not in the portfolio any more."
    wishes = wishes_of([person])[person.pk]
    return wishes.refusal(NoticeKind(notice.kind), notice.portfolio_id)


def _send(mail: EmailMessage, notices: Sequence[Notice], line: MailLine, clock: Clock) -> None:
    def hand_over() -> None:
        _hand_over(mail, notices, now=clock())

    try:
        line.send(mail, before=hand_over)
    except LeaseLost:
        line.close()
        logger.warning("Another worker has notice %s by now", notices[0].pk)
    except Refused as error:
        _fail(notices, str(error), for_good=error.for_good, now=clock())
    except PerhapsSent as error:
        doubt = f"{error} The mail may have arrived, so it is not sent again."
        _end(notices, NoticeState.GIVEN_UP, doubt, now=clock())
    except LineDown as error:
        _fail(notices, str(error), for_good=False, now=clock())
        raise
    else:
        _end(notices, NoticeState.SENT, "", now=clock())


def _hand_over(mail: EmailMessage, notices: Sequence[Notice], *, now: datetime) -> None:
    """Write down, before the mail goes over the line, that from here on it may arrive.

    Errors: LeaseLost.
    """
    mine = _mine(notices)
    held = mine.update(handed_at=now, headline=str(mail.subject), address=mail.to[0])
    if held != len(notices):
        mine.update(handed_at=None)
        raise LeaseLost


def _fail(notices: Sequence[Notice], why: str, *, for_good: bool, now: datetime) -> None:
    """Put off what was certainly not sent, or give it up."""
    for notice in notices:
        if for_good or notice.tries >= MOST_TRIES:
            _end([notice], NoticeState.GIVEN_UP, why, now=now)
            continue
        _mine([notice]).update(
            state=NoticeState.FAILED,
            outcome=_trimmed(why),
            next_at=now + _GAPS[notice.tries - 1],
            token="",
            handed_at=None,
        )


def _end(notices: Sequence[Notice], state: NoticeState, outcome: str, *, now: datetime) -> None:
    _mine(notices).update(state=state, outcome=_trimmed(outcome), finished_at=now, token="")


def _mine(notices: Sequence[Notice]) -> QuerySet[Notice]:
    """Select notices that are still this claim's."""
    keys = [notice.pk for notice in notices]
    return Notice.objects.filter(pk__in=keys, token=notices[0].token)


def _rest(why: str, *, now: datetime) -> None:
    """Let all that is due rest while the mail server is down; that costs none of them a try."""
    logger.warning("Notices wait for the mail server: %s", why)
    due_notices(now=now).update(next_at=now + _LINE_REST)


def _trimmed(text: str) -> str:
    return one_line(text, longest=_LONGEST_OUTCOME)


def forget_old_notices(*, now: datetime) -> int:
    """Delete notices that ended long ago, and tell how many."""
    count, _ = Notice.objects.filter(finished_at__lt=now - KEPT_FOR).delete()
    return count

"""Who gets a notice queued, who does not and why, and never twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portfolios.access import Action
from portfolios.models import (
    NoticeChoice,
    NoticeKind,
    NoticeMute,
    NoticeState,
    NoticeWhen,
)
from portfolios.notices.choices import NoDigest, choose_notices
from portfolios.notices.queue import GATHER_FOR, NO_ADDRESS, members_who_may, one_line
from portfolios.notices.sending import send_due_notices


def test_it_is_queued_for_each_person_once(cast, queue, now):
    queue(people=[cast.accountant, cast.manager, cast.accountant])
    again = queue(people=[cast.accountant, cast.viewer], about="Something else")

    assert [(row.person, row.state) for row in again] == [
        (cast.accountant, "queued"),
        (cast.manager, "queued"),
        (cast.viewer, "queued"),
    ]
    assert again[0].about == "Water of Maple Court, March 1"
    assert {row.next_at for row in again} == {now}


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (NoticeWhen.IN_DIGEST, "Chosen: in the digest only."),
        (NoticeWhen.OFF, "Chosen: never."),
    ],
)
def test_what_a_person_turned_off_is_kept_and_not_mailed(cast, queue, now, choice, said):
    kind = NoticeKind.APPROVAL_WAITING
    NoticeChoice.objects.create(user=cast.accountant, kind=kind, choice=choice)

    (notice,) = queue()

    assert (notice.state, notice.outcome) == (NoticeState.NOT_WANTED, said)
    assert notice.finished_at == now


def test_a_muted_portfolio_is_silent_and_the_others_are_not(cast, queue):
    NoticeMute.objects.create(user=cast.accountant, portfolio=cast.portfolio)

    muted, heard = queue(people=[cast.accountant, cast.manager])

    assert (muted.state, muted.outcome) == ("not_wanted", "Chosen: nothing of this portfolio.")
    assert heard.state == "queued"


def test_without_an_address_nothing_is_mailed(cast, queue):
    cast.accountant.email = ""
    cast.accountant.save()

    (notice,) = queue()

    assert (notice.state, notice.outcome) == ("not_wanted", NO_ADDRESS)


def test_bills_that_are_missing_wait_for_the_digest_as_usual(queue):
    (notice,) = queue(kind=NoticeKind.BILLS_MISSING)

    assert notice.outcome == "Chosen: in the digest only."


def test_after_a_mail_more_of_the_same_kind_is_gathered(cast, queue, now):
    queue("1")
    send_due_notices(clock=lambda: now)
    later = now + timedelta(minutes=3)

    (second,) = queue("2", now=later)
    (other_kind,) = queue("2", now=later, kind=NoticeKind.SENT_BACK)
    (other_person,) = queue("3", now=later, people=[cast.manager])
    (much_later,) = queue("4", now=now + GATHER_FOR + timedelta(seconds=1))

    assert second.next_at == now + GATHER_FOR
    assert {other_kind.next_at, other_person.next_at} == {later}
    assert much_later.next_at == now + GATHER_FOR + timedelta(seconds=1)


def test_those_who_may_are_found_by_their_role(cast):
    assert members_who_may(cast.portfolio, Action.APPROVE) == [cast.accountant]
    assert members_who_may(cast.portfolio, Action.PREPARE) == [cast.manager]
    assert len(members_who_may(cast.portfolio, Action.READ)) == 3


def test_a_text_becomes_one_line():
    assert one_line("Maple\r\nBcc: all@example.com\x00 \u2028 Court") == (
        "Maple Bcc: all@example.com Court"
    )
    assert len(one_line("x" * 500)) == 200


def test_nothing_is_put_into_a_digest_that_is_never_sent(cast):
    choices = dict.fromkeys(NoticeKind, NoticeWhen.OFF)
    choices[NoticeKind.SENT_BACK] = NoticeWhen.IN_DIGEST

    with pytest.raises(NoDigest, match="“A calculation of yours was sent back” is to come in"):
        choose_notices(user=cast.manager, choices=choices, muted=[])
    assert not NoticeChoice.objects.exists()

"""Sending over real SMTP: each mail passes the wire once, whatever the mail server does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from django.db import connection

from portfolios.models import (
    Membership,
    Notice,
    NoticeChoice,
    NoticeKind,
    NoticeState,
    NoticeWhen,
)
from portfolios.notices import letters, sending
from portfolios.notices.again import send_again
from portfolios.notices.sending import (
    KEPT_FOR,
    LEASE,
    MOST_TRIES,
    claim_batch,
    due_notices,
    forget_old_notices,
    send_due_notices,
)


def send(clock) -> None:
    send_due_notices(clock=clock)


def fresh(notice: Notice) -> Notice:
    notice.refresh_from_db()
    return notice


def test_a_mail_passes_the_wire_in_plain_text_and_html(mail_server, queue, clock):
    (notice,) = queue()

    send(clock)

    (mail,) = mail_server.mails
    assert mail["Subject"] == "Approval waiting: Water of Maple Court, March 1"
    assert mail["To"] == "accountant@example.com"
    assert mail["From"] == "MeterBase <meterbase@example.com>"
    assert mail["List-Unsubscribe"] == (
        "<https://meterbase.example.com/portfolios/notices/choices/>"
    )
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = (part.get_content() for part in mail.iter_parts())
    for text in (plain, html):
        assert "This is about Water of Maple Court, March 1." in text
        assert "https://meterbase.example.com/billing/calculations/1/" in text
        assert "https://meterbase.example.com/portfolios/notices/choices/" in text
    assert "<p>Hello Accountant,</p>" in html
    sent = fresh(notice)
    assert (sent.state, sent.address) == ("sent", "accountant@example.com")
    assert (sent.headline, sent.tries) == (mail["Subject"], 1)
    send(clock)
    assert len(mail_server.mails) == 1


def test_what_waits_for_one_person_goes_out_as_one_mail(mail_server, queue, cast, clock):
    queue("1")
    queue("2")
    queue("3", people=[cast.manager])

    send(clock)

    together, alone = mail_server.mails
    assert together["Subject"] == "2 calculations wait for your approval"
    body = next(together.iter_parts()).get_content()
    assert "Water of Maple Court, March 1" in body
    assert "/billing/calculations/2/" in body
    assert alone["To"] == "manager@example.com"
    assert mail_server.connections == 1
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}


def test_names_cannot_add_headers_or_markup(mail_server, queue, cast, clock):
    cast.accountant.first_name = "Ann\r\nBcc: all@example.com <b>"
    cast.accountant.save()
    queue(about="Maple\r\nBcc: all@example.com\r\n\r\n<script>x</script>")

    send(clock)

    (mail,) = mail_server.mails
    assert mail["Bcc"] is None
    assert mail_server.recipients == ["accountant@example.com"]
    html = list(mail.iter_parts())[1].get_content()
    assert "<script>" not in html
    assert "<b>" not in html


def test_an_address_with_a_line_break_is_given_up(mail_server, queue, cast, clock):
    cast.accountant.email = "a@example.com\r\nBcc: all@example.com"
    cast.accountant.save()
    (notice,) = queue()

    send(clock)

    assert mail_server.connections == 0
    assert fresh(notice).state == NoticeState.GIVEN_UP
    assert "newline" in notice.outcome


def test_a_refused_recipient_is_given_up_and_stops_no_other(mail_server, queue, cast, clock):
    mail_server.replies["RCPT"] = ["550 no such user"]
    (refused,) = queue("1")
    (taken,) = queue("2", people=[cast.manager])

    send(clock)

    assert fresh(refused).state == NoticeState.GIVEN_UP
    assert refused.outcome == "The mail server answered 550 no such user."
    assert fresh(taken).state == NoticeState.SENT
    assert [mail["To"] for mail in mail_server.mails] == ["manager@example.com"]


@pytest.mark.parametrize("verb", ["RCPT", "DATA", "BODY"])
def test_a_busy_server_is_asked_again_with_growing_gaps(mail_server, queue, clock, verb):
    mail_server.replies[verb] = ["451 busy", "451 busy"]
    (notice,) = queue()
    gaps = []
    for _ in range(2):
        send(clock)
        assert fresh(notice).state == NoticeState.FAILED
        assert notice.outcome == "The mail server answered 451 busy."
        assert mail_server.mails == []
        gaps.append(notice.next_at - clock())
        clock.time = notice.next_at

    send(clock)

    assert gaps == [timedelta(minutes=1), timedelta(minutes=5)]
    assert fresh(notice).state == NoticeState.SENT
    assert len(mail_server.mails) == 1


def test_a_mail_that_the_server_will_not_have_is_given_up(mail_server, queue, clock):
    mail_server.replies["BODY"] = ["554 looks like spam"]
    (notice,) = queue()

    send(clock)

    assert fresh(notice).state == NoticeState.GIVEN_UP
    assert "554" in notice.outcome


@pytest.mark.parametrize("verb", ["HELLO", "EHLO", "MAIL", "RCPT"])
def test_a_line_that_drops_before_the_mail_is_tried_again(mail_server, queue, clock, verb):
    mail_server.replies[verb] = ["drop"]
    (notice,) = queue()
    send(clock)
    assert fresh(notice).state == NoticeState.FAILED
    assert notice.handed_at is None

    clock.advance(minutes=1)
    send(clock)

    assert fresh(notice).state == NoticeState.SENT
    assert len(mail_server.mails) == 1


@pytest.mark.parametrize(("reply", "arrived"), [("take and drop", 1), ("drop", 0)])
def test_a_line_that_drops_after_the_mail_is_never_sent_twice(
    mail_server, queue, clock, reply, arrived
):
    mail_server.replies["BODY"] = [reply]
    (notice,) = queue()
    send(clock)

    clock.advance(days=1)
    send(clock)

    assert fresh(notice).state == NoticeState.GIVEN_UP
    assert "may have arrived" in notice.outcome
    assert len(mail_server.mails) == arrived


def test_while_the_server_is_down_everything_rests_and_then_goes_out(
    mail_server, queue, cast, clock
):
    mail_server.replies["HELLO"] = ["drop"]
    queue("1")
    queue("2", people=[cast.manager])

    send(clock)

    assert mail_server.connections == 1
    assert not due_notices(now=clock()).exists()
    assert sorted(Notice.objects.values_list("tries", flat=True)) == [0, 1]
    clock.advance(minutes=1)
    send(clock)
    assert len(mail_server.mails) == 2


def test_a_server_that_is_not_there_is_given_up_after_a_day(settings, queue, clock):
    settings.EMAIL_BACKEND = "portfolios.notices.mail_line.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.EMAIL_HOST_USER, settings.EMAIL_USE_TLS = "", False
    (notice,) = queue()
    began = clock()
    for _ in range(MOST_TRIES):
        send(clock)
        clock.time = fresh(notice).next_at

    assert notice.state == NoticeState.GIVEN_UP
    assert "ConnectionRefusedError" in notice.outcome
    assert notice.finished_at is not None
    assert timedelta(hours=20) < notice.finished_at - began < timedelta(days=2)


class Killed(BaseException):
    """The worker's process ends here."""


@pytest.mark.parametrize(
    ("where", "state", "arrived"),
    [
        # Before the mail went over the line: another worker sends it.
        ("compose_mail", NoticeState.SENT, 1),
        # Between the server's answer and our writing it down: never a second mail.
        ("_end", NoticeState.GIVEN_UP, 1),
    ],
)
def test_a_worker_that_is_killed_leaves_one_mail(
    mail_server, queue, clock, monkeypatch, where, state, arrived
):
    (notice,) = queue()

    def die(*_args: object, **_more: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(sending, where, die)
        with pytest.raises(Killed):
            send(clock)
    send(clock)
    assert fresh(notice).state == NoticeState.QUEUED

    clock.advance(seconds=LEASE.total_seconds())
    send(clock)

    assert fresh(notice).state == state
    assert len(mail_server.mails) == arrived


def test_a_worker_that_lost_its_lease_sends_nothing(mail_server, queue, clock, monkeypatch):
    (notice,) = queue()

    def slowly(written: Any) -> Any:
        clock.advance(seconds=LEASE.total_seconds())
        assert claim_batch(now=clock()) is not None
        return compose(written)

    compose = letters.compose_mail
    monkeypatch.setattr(sending, "compose_mail", slowly)

    send(clock)

    assert mail_server.mails == []
    assert fresh(notice).handed_at is None
    assert notice.tries == 2


def test_two_claims_never_hold_the_same_notice(queue, now):
    queue()

    first, second = claim_batch(now=now), claim_batch(now=now)

    assert first is not None
    assert second is None


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in anyway")
@pytest.mark.django_db(transaction=True)
def test_many_workers_send_each_mail_once(mail_server, queue, cast, clock):
    for number in range(20):
        queue(str(number), people=[cast.accountant, cast.manager, cast.viewer])

    def work(_number: int) -> None:
        try:
            send(clock)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert len(mail_server.mails) == 3
    assert set(Notice.objects.values_list("state", "tries")) == {("sent", 1)}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda cast: Membership.objects.filter(user=cast.accountant).delete(), "not in the"),
        (lambda cast: _save(cast.accountant, email=""), "No e-mail address"),
        (lambda cast: _save(cast.accountant, is_active=False), "does not work here"),
        (
            lambda cast: NoticeChoice.objects.create(
                user=cast.accountant, kind="approval_waiting", choice=NoticeWhen.OFF
            ),
            "Chosen: never.",
        ),
    ],
)
def test_it_is_looked_at_again_before_it_is_sent(queue, cast, clock, change, said):
    (notice,) = queue()
    change(cast)

    send(clock)

    assert fresh(notice).state == NoticeState.NOT_WANTED
    assert said in notice.outcome
    assert outbox.outbox == []


def _save(user, **changes: object) -> None:
    for name, value in changes.items():
        setattr(user, name, value)
    user.save()


def test_nothing_is_sent_when_there_is_nothing_to_say_any_more(queue, clock):
    (over,) = queue("1", about="over")
    (still,) = queue("2")

    send(clock)

    assert fresh(over).state == NoticeState.NOT_WANTED
    assert over.outcome == "There was nothing to tell any more."
    assert fresh(still).state == NoticeState.SENT
    assert [mail.subject for mail in outbox.outbox] == [
        "Approval waiting: Water of Maple Court, March 2"
    ]


def test_a_letter_that_cannot_be_written_ends_after_some_tries(queue, clock, settings):
    settings.NOTICE_WRITERS = {"approval_waiting": f"{__name__}.fail_to_write"}
    (notice,) = queue()
    for _ in range(MOST_TRIES):
        with pytest.raises(ZeroDivisionError):
            send(clock)
        clock.advance(seconds=LEASE.total_seconds())

    send(clock)

    assert fresh(notice).state == NoticeState.GIVEN_UP
    assert "lost 8 times" in notice.outcome


def fail_to_write(_notice: Notice, *, now: object) -> None:
    raise ZeroDivisionError


def test_support_sends_again_what_was_given_up(mail_server, queue, cast, clock):
    mail_server.replies["RCPT"] = ["550 no such user"]
    (notice,) = queue()
    send(clock)

    assert send_again(notices=[fresh(notice)], by=cast.manager, now=clock()) == 1
    assert send_again(notices=[fresh(notice)], by=cast.manager, now=clock()) == 0
    send(clock)

    assert fresh(notice).state == NoticeState.SENT
    assert len(mail_server.mails) == 1


def test_old_notices_are_forgotten_and_waiting_ones_never(queue, now, clock):
    queue("1")
    send(clock)
    queue("2", kind=NoticeKind.SENT_BACK)

    assert forget_old_notices(now=now + KEPT_FOR) == 0
    assert forget_old_notices(now=now + KEPT_FOR + timedelta(seconds=1)) == 1
    assert Notice.objects.get().kind == NoticeKind.SENT_BACK

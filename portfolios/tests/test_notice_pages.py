from __future__ import annotations

import pytest
from django.urls import reverse

from portfolios.models import (
    Membership,
    Notice,
    NoticeChoice,
    NoticeKind,
    NoticeMute,
    NoticeState,
    NoticeWhen,
)
from portfolios.notices.choices import USUAL, wishes_of
from portfolios.notices.queue import queue_notice
from portfolios.tests.pages import check_page, text_of, the

LIST = reverse("portfolios:notice-list")
CHOICES = reverse("portfolios:notice-choices")


@pytest.fixture
def notices(cast, now) -> list[Notice]:
    cast.accountant.email = "accountant@example.com"
    cast.accountant.save()
    for number in range(2):
        queue_notice(
            kind=NoticeKind.APPROVAL_WAITING,
            subject=str(number),
            about=f"Water, number {number}",
            path=f"/billing/calculations/{number}/",
            portfolio=cast.portfolio,
            people=[cast.accountant, cast.manager],
            now=now,
        )
    sent = {"state": NoticeState.SENT, "finished_at": now, "handed_at": now}
    where = {"address": "accountant@example.com", "headline": "Approval waiting: Water"}
    Notice.objects.filter(person=cast.accountant, subject="0").update(**sent, **where)
    return list(Notice.objects.order_by("pk"))


def chosen(**changes: object) -> dict[str, object]:
    return {kind.value: choice.value for kind, choice in USUAL.items()} | changes


def test_the_list_shows_what_was_sent_and_when(cast, notices, signed_in):
    page = check_page(signed_in(cast.accountant).get(LIST))

    text = text_of(page)
    assert "Approval waiting: Water To accountant@example.com, 2 Apr 2026, 09:00 UTC" in text
    assert "Waiting to be sent" in text
    assert the(page, 'a[href="/billing/calculations/0/"]').get_text() == "Water, number 0"


def test_the_list_is_given_as_a_file(cast, notices, signed_in):
    answer = signed_in(cast.accountant).get(LIST, {"format": "csv"})

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "Approval waiting: Water,accountant@example.com," in text
    assert "Waiting to be sent" in text


def test_the_list_says_why_something_was_not_mailed(cast, notices, signed_in):
    client = signed_in(cast.manager)
    assert "Nothing was mailed to you yet" in text_of(check_page(client.get(LIST)))

    text = text_of(check_page(client.get(LIST, {"show": "not-mailed"})))

    assert text.count("No e-mail address is known.") == 2
    assert "No e-mail address of yours is known" in text


def test_nobody_sees_the_notices_of_others_nor_of_a_portfolio_that_they_left(
    cast, notices, signed_in
):
    for who in (cast.viewer, cast.stranger):
        assert "Water, number" not in text_of(check_page(signed_in(who).get(LIST)))
    Membership.objects.filter(user=cast.accountant).delete()
    assert "Water, number" not in text_of(check_page(signed_in(cast.accountant).get(LIST)))


@pytest.mark.parametrize("url", [LIST, CHOICES])
def test_nobody_gets_in_without_signing_in(client, db, url):
    assert client.get(url).headers["Location"].startswith("/accounts/login/")


def test_choices_are_kept_and_shown_again(cast, signed_in):
    client = signed_in(cast.accountant)
    answer = client.post(
        CHOICES, chosen(approval_waiting="off", digest="weekly", muted=[cast.portfolio.pk])
    )
    assert answer.headers["Location"] == CHOICES

    wishes = wishes_of([cast.accountant])[cast.accountant.pk]
    assert wishes.of(NoticeKind.APPROVAL_WAITING) == NoticeWhen.OFF
    assert wishes.of(NoticeKind.SENT_BACK) == NoticeWhen.AT_ONCE
    assert wishes.muted == {cast.portfolio.pk}
    page = check_page(client.get(CHOICES))
    shown = the(page, "#id_digest option[selected]")
    assert shown["value"] == "weekly"
    assert the(page, "input[name=muted]").has_attr("checked")
    client.post(CHOICES, chosen())
    assert not NoticeMute.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sent_back": "daily"}, "Choose one of: “At once”, “In the digest only”, “Never”."),
        ({"digest": "at_once"}, "Choose one of: “Monday to Friday”, “On Mondays”, “Never”."),
        ({"digest": ""}, "Choose one of: “Monday to Friday”"),
        ({"muted": ["999999"]}, "Choose among the portfolios that you are in."),
        ({"muted": ["x"]}, "Choose among the portfolios that you are in."),
        ({"digest": "off"}, "“Bills are missing” is to come in the digest"),
    ],
)
def test_a_wrong_choice_is_answered_by_a_sentence_and_stores_nothing(
    cast, signed_in, changes, said
):
    page = check_page(signed_in(cast.viewer).post(CHOICES, chosen(**changes)))

    assert said in text_of(page)
    assert not NoticeChoice.objects.exists()
    assert not NoticeMute.objects.exists()


def test_nobody_mutes_a_portfolio_of_others(cast, signed_in):
    page = check_page(signed_in(cast.stranger).post(CHOICES, chosen(muted=[cast.portfolio.pk])))

    assert "Choose among the portfolios that you are in." in text_of(page)
    assert not NoticeMute.objects.exists()


def test_an_installation_without_a_mail_server_says_so(cast, notices, signed_in, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

    text = text_of(check_page(signed_in(cast.accountant).get(CHOICES)))

    assert "mails only go to its log" in text
    assert "Mails go to accountant@example.com" in text


def test_support_sees_notices_and_sends_them_again(cast, notices, signed_in, now, db):
    support = type(cast.viewer).objects.create_superuser("support", password="correct horse")
    client = signed_in(support)
    Notice.objects.filter(subject="1", person=cast.accountant).update(
        state=NoticeState.GIVEN_UP, outcome="550 no such user", finished_at=now, tries=8
    )
    url = reverse("admin:portfolios_notice_changelist")
    assert "550 no such user" in client.get(url).content.decode()

    keys = [notice.pk for notice in notices]
    answer = client.post(url, {"action": "send_again", "_selected_action": keys}, follow=True)

    assert "1 of 4 notices are queued again." in answer.content.decode()
    again = Notice.objects.get(subject="1", person=cast.accountant)
    assert (again.state, again.tries, again.finished_at) == ("queued", 0, None)
    for name in ("notice", "noticechoice", "noticemute"):
        assert client.get(reverse(f"admin:portfolios_{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:portfolios_{name}_add")).status_code == 403

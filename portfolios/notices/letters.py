"""What a mail says: letters, written by the apps above, and the mail that carries them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Protocol, cast

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.module_loading import import_string

from portfolios.models import Notice, NoticeKind
from portfolios.notices.queue import one_line


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of a list, with the page that it is about; an empty path links nowhere."""

    text: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A list under a title; `remark` says what to do about it."""

    title: str
    lines: tuple[Line, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What there is to say of one event, below what it is about; never a resident's name."""

    sentences: tuple[str, ...]
    sections: tuple[Section, ...] = ()


class Writer(Protocol):
    """Writes the letter of a notice, for its person and as things stand now.

    None when there is nothing to say any more, or not to this person.
    """

    def __call__(self, notice: Notice, *, now: datetime) -> Letter | None:
        """Write the letter."""


_ONE: Mapping[NoticeKind, str] = {
    NoticeKind.APPROVAL_WAITING: "Approval waiting",
    NoticeKind.SENT_BACK: "Sent back",
    NoticeKind.JOB_FAILED: "Charges failed",
    NoticeKind.LOGIN_NEEDED: "New login needed",
    NoticeKind.BILLS_MISSING: "Bills missing",
    NoticeKind.DIGEST: "What waits for you",
}
_MANY: Mapping[NoticeKind, str] = {
    NoticeKind.APPROVAL_WAITING: "calculations wait for your approval",
    NoticeKind.SENT_BACK: "calculations were sent back",
    NoticeKind.JOB_FAILED: "jobs ended with charges that failed",
    NoticeKind.LOGIN_NEEDED: "connections need a new login",
    NoticeKind.BILLS_MISSING: "portfolios lack bills",
    NoticeKind.DIGEST: "digests",
}


def write_letter(notice: Notice, *, now: datetime) -> Letter | None:
    """Ask the app above for the letter of a notice; None when there is nothing to say."""
    path = settings.NOTICE_WRITERS[notice.kind]
    return cast("Writer", import_string(path))(notice, now=now)


def compose_mail(written: Sequence[tuple[Notice, Letter]]) -> EmailMultiAlternatives:
    """Put the letters of one kind to one person into one mail.

    Errors: ValueError when the person's address cannot stand in a mail.
    """
    first = written[0][0]
    headline = _headline([notice for notice, _letter in written])
    choices = absolute(reverse("portfolios:notice-choices"))
    context = {
        "headline": headline,
        "greeting": one_line(str(first.person)),
        "letters": [_shown(notice, letter) for notice, letter in written],
        "choices_url": choices,
    }
    mail = EmailMultiAlternatives(
        subject=headline,
        body=render_to_string("emails/notice.txt", context),
        to=[first.person.email],
        headers={
            "Message-ID": f"<notice-{first.pk}-{first.created_at:%Y%m%d%H%M%S}@{_domain()}>",
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": f"<{choices}>",
        },
    )
    mail.attach_alternative(render_to_string("emails/notice.html", context), "text/html")
    # Whatever is wrong with a header is found here and not on the line to the mail server.
    mail.message()
    return mail


def absolute(path: str) -> str:
    """Write a path as an address that can be followed from a mail."""
    base: str = settings.SITE_URL
    return base.rstrip("/") + path


def _headline(notices: Sequence[Notice]) -> str:
    kind = NoticeKind(notices[0].kind)
    if len(notices) == 1:
        return one_line(f"{_ONE[kind]}: {notices[0].about}")
    return f"{len(notices)} {_MANY[kind]}"


def _shown(notice: Notice, letter: Letter) -> dict[str, object]:
    return {
        "title": one_line(notice.about),
        "url": absolute(notice.path),
        "sentences": letter.sentences,
        "sections": [
            {
                "title": section.title,
                "remark": section.remark,
                "lines": [
                    {"text": line.text, "url": absolute(line.path) if line.path else ""}
                    for line in section.lines
                ],
            }
            for section in letter.sections
        ],
    }


def _domain() -> str:
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    return address.rpartition("@")[2] or "localhost"

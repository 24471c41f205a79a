from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conftest import Cast
from portfolios.models import Notice, NoticeKind, User
from portfolios.notices.letters import Letter
from portfolios.notices.queue import queue_notice
from portfolios.notices.tests.mail_server import MailServer, running_mail_server


def write_plainly(notice: Notice, *, now: object) -> Letter | None:
    """Write the letter of any notice; of what is over there is nothing to say."""
    return None if notice.about == "over" else Letter((f"This is about {notice.about}.",))


@pytest.fixture(autouse=True)
def _plain_letters(settings) -> None:
    path = f"{__name__}.write_plainly"
    settings.NOTICE_WRITERS = dict.fromkeys(NoticeKind.values, path)
    settings.SITE_URL = "https://meterbase.example.com"
    settings.DEFAULT_FROM_EMAIL = "MeterBase <meterbase@example.com>"


@pytest.fixture(autouse=True)
def _addresses(cast: Cast) -> None:
    """Give everybody an address."""
    for user in User.objects.all():
        user.email = f"{user.username}@example.com"
        user.save()
    for name in ("manager", "accountant", "viewer", "stranger"):
        getattr(cast, name).refresh_from_db()


@pytest.fixture
def queue(cast: Cast, now) -> Callable[..., list[Notice]]:
    """Give a function that queues a notice to the accountant."""

    def put(subject: str = "1", **changes: Any) -> list[Notice]:
        values = {
            "kind": NoticeKind.APPROVAL_WAITING,
            "subject": subject,
            "about": f"Water of Maple Court, March {subject}",
            "path": f"/billing/calculations/{subject}/",
            "portfolio": cast.portfolio,
            "people": [cast.accountant],
            "now": now,
            **changes,
        }
        queue_notice(**values)
        found = Notice.objects.filter(kind=values["kind"], subject=subject)
        return list(found.order_by("pk"))

    return put


@pytest.fixture
def mail_server(settings) -> Iterator[MailServer]:
    """Run a real mail server, and point the settings to it."""
    with running_mail_server() as server:
        settings.EMAIL_BACKEND = "portfolios.notices.mail_line.SmtpBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 5
        yield server

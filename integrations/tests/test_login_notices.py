"""The managers hear once of each time that a login expires."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail as outbox

from integrations.expired_logins import note_expired_login
from integrations.models import Connection, ConnectionStatus
from portfolios.models import Notice, NoticeKind, NoticeState
from portfolios.notices.sending import send_due_notices


@pytest.fixture
def row(cast, now) -> Connection:
    cast.manager.email = "manager@example.com"
    cast.manager.save()
    return Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_9",
        pms="yardi_voyager",
        name="Lakeside\r\nBcc: all@example.com",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )


def expire(row: Connection, now) -> None:
    note_expired_login(Connection.objects.filter(pk=row.pk), message="Wrong password.", now=now)


def test_a_manager_is_told_once_however_often_it_is_noticed(cast, row, now):
    expire(row, now)
    expire(row, now)
    send_due_notices(clock=lambda: now)

    (mail,) = outbox.outbox
    assert mail.to == ["manager@example.com"]
    assert mail.subject.startswith("New login needed: Yardi Voyager · Lakeside Bcc:")
    assert "Wrong password." in mail.body
    assert f"/integrations/propexo/connections/{row.pk}/" in mail.body
    assert [notice.person for notice in Notice.objects.all()] == [cast.manager]


def test_the_next_time_is_told_anew(row, now):
    expire(row, now)
    later = now + timedelta(days=1)
    Connection.objects.update(status=ConnectionStatus.ACTIVE, validated_at=later)

    expire(row, later)

    assert Notice.objects.filter(kind=NoticeKind.LOGIN_NEEDED).count() == 2


def test_a_login_that_was_renewed_meanwhile_is_not_told(row, now):
    expire(row, now)
    Connection.objects.update(status=ConnectionStatus.ACTIVE, validated_at=now)

    send_due_notices(clock=lambda: now)

    assert outbox.outbox == []
    assert Notice.objects.get().state == NoticeState.NOT_WANTED

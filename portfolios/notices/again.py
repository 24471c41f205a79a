"""Sending notices once more that did not get through; support does that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from portfolios.models import Notice, NoticeState, User
from portfolios.operations.audit import record_event


@transaction.atomic
def send_again(*, notices: Sequence[Notice], by: User, now: datetime) -> int:
    """Queue notices once more that were given up or wait for their next try; tell how many.

    Shape: one that was given up in doubt may then arrive twice.
    Effects: they are due at once, with all their tries; an audit event for each.
    """
    count = 0
    for notice in notices:
        unsent = Notice.objects.filter(
            pk=notice.pk, state__in=[NoticeState.GIVEN_UP, NoticeState.FAILED], token=""
        )
        queued = unsent.update(
            state=NoticeState.QUEUED,
            next_at=now,
            tries=0,
            handed_at=None,
            finished_at=None,
        )
        if queued:
            record_event(
                verb="notice.queued_again",
                subject=notice,
                by=by,
                now=now,
                before={"state": notice.state, "outcome": notice.outcome},
            )
        count += queued
    return count

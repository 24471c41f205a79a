"""The audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Model

from portfolios.access import portfolio_of
from portfolios.models import AuditEvent, User
from portfolios.models.scope import PortfolioRow

SYSTEM = "MeterBase"


def record_event(
    *,
    verb: str,
    subject: Model,
    by: User | None,
    now: datetime,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    note: str = "",
) -> AuditEvent:
    """Write down an act; call it inside the transaction that makes the change.

    Shape: `verb` is dotted, such as "bill.entered"; `by` is None when MeterBase acts by itself.
    Effects: one row.
    """
    event = describe_event(
        verb=verb, subject=subject, by=by, now=now, before=before, after=after, note=note
    )
    event.save()
    return event


def describe_event(
    *,
    verb: str,
    subject: Model,
    by: User | None,
    now: datetime,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    note: str = "",
) -> AuditEvent:
    """Describe an act as `record_event` does, for many rows that are stored at once."""
    return AuditEvent(
        at=now,
        actor=by,
        actor_name=str(by) if by else SYSTEM,
        portfolio=portfolio_of(subject) if isinstance(subject, PortfolioRow) else None,
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        subject_label=str(subject)[:300],
        before=dict(before or {}),
        after=dict(after or {}),
        note=note,
    )

"""Whether notices get to the mail server."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Min

from meterbase.health.findings import Finding, ok, warning
from portfolios.models import Notice, NoticeState

# A notice is sent within seconds; a gathered or failed one has a later time of its own.
_LATE_BY = timedelta(minutes=10)
_LATELY = timedelta(days=1)


def look_at_notices(*, now: datetime) -> Finding:
    """Look whether notices are sent; charges and syncs do not wait for them."""
    waiting = Notice.objects.filter(state__in=[NoticeState.QUEUED, NoticeState.FAILED])
    failing = waiting.filter(state=NoticeState.FAILED).count()
    late = waiting.filter(next_at__lte=now - _LATE_BY)
    given_up = Notice.objects.filter(
        state=NoticeState.GIVEN_UP, finished_at__gt=now - _LATELY
    ).count()
    oldest = late.aggregate(oldest=Min("next_at"))["oldest"]
    details = {"failing": failing, "given_up_lately": given_up, "due_since": oldest}
    if oldest is not None:
        return warning("Notices have been due for over ten minutes.", **details)
    if failing or given_up:
        return warning(
            "The mail server did not take some notices; the admin lists them.", **details
        )
    return ok("Notices get to the mail server.", **details)

"""Which accounting months the PMS has said to be closed, read from what it refused.

Nothing of it is kept beside the postings: a refusal that was sent again and taken since says
nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import DateField, Max, OuterRef, Subquery
from django.db.models.functions import Cast, Coalesce, TruncMonth

from billing.models import Posting, PostingAttempt, PostingJob, PostingState
from integrations.pms.errors import PeriodClosed
from portfolios.models import Property

# PostgreSQL cuts a day down to a month's first moment, not to its first day.
BOOKED_IN = Coalesce("job__post_month", Cast(TruncMonth("job__charge_date"), DateField()))


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """The latest month that a property's PMS has said to be closed.

    Shape: `month` is its first day; `posting` is a charge that was refused for it.
    """

    month: date
    said_at: datetime
    posting: Posting

    @property
    def next_open(self) -> date:
        """Give the first day of the month after it, the first that may be open."""
        return month_after(self.month)


def latest_closed_month(place: Property) -> ClosedMonth | None:
    """Find the latest month that the PMS has said to be closed, and has taken nothing for since."""
    of_place = Posting.objects.filter(job__calculation__bill__property=place).order_by()
    # A refusal that another job has replaced was told earlier than it moved.
    attempts = PostingAttempt.objects.filter(posting=OuterRef("pk"), finished_at__isnull=False)
    last_told = attempts.order_by("-number").values("finished_at")[:1]
    refused = of_place.filter(error_code=PeriodClosed.code).annotate(
        month=BOOKED_IN, told_at=Coalesce(Subquery(last_told), "state_at")
    )
    for month, said_at in refused.values_list("month").annotate(Max("told_at")).order_by("-month"):
        taken = of_place.annotate(month=BOOKED_IN).filter(
            month=month, state=PostingState.POSTED, state_at__gt=said_at
        )
        if not taken.exists():
            posting = refused.filter(month=month, told_at=said_at).order_by("-pk")[0]
            return ClosedMonth(month, said_at, posting)
    return None


def month_of(job: PostingJob) -> date:
    """Give the first day of the month that a job's charges belong to in the PMS's books."""
    return (job.post_month or job.charge_date).replace(day=1)


def month_after(month: date) -> date:
    """Give the first day of the month after another."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)

"""By when a calculation has to be approved: a day of the month in which it is usually charged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import ExtractMonth, ExtractYear

from billing.models import Calculation, UtilityBill

# Months of 31 days and years of 12 of them keep days in their order, and are computed the same by
# every database.
_MONTH = 31
_YEAR = 12 * _MONTH
_SOON_DAYS = 3


class Urgency(StrEnum):
    """How near a deadline is."""

    LATER = "later"
    SOON = "soon"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which a calculation is approved in time, as seen from a day.

    Units: days; below 0 when it is over.
    """

    day: date
    days_left: int

    @property
    def urgency(self) -> Urgency:
        """Tell how near it is."""
        if self.days_left < 0:
            return Urgency.OVERDUE
        return Urgency.SOON if self.days_left <= _SOON_DAYS else Urgency.LATER

    @property
    def words(self) -> str:
        """Say how far off it is, such as "in 4 days" or "overdue by 2 days"."""
        if self.days_left == 0:
            return "today"
        count = abs(self.days_left)
        span = f"{count} day" if count == 1 else f"{count} days"
        return f"in {span}" if self.days_left > 0 else f"overdue by {span}"


def usual_charge_date(period_end: date) -> date:
    """Give the day on which a bill is charged as a rule: the first of a month once it has ended.

    Shape: `period_end` is the first day after the service.
    """
    if period_end.day == 1:
        return period_end
    return date(period_end.year + period_end.month // 12, period_end.month % 12 + 1, 1)


def deadline_of(bill: UtilityBill, *, today: date) -> Deadline | None:
    """Tell by when a bill's calculation is to be approved; None where the portfolio sets no day."""
    by_day = bill.property.portfolio.approve_by_day
    if by_day is None:
        return None
    day = usual_charge_date(bill.period_end).replace(day=by_day)
    return Deadline(day, (day - today).days)


def with_deadline_rank(calculations: QuerySet[Calculation]) -> QuerySet[Calculation]:
    """Add `deadline_rank`, which sorts by the deadline; without a deadline it is null."""
    end = F("bill__period_end")
    months = Case(When(bill__period_end__day=1, then=Value(0)), default=Value(_MONTH))
    rank: Combinable = ExtractYear(end) * _YEAR + ExtractMonth(end) * _MONTH + months
    rank += F("bill__property__portfolio__approve_by_day")
    return calculations.annotate(
        deadline_rank=Case(
            When(bill__property__portfolio__approve_by_day=None, then=None),
            default=rank,
            output_field=IntegerField(),
        )
    )


def overdue(calculations: QuerySet[Calculation], *, today: date) -> QuerySet[Calculation]:
    """Keep the calculations whose deadline is over."""
    return with_deadline_rank(calculations).filter(Q(deadline_rank__lt=rank_of(today)))


def rank_of(day: date) -> int:
    """Give the place of a day in the order of `deadline_rank`."""
    return day.year * _YEAR + day.month * _MONTH + day.day


def day_of_rank(rank: int) -> date:
    """Give the day that has a place in the order of `deadline_rank`."""
    months, day = divmod(rank - _MONTH - 1, _MONTH)
    year, month = divmod(months, 12)
    return date(year, month + 1, day + 1)

"""Which bills a report is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import (
    DateField,
    DurationField,
    Expression,
    ExpressionWrapper,
    F,
    QuerySet,
    Value,
)
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from billing.models import UtilityBill
from meterbase.lib.months import Months


@dataclass(frozen=True, slots=True)
class Scope:
    """The bills of some months, perhaps of one portfolio, property or utility alone.

    Shape: a bill belongs to the month in which the middle of its service period lies, and so to
        one month exactly; None and the empty utility narrow nothing.
    """

    months: Months
    portfolio: int | None = None
    place: int | None = None
    utility: str = ""

    def keep(self, bills: QuerySet[UtilityBill]) -> QuerySet[UtilityBill]:
        """Keep the bills that the report is about."""
        found = bills.filter(
            _middle_from(self.months.first),
            _middle_before(self.months.end),
            period_end__gt=self.months.first,
            period_start__lt=self.months.end,
        )
        if self.portfolio is not None:
            found = found.filter(property__portfolio=self.portfolio)
        if self.place is not None:
            found = found.filter(property=self.place)
        return found.filter(utility=self.utility) if self.utility else found


def _middle_from(day: date) -> GreaterThanOrEqual:
    """Ask for periods that have no more days before a day than from it on.

    That is the same as their middle not being before the day, without any halves.
    """
    return GreaterThanOrEqual(_days_after(day), _days_before(day))


def _middle_before(day: date) -> LessThan:
    return LessThan(_days_after(day), _days_before(day))


def _days_after(day: date) -> Expression:
    return ExpressionWrapper(F("period_end") - _value(day), output_field=DurationField())


def _days_before(day: date) -> Expression:
    return ExpressionWrapper(_value(day) - F("period_start"), output_field=DurationField())


def _value(day: date) -> Value:
    return Value(day, output_field=DateField())

"""Figures about the rows that a person may see, by SQL that is made once.

For pages that show many figures at once: to put all these questions together takes longer than to
answer them. What is kept is the question, never an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Aggregate, QuerySet, Value

from meterbase.lib.kept_question import KeptValues
from portfolios.models import User


class KeptFigures:
    """What a query set of value lists finds for a person.

    Shape: `rows` are made from `access.rows_to_keep`, and may have blanks of their own.
    """

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        self._kept = KeptValues(rows)

    def of(self, user: User, **values: Any) -> list[Sequence[Any]]:
        """Ask for a person, with these values in the other blanks.

        Errors: ValueError for a program: its key may be confined to some portfolios.
        """
        if user.confined_to is not None:
            raise ValueError("What is kept does not know to which portfolios a key is confined.")
        filled = {name: _written(value) for name, value in values.items()}
        return self._kept.all(member=user.pk, **filled)


def totals(rows: QuerySet[Any], **sums: Aggregate) -> QuerySet[Any, Any]:
    """Sum all rows up, as `aggregate` does, in a query set.

    Shape: one row, with the sums.
    """
    summed: QuerySet[Any, Any] = rows.order_by().annotate(all_rows=Value(1)).values("all_rows")
    found: QuerySet[Any, Any] = summed.annotate(**sums).values_list(*sums)
    return found


def _written(value: Any) -> Any:
    """Write a day or a moment as the database has it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    return value

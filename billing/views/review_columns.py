"""The columns of the review table, and its order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from django.http import QueryDict

from billing.rubs.changes import Change, Reason
from billing.views.breakdown import Breakdown
from meterbase.lib.sorting import Column, Heading, Sorting

if TYPE_CHECKING:
    from billing.views.review_table import ReviewRow

_Value = Fraction | int | str | None

_VALUES: dict[str, Callable[[ReviewRow], _Value]] = {
    "charge": lambda shown: shown.row.charge_cents,
    "fee": lambda shown: shown.row.fee_cents,
    "owner": lambda shown: shown.row.owner_cents,
    "resident": lambda shown: shown.row.resident.casefold() or None,
    "state": lambda shown: shown.states[0].badge.label if shown.states else None,
    "days": lambda shown: shown.row.days,
    "share": lambda shown: shown.row.part,
    "last": lambda shown: shown.last_cents,
    "difference": lambda shown: shown.difference_cents,
    "percent": lambda shown: shown.difference_part,
    "why": lambda shown: shown.unexplained_cents,
}


class ReviewOrder:
    """How the table is sorted; units come in the order in which people count them otherwise."""

    def __init__(
        self, table: Breakdown, query: QueryDict, *, has_last: bool, has_states: bool
    ) -> None:
        columns = tuple(_columns(table, has_last=has_last, has_states=has_states))
        self._sorting = Sorting(columns, query, usual="unit")

    def sort(self, rows: Sequence[ReviewRow]) -> list[ReviewRow]:
        """Put rows in order; those without a value come last, either way."""
        column, downwards = self._sorting.chosen
        if column.key == "unit":
            return list(reversed(rows)) if downwards else list(rows)
        value = _VALUES[column.key]
        known = [row for row in rows if value(row) is not None]
        unknown = [row for row in rows if value(row) is None]
        # Every row here has a value, and those of one column have one type.
        return [*sorted(known, key=value, reverse=downwards), *unknown]  # type: ignore[arg-type]

    def headings(self) -> list[Heading]:
        """Describe the heads; each leads back to the table."""
        return [
            replace(heading, url=f"{heading.url}#units") if heading.url else heading
            for heading in self._sorting.headings()
        ]


def unexplained_cents(change: Change) -> int:
    """Add up what nothing explains of a difference.

    Units: cents, without a sign.
    """
    return sum(abs(part.cents) for part in change.parts if Reason.NONE in part.reasons)


def _columns(table: Breakdown, *, has_last: bool, has_states: bool) -> Iterable[Column]:
    yield _sorted("unit", "Unit")
    yield _sorted("charge", "Charge", "money")
    if table.has_fees:
        yield _sorted("fee", "Fee", "money")
    yield _sorted("owner", "Owner", "money")
    if has_states:
        yield _sorted("state", "In the PMS")
    yield _sorted("resident", "Resident")
    yield _sorted("days", f"Days of {table.period_days}", "num")
    yield from (Column("", name, css="num") for name in table.input_columns)
    if not table.is_mixed:
        yield Column("", "Weight", css="num")
    yield _sorted("share", "Share", "num")
    yield from (Column("", name, css="money") for name in table.fixed_columns)
    if has_last:
        yield _sorted("last", "Last run", "money")
        yield _sorted("difference", "Difference", "money")
        yield _sorted("percent", "Difference in %", "num")
        yield _sorted("why", "Why")


def _sorted(key: str, label: str, css: str = "") -> Column:
    return Column(key, label, (key,), css)

"""The choices in the filter bars of lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Model
from django.http import QueryDict

from billing.models import Utility

# No database counts as far as 19 digits.
_LONGEST_KEY = 19


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice for `components/filter_bar.html`: what is offered, and what is chosen."""

    name: str
    label: str
    chosen: str
    options: tuple[tuple[str, str], ...]


def utility_choice(query: QueryDict) -> Choice:
    """Offer the utilities."""
    options = (("", "All"), *Utility.choices)
    return Choice("utility", "Utility", query.get("utility", ""), options)


def row_choice(query: QueryDict, name: str, label: str, rows: Iterable[Model]) -> Choice:
    """Offer rows by their names."""
    options = tuple((str(row.pk), str(row)) for row in rows)
    return Choice(name, label, query.get(name, ""), (("", "All"), *options))


def chosen_key(query: QueryDict, name: str) -> int | None:
    """Read which row is chosen; None for all, and for what no key can be."""
    text = query.get(name, "")
    return int(text) if text.isdecimal() and len(text) < _LONGEST_KEY else None

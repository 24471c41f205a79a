"""Lists that the reader can sort by the heads of their columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from django.db.models import F, Model, OrderBy, QuerySet
from django.http import QueryDict

ModelT = TypeVar("ModelT", bound=Model)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list; without `order` it cannot be sorted.

    Shape: `order` names lookups; `css` is the class of its figures, such as "num".
    """

    key: str
    label: str
    order: tuple[str, ...] = ()
    css: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column as `components/table_head.html` shows it.

    Shape: `sorted` is "ascending", "descending" or empty; `url` sorts by the column, or the other
        way round.
    """

    label: str
    css: str
    url: str = ""
    sorted: str = ""


@dataclass(frozen=True, slots=True)
class Sorting:
    """By which column a list is sorted; the query string says sort=key or sort=-key."""

    columns: tuple[Column, ...]
    query: QueryDict
    usual: str

    @property
    def chosen(self) -> tuple[Column, bool]:
        """Give the column that sorts the list, and whether it does so downwards."""
        for text in (self.query.get("sort", ""), self.usual):
            for column in self.columns:
                if column.order and text.removeprefix("-") == column.key:
                    return column, text.startswith("-")
        raise LookupError(f"no column can be sorted by {self.usual!r}")

    def sort(self, rows: QuerySet[ModelT]) -> QuerySet[ModelT]:
        """Put rows in order; what is not known comes last, and equal rows keep their order."""
        column, downwards = self.chosen
        return rows.order_by(*(_ordered(name, downwards=downwards) for name in column.order), "pk")

    def headings(self) -> list[Heading]:
        """Describe the heads of all columns."""
        return [self._heading(column) for column in self.columns]

    def _heading(self, column: Column) -> Heading:
        if not column.order:
            return Heading(column.label, column.css)
        chosen, downwards = self.chosen
        is_chosen = column.key == chosen.key
        query = self.query.copy()
        query.pop("page", None)
        query["sort"] = f"-{column.key}" if is_chosen and not downwards else column.key
        direction = "descending" if downwards else "ascending"
        url = f"?{query.urlencode()}"
        return Heading(column.label, column.css, url, direction if is_chosen else "")


def _ordered(name: str, *, downwards: bool) -> OrderBy:
    return F(name).desc(nulls_last=True) if downwards else F(name).asc(nulls_last=True)

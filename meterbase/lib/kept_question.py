"""A question to the database that is put into SQL once.

For what is asked before each charge and with each call of the API: to put such a question together
takes several times as long as to answer it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar

from django.db import connection, connections
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery

_Row = TypeVar("_Row", bound=Model)
_Text = TypeVar("_Text", bound=str)

_PART = " LIMIT %s OFFSET %s"
_MOST_TEXTS = 4_096


def blank(name: str) -> RawSQL:
    """Leave a place in a question for a value that each asking brings along."""
    return RawSQL("%s", (_Blank(name),))


class _Kept:
    """SQL that was made once, with blanks among its parameters."""

    def __init__(self, asked: QuerySet[Any, Any]) -> None:
        # Any: the compiler is Django's own business; its query sets go the same way.
        compiler: Any = asked.query.get_compiler(connection=connection)
        self._sql, self._params = compiler.as_sql()
        self._select, self._info = compiler.select, compiler.klass_info
        converters = compiler.get_converters([column for column, _, _ in self._select])
        self._converters: Mapping[int, Any] = converters

    def _fetch(self, sql: str, values: Mapping[str, Any], *more: int) -> list[tuple[Any, ...]]:
        return _ask(sql, [*_filled(self._params, values), *more])

    def _converted(self, found: Iterable[tuple[Any, ...]]) -> Iterator[Sequence[Any]]:
        """Turn what the database gave into what Python has for it."""
        if not self._converters:
            yield from found
            return
        converters = [(place, *each) for place, each in self._converters.items()]
        database = connections[connection.alias]
        for values in found:
            row = list(values)
            for place, steps, column in converters:
                for convert in steps:
                    row[place] = convert(row[place], column, database)
            yield row


class KeptQuestion(_Kept, Generic[_Row]):
    """A query set whose SQL was made once, and whose blanks are filled at each asking.

    Shape: rows are what the query set itself would have found, deferred fields and related rows
        included.
    """

    def __init__(self, rows: QuerySet[_Row]) -> None:
        super().__init__(rows)
        self._asked = rows
        self._model: type[_Row] = rows.model
        own = self._info["select_fields"]
        self._own = slice(own[0], own[-1] + 1)
        self._names = [column.target.attname for column, _, _ in self._select[self._own]]
        self._text_of = lru_cache(_MOST_TEXTS)(self._write)

    def first(self, **values: Any) -> _Row | None:
        """Ask, with these values in the blanks.

        Shape: the first row; None when there is none.
        """
        return next(iter(self._rows(self._fetch(self._sql, values))), None)

    def part(self, start: int, stop: int, **values: Any) -> list[_Row]:
        """Ask for some of the rows, counted from 0, with these values in the blanks."""
        return self._rows(self._fetch(self._sql + _PART, values, stop - start, start))

    def count(self, **values: Any) -> int:
        """Ask how many rows there are, with these values in the blanks."""
        sql, params = self._counting
        return int(_ask(sql, _filled(params, values))[0][0])

    def written_page(
        self, start: int, stop: int, write: Callable[[_Row], _Text], **values: Any
    ) -> tuple[list[_Text], int]:
        """Ask for some of the rows as somebody writes them, and how many there are in all.

        Shape: what `write` makes of a row may follow from nothing but its columns, for it is only
            asked about rows that are new or have changed.
        """
        sql, params = self._counting
        both = f"SELECT ({sql}), {self._sql.removeprefix('SELECT ')}{_PART}"
        params = _filled([*params, *self._params], values)
        found = _ask(both, [*params, stop - start, start])
        if not found:
            return [], self.count(**values) if start else 0
        return [self._text_of(row[1:], write) for row in found], found[0][0]

    @cached_property
    def _counting(self) -> tuple[str, Sequence[Any]]:
        # The order, and all columns but one, would cost more than the counting.
        # Any: the compiler, as above.
        rows: Any = self._asked.order_by().values("pk").query.get_compiler(connection=connection)
        sql, params = rows.as_sql()
        return f"SELECT COUNT(*) FROM ({sql}) AS counted", params  # noqa: S608 - made by Django

    def _write(self, found: tuple[Any, ...], write: Callable[[_Row], _Text]) -> _Text:
        return write(self._rows([found])[0])

    def _rows(self, found: Sequence[tuple[Any, ...]]) -> list[_Row]:
        # Any: made for Django's own query sets; what it takes differs between versions.
        make: Any = get_related_populators
        alias = connection.alias
        populators = make(self._info, self._select, alias) if found else ()
        rows = []
        for values in self._converted(found):
            row = self._model.from_db(alias, self._names, values[self._own])
            for populator in populators:
                populator.populate(values, row)
            rows.append(row)
        return rows


class KeptValues(_Kept):
    """A query set of value lists whose SQL was made once, with blanks as in a kept question."""

    def all(self, **values: Any) -> list[Sequence[Any]]:
        """Ask for all rows, with these values in the blanks."""
        return list(self._converted(self._fetch(self._sql, values)))


class KeptChange:
    """A change of rows whose SQL was made once, with blanks as in a kept question."""

    def __init__(self, rows: QuerySet[Any, Any], **values: Any) -> None:
        # Any: Django's own business, as above.
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(values)
        self._sql, self._params = query.get_compiler(connection=connection).as_sql()

    def make(self, **values: Any) -> int:
        """Change the rows, with these values in the blanks; tell how many there were.

        Effects: the rows.
        """
        with connection.cursor() as cursor:
            cursor.execute(self._sql, _filled(self._params, values))
            return int(cursor.rowcount)


def _ask(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _filled(params: Iterable[Any], values: Mapping[str, Any]) -> list[Any]:
    return [values[one.name] if isinstance(one, _Blank) else one for one in params]


class _Blank:
    """The place of a value in the parameters of a question."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

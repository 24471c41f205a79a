"""A question to the database that is put into SQL once.

What is due is asked for before each charge, and to put that question together takes eight times as
long as to answer it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.query import get_related_populators

_Row = TypeVar("_Row", bound=Model)


def blank(name: str) -> RawSQL:
    """Leave a place in a question for a value that each asking brings along."""
    return RawSQL("%s", (_Blank(name),))


class KeptQuestion(Generic[_Row]):
    """A query set whose SQL was made once, and whose blanks are filled at each asking.

    Shape: rows are what the query set itself would have found, deferred fields and related rows
        included.
    """

    def __init__(self, rows: QuerySet[_Row]) -> None:
        # Any: the compiler is Django's own business; its query sets go the same way.
        compiler: Any = rows.query.get_compiler(connection=connection)
        self._sql, self._params = compiler.as_sql()
        self._model: type[_Row] = rows.model
        self._select, self._info = compiler.select, compiler.klass_info
        columns = [column for column, _, _ in self._select]
        self._converters: Mapping[int, Any] = compiler.get_converters(columns)
        own = self._info["select_fields"]
        self._own = slice(own[0], own[-1] + 1)
        self._names = [column.target.attname for column in columns[self._own]]

    def first(self, **values: Any) -> _Row | None:
        """Ask, with these values in the blanks.

        Shape: the first row; None when there is none.
        """
        # Any: whatever a database takes.
        params: list[Any] = [
            values[one.name] if isinstance(one, _Blank) else one for one in self._params
        ]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            found = cursor.fetchone()
        return None if found is None else self._row(found)

    def _row(self, found: tuple[Any, ...]) -> _Row:
        values = list(found)
        for place, (converters, column) in self._converters.items():
            for convert in converters:
                values[place] = convert(values[place], column, connection)
        row = self._model.from_db(connection.alias, self._names, values[self._own])
        # Any: made for Django's own query sets; what it takes differs between versions.
        populators: Any = get_related_populators
        for populator in populators(self._info, self._select, connection.alias):
            populator.populate(values, row)
        return row


class _Blank:
    """The place of a value in the parameters of a question."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

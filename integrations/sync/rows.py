"""Many rows in one statement, without an object for each of them.

A sync stores a hundred thousand rows, and what Django does for each object costs more than the
database does for the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

Row = Sequence[object]
# Whatever a column holds; the plans are typed, and the database refuses what does not fit.
Adapt = Callable[[Any], Any]


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows that are not there; columns that are not named get the model's defaults.

    Shape: `columns` are attribute names, such as "unit_id", in the order of each row's values.
    Effects: rows, in the caller's transaction; no signal is sent.
    """
    others = [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and field.attname not in columns
    ]
    rest = tuple(_adapter(field)(field.get_default()) for field in others)
    names = [_column(model, name) for name in columns]
    names += [str(field.column) for field in others]
    adapted = [(*row, *rest) for row in _adapted(model, columns, rows)]
    _execute_many(
        f"INSERT INTO {_quoted(model._meta.db_table)} ({', '.join(map(_quoted, names))}) "  # noqa: S608 - our own names
        f"VALUES ({', '.join(['%s'] * len(names))}) ON CONFLICT DO NOTHING",
        adapted,
    )


def update_rows(model: type[models.Model], columns: Sequence[str], rows: Mapping[int, Row]) -> None:
    """Give rows new values, each its own.

    Shape: `rows` by primary key.
    Effects: rows, in the caller's transaction; no signal is sent.
    """
    names = [_column(model, name) for name in columns]
    keys = list(rows)
    adapted = zip(_adapted(model, columns, rows.values()), keys, strict=True)
    _execute_many(
        f"UPDATE {_quoted(model._meta.db_table)} SET "  # noqa: S608 - our own names
        f"{', '.join(f'{_quoted(name)} = %s' for name in names)} WHERE id = %s",
        [(*row, key) for row, key in adapted],
    )


def update_row(
    model: type[models.Model],
    *,
    where: Mapping[str, object],
    values: Mapping[str, object],
    added: Mapping[str, int] | None = None,
    returning: Sequence[str] = ("id",),
) -> tuple[Any, ...] | None:
    """Give one row new values, and add to its counts, if it is as it is thought to be.

    Shape: columns by attribute name; returns those of `returning` as the database holds them now,
        None when there was no such row.
    Effects: the row, in the caller's transaction.
    """
    sets = [f"{_quoted(_column(model, name))} = %s" for name in values]
    counts = dict(added or {})
    sets += [f"{_quoted(_column(model, n))} = {_quoted(_column(model, n))} + %s" for n in counts]
    conditions = [
        f"{_quoted(_column(model, name))} {'IS NULL' if value is None else '= %s'}"
        for name, value in where.items()
    ]
    thought: list[Any] = [value for value in where.values() if value is not None]
    adapted = [_adapter(_field(model, name))(value) for name, value in values.items()]
    told = [_quoted(_column(model, name)) for name in returning]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_quoted(model._meta.db_table)} SET {', '.join(sets)} "  # noqa: S608 - our own names
            f"WHERE {' AND '.join(conditions)} RETURNING {', '.join(told)}",
            [*adapted, *counts.values(), *thought],
        )
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def _adapted(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Row]
) -> list[tuple[Any, ...]]:
    adapters = [_adapter(_field(model, name)) for name in columns]
    # Column by column, so that those that need no adapting cost nothing.
    turned = [
        column if adapt is _unchanged else _adapted_column(adapt, column)
        for adapt, column in zip(adapters, zip(*rows, strict=True), strict=False)
    ]
    return list(zip(*turned, strict=True))


def _adapted_column(adapt: Adapt, column: Row) -> list[Any]:
    """Adapt each value once: times of a page are all the same, and so are many numbers."""
    adapted = {value: adapt(value) for value in set(column)}
    return [adapted[value] for value in column]


@cache
def _column(model: type[models.Model], name: str) -> str:
    return str(_field(model, name).column)


@cache
def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field):
        raise TypeError(f"{name} is no column of {model.__name__}")
    return field


def _adapter(field: models.Field[Any, Any]) -> Adapt:
    """Find what turns a column's values into the database's."""
    operations = connection.ops
    if isinstance(field, models.DecimalField):
        return lambda value: operations.adapt_decimalfield_value(
            value,
            field.max_digits,
            field.decimal_places,
        )
    if isinstance(field, models.DateTimeField):
        return operations.adapt_datetimefield_value
    if isinstance(field, models.DateField):
        return operations.adapt_datefield_value
    return _unchanged


def _unchanged(value: Any) -> Any:
    return value


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _execute_many(statement: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)

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
    adapted = _adapted(model, columns, rows)
    if not adapted:
        return
    rest = [_adapter(field)(field.get_default()) for field in _others(model, tuple(columns))]
    filled = [value for value in rest if value is not None]
    statement = _insert(model, tuple(columns), tuple(value is None for value in rest))
    _execute_many(statement, [(*row, *filled) for row in adapted])


def update_rows(model: type[models.Model], columns: Sequence[str], rows: Mapping[int, Row]) -> None:
    """Give rows new values, each its own.

    Shape: `rows` by primary key.
    Effects: rows, in the caller's transaction; no signal is sent.
    """
    if not rows:
        return
    adapted = zip(_adapted(model, columns, rows.values()), rows, strict=True)
    _execute_many(
        _update(model, tuple(columns), added=(), where=("id",)),
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
    counts = dict(added or {})
    statement = _update(
        model,
        tuple(values),
        added=tuple(counts),
        where=tuple(name for name, value in where.items() if value is not None),
        empty=tuple(name for name, value in where.items() if value is None),
        returning=tuple(returning),
    )
    adapted = [_adapter(_field(model, name))(value) for name, value in values.items()]
    thought: list[Any] = [value for value in where.values() if value is not None]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*adapted, *counts.values(), *thought])
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def has_rows(model: type[models.Model], *, where: Mapping[str, Any]) -> bool:
    """Tell whether there is any row with these values; columns by attribute name."""
    with connection.cursor() as cursor:
        cursor.execute(_any(model, tuple(where)), list(where.values()))
        return cursor.fetchone() is not None


# The statements of a sync are few, and their text is made once.


@cache
def _insert(
    model: type[models.Model], columns: tuple[str, ...], others_are_null: tuple[bool, ...]
) -> str:
    names = [_named(model, name) for name in columns]
    names += [_quoted(str(field.column)) for field in _others(model, columns)]
    # To hand a NULL over costs the driver more than any other value.
    rest = ["NULL" if is_null else "%s" for is_null in others_are_null]
    return (
        f"INSERT INTO {_quoted(model._meta.db_table)} ({', '.join(names)}) "  # noqa: S608 - our own names
        f"VALUES ({', '.join([*(['%s'] * len(columns)), *rest])}) ON CONFLICT DO NOTHING"
    )


@cache
def _others(
    model: type[models.Model], columns: tuple[str, ...]
) -> tuple[models.Field[Any, Any], ...]:
    """List the columns that are not named."""
    return tuple(
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and field.attname not in columns
    )


@cache
def _any(model: type[models.Model], where: tuple[str, ...]) -> str:
    conditions = " AND ".join(f"{_named(model, name)} = %s" for name in where)
    return f"SELECT 1 FROM {_quoted(model._meta.db_table)} WHERE {conditions} LIMIT 1"  # noqa: S608 - our own names


@cache
def _update(
    model: type[models.Model],
    columns: tuple[str, ...],
    *,
    added: tuple[str, ...],
    where: tuple[str, ...],
    empty: tuple[str, ...] = (),
    returning: tuple[str, ...] = (),
) -> str:
    """Write an UPDATE that takes the values of `columns`, `added` and `where`, in this order."""
    sets = [f"{_named(model, name)} = %s" for name in columns]
    sets += [f"{_named(model, name)} = {_named(model, name)} + %s" for name in added]
    conditions = [f"{_named(model, name)} = %s" for name in where]
    conditions += [f"{_named(model, name)} IS NULL" for name in empty]
    told = ", ".join(_named(model, name) for name in returning)
    return (
        f"UPDATE {_quoted(model._meta.db_table)} SET {', '.join(sets)} "  # noqa: S608 - our own names
        f"WHERE {' AND '.join(conditions)}{f' RETURNING {told}' if told else ''}"
    )


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


def _named(model: type[models.Model], name: str) -> str:
    return _quoted(str(_field(model, name).column))


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
    if field.choices and not field.null:
        # The driver would look up anew for each row how a member of an enumeration is written.
        return str
    return _unchanged


def _unchanged(value: Any) -> Any:
    return value


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _execute_many(statement: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)

"""Writing many rows that differ in a few columns, as fast as the database takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice

from django.db import connection, models

_BATCH = 5_000

Value = bool | int | float | Decimal | str | date | None


def write_copies(
    like: models.Model, columns: Sequence[str], values: Iterable[Sequence[Value]]
) -> None:
    """Store a row for each of `values`, which is like another one but for some columns.

    Shape: `like` is not stored; `columns` are names of attributes, and `values` what the database
        takes for them. Making a hundred thousand objects of a model takes minutes, this seconds.
    """
    fields = [field for field in like._meta.concrete_fields if not field.primary_key]
    varied = [field for field in fields if field.attname in columns]
    same = [field for field in fields if field.attname not in columns]
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in (*_sorted_as(columns, varied), *same))
    marks = ", ".join(["%s"] * len(fields))
    order = f"INSERT INTO {quote(like._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608
    constants = tuple(_stored(like, field) for field in same)
    with connection.cursor() as cursor:
        for batch in _batches((*each, *constants) for each in values):
            cursor.executemany(order, batch)


def _sorted_as(
    columns: Sequence[str], fields: Sequence[models.Field[object, object]]
) -> list[models.Field[object, object]]:
    return sorted(fields, key=lambda field: columns.index(field.attname))


def _stored(like: models.Model, field: models.Field[object, object]) -> Value:
    stored: Value = field.get_db_prep_save(getattr(like, field.attname), connection)
    return stored


def _batches(rows: Iterable[tuple[Value, ...]]) -> Iterator[list[tuple[Value, ...]]]:
    rest = iter(rows)
    while batch := list(islice(rest, _BATCH)):
        yield batch

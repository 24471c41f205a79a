"""Bringing a large table to what a release says, in as few statements as can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import models

Say = Callable[[str], None]
Key = tuple[object, ...]
Values = tuple[object, ...]

_BATCH = 5_000
_IDS = 500


@dataclass(frozen=True, slots=True)
class TableChange:
    """How many rows were, or would be, made, changed, left alone and retired."""

    created: int
    updated: int
    unchanged: int
    retired: int

    def __add__(self, other: TableChange) -> TableChange:
        """Sum up the parts of one table."""
        return TableChange(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.retired + other.retired,
        )


def change_table(
    stored: models.QuerySet[Any],
    *,
    key: Sequence[str],
    columns: Sequence[str],
    rows: Mapping[Key, Values],
    now: datetime,
    say: Say,
    dry_run: bool,
) -> TableChange:
    """Store the rows that are new or different, and retire those that are not there any more.

    Shape: rows by the values of `key`, each with the values of `columns`; `stored` are the rows
        that the release is to replace.
    Effects: rows, in the caller's transaction; none in a dry run.
    """
    written: set[Key] = set(rows)
    made = len(rows)
    unchanged = 0
    gone: list[int] = []
    width = len(key)
    for pk, retired_at, *cells in stored.values_list("pk", "retired_at", *key, *columns).iterator():
        row_key, values = tuple(cells[:width]), tuple(cells[width:])
        wanted = rows.get(row_key)
        if wanted is None:
            gone.extend([pk] if retired_at is None else [])
            continue
        made -= 1
        if retired_at is None and values == wanted:
            unchanged += 1
            written.discard(row_key)
    if not dry_run:
        _write(stored.model, key, columns, {k: v for k, v in rows.items() if k in written}, say)
        for ids in _parts(gone, _IDS):
            stored.model._default_manager.filter(pk__in=ids).update(retired_at=now)
    return TableChange(made, len(written) - made, unchanged, len(gone))


def _write(
    model: type[models.Model],
    key: Sequence[str],
    columns: Sequence[str],
    rows: Mapping[Key, Values],
    say: Say,
) -> None:
    """Insert rows, or give those that are there the new values; none of them is retired then."""
    names = [*key, *columns]
    conflict = [name.removesuffix("_id") for name in key]
    done = 0
    for part in _parts(rows.items(), _BATCH):
        model._default_manager.bulk_create(
            [
                model(**dict(zip(names, (*row_key, *values), strict=True)))
                for row_key, values in part
            ],
            update_conflicts=True,
            unique_fields=conflict,
            update_fields=[*columns, "retired_at"],
        )
        done += len(part)
        say(f"{model._meta.verbose_name_plural}: {done:,} of {len(rows):,}")


def _parts(rows: Any, size: int) -> Iterator[list[Any]]:
    iterator = iter(rows)
    while part := list(islice(iterator, size)):
        yield part

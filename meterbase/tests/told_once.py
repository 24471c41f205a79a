"""The beginnings that many tests have in common: told by the product once, then put back as rows.

A story is told again wherever anything differs that it could depend on: the rows that stand in the
database, who and what it is about, the settings of the test.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from functools import cache, wraps
from hashlib import blake2b
from typing import Any, ParamSpec, TypeVar

from django.apps import apps
from django.conf import UserSettingsHolder, settings
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model

from integrations.sandbox.server import RunningSandbox

_Asked = ParamSpec("_Asked")
_Outcome = TypeVar("_Outcome")
_Rows = tuple[tuple[Any, ...], ...]

_MOST = 200
# Made by the migrations, the same for all.
_GIVEN = {"django_content_type", "auth_permission"}
# They differ in each test; a story that asks the PMS is about what the PMS knows, not where it is.
_OWN_SETTINGS = {"STATE_DIR", "STORAGES", "PROPEXO_BASE_URL", "PROPEXO_API_KEY"}


@dataclass(frozen=True, slots=True)
class _Told:
    """What came of a story: the rows of each table that it changed, and what it returned.

    Shape: `in_pms` are the rows of the sandbox that it was told of, if it was.
    """

    rows: Mapping[str, _Rows]
    in_pms: Mapping[str, _Rows]
    outcome: bytes


# Those that were not told again for longest are forgotten first.
_told: OrderedDict[bytes, _Told] = OrderedDict()


def told_once(tell: Callable[_Asked, _Outcome]) -> Callable[_Asked, _Outcome]:
    """Make a function that writes rows put them back where it was told before.

    Shape: its arguments are rows, dataclasses of them, days, words and at most one sandbox; it
        writes nothing but rows, those of the sandbox included.
    """

    @wraps(tell)
    def told(*args: _Asked.args, **named: _Asked.kwargs) -> _Outcome:
        before, pms = _all_rows(), _sandbox_of([*args, *named.values()])
        known = _rows_of(pms)
        about = _names([*args, *sorted(named.items())])
        told_before = (tell.__module__, tell.__qualname__, about, _standing(), before, known)
        key = blake2b(repr(told_before).encode()).digest()
        if key not in _told:
            outcome = tell(*args, **named)
            here, there = _changed(before, _all_rows()), _changed(known, _rows_of(pms))
            _told[key] = _Told(here, there, pickle.dumps(outcome))
            if len(_told) > _MOST:
                _told.popitem(last=False)
            return outcome
        _told.move_to_end(key)
        _put_back(_told[key].rows, before)
        _put_into(pms, _told[key].in_pms)
        found: _Outcome = pickle.loads(_told[key].outcome)  # noqa: S301 - written above
        return found

    return told


def begin_at_one() -> None:
    """Count the rows of each empty table from 1 again, so that stories have the same numbers."""
    standing = _all_rows()
    counted = [
        {"table": table, "column": model._meta.pk.column}
        for table, model in _models().items()
        if table not in standing
    ]
    _run(connection.ops.sequence_reset_by_name_sql(no_style(), counted))


@cache
def _models() -> dict[str, type[Model]]:
    """List the tables; those of several models once."""
    listed = apps.get_models(include_auto_created=True)
    found = {model._meta.db_table: model for model in listed if model._meta.managed}
    return {table: model for table, model in found.items() if table not in _GIVEN}


@cache
def _columns(table: str) -> str:
    written = [field for field in _models()[table]._meta.concrete_fields if not field.generated]
    return ", ".join(f'"{field.column}"' for field in written)


def _all_rows() -> dict[str, _Rows]:
    """Read every table in which anything stands."""
    tables = list(_models())
    with _cursor() as cursor:
        asked = (f'EXISTS(SELECT 1 FROM "{table}")' for table in tables)  # noqa: S608 - our tables
        cursor.execute(f"SELECT {', '.join(asked)}")
        used = [table for table, is_used in zip(tables, cursor.fetchone(), strict=True) if is_used]
        return {table: _read(cursor, table) for table in used}


def _read(cursor: Any, table: str) -> _Rows:
    key = _models()[table]._meta.pk.column
    cursor.execute(f'SELECT {_columns(table)} FROM "{table}" ORDER BY "{key}"')  # noqa: S608
    return tuple(map(tuple, cursor.fetchall()))


def _changed(before: Mapping[str, _Rows], after: Mapping[str, _Rows]) -> dict[str, _Rows]:
    tables = [*after, *(table for table in before if table not in after)]
    found = {table: after.get(table, ()) for table in tables}
    return {table: rows for table, rows in found.items() if rows != before.get(table, ())}


def _put_back(rows: Mapping[str, _Rows], before: Mapping[str, _Rows]) -> None:
    with transaction.atomic():
        with _cursor() as cursor:
            for table, found in rows.items():
                kept = set(before.get(table, ()))
                if not kept <= set(found):
                    cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608 - our tables
                    kept = set()
                _write(cursor, table, [row for row in found if row not in kept])
        touched = [_models()[table] for table in rows]
        _run(connection.ops.sequence_reset_sql(no_style(), touched))


def _sandbox_of(about: Iterable[object]) -> RunningSandbox | None:
    return next((each for each in about if isinstance(each, RunningSandbox)), None)


def _rows_of(pms: RunningSandbox | None) -> dict[str, _Rows]:
    """Read every table of a sandbox."""
    if pms is None:
        return {}
    with pms.sandbox.store.reading() as store:
        listed = store.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            table: tuple(tuple(row) for row in store.execute(f'SELECT * FROM "{table}"'))  # noqa: S608
            for (table,) in listed
        }


def _put_into(pms: RunningSandbox | None, rows: Mapping[str, _Rows]) -> None:
    if pms is None or not rows:
        return
    with pms.sandbox.store.changing() as store:
        store.execute("PRAGMA defer_foreign_keys = ON")
        for table, found in rows.items():
            store.execute(f'DELETE FROM "{table}"')  # noqa: S608 - its own tables
            marks = ", ".join("?" * len(found[0])) if found else ""
            store.executemany(f'INSERT INTO "{table}" VALUES ({marks})', found)  # noqa: S608


def _write(cursor: Any, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    for_each = list(rows)
    if for_each:
        mark = "?" if connection.vendor == "sqlite" else "%s"
        marks = ", ".join([mark] * len(for_each[0]))
        order = f'INSERT INTO "{table}" ({_columns(table)}) VALUES ({marks})'  # noqa: S608
        cursor.executemany(order, for_each)


def _run(orders: Iterable[str]) -> None:
    if together := ";".join(order.strip().rstrip(";") for order in orders):
        with _cursor() as cursor:
            cursor.execute(together)


def _cursor() -> Any:
    """Give the driver's own cursor: no test counts what is done here."""
    connection.ensure_connection()
    return closing(connection.connection.cursor())


def _names(about: Any) -> str:
    """Write down what a story is about, the same for the same."""
    if isinstance(about, Model):
        return f"{about._meta.label} {about.pk}"
    if isinstance(about, RunningSandbox):
        return f"a PMS with {about.sandbox.faults.pending()}"
    if is_dataclass(about):
        return _names([getattr(about, each.name) for each in fields(about)])
    if isinstance(about, list | tuple):
        return f"[{', '.join(map(_names, about))}]"
    if isinstance(about, str | int | date | None):
        return repr(about)
    raise TypeError(f"{about!r} is nothing that a story told once can be about.")


def _standing() -> str:
    """Write down what a story could depend on besides rows."""
    chosen: dict[str, Any] = {}
    layer = vars(settings)["_wrapped"]
    while isinstance(layer, UserSettingsHolder):
        own = {name: value for name, value in vars(layer).items() if name.isupper()}
        chosen, layer = own | chosen, layer.default_settings
    shown = sorted((name, repr(value)) for name, value in chosen.items())
    told = [pair for pair in shown if pair[0] not in _OWN_SETTINGS]
    return f"{connection.in_atomic_block} {told}"

"""Words of our own that stand in a query as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Value
from django.db.models.sql.compiler import SQLCompiler

_WORD = re.compile(r"[a-z_]+")


class Word(Value):
    """A constant such as the name of a state, written into the SQL instead of passed along with it.

    SQLite chooses its indexes before it knows what is passed along, so an index of some states
    only serves a query that names these states itself.
    """

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[str | int, ...]]:
        """Write the word between quotes.

        Errors: ValueError for anything but small letters and underscores.
        """
        del compiler, connection  # It reads the same for all.
        if not _WORD.fullmatch(self.value):
            raise ValueError(f"{self.value!r} is no word that can stand in a query as it is")
        return f"'{self.value}'", ()


def words(constants: Iterable[str]) -> list[Word]:
    """Write several constants into the SQL, for a lookup such as `state__in`."""
    return [Word(str(constant)) for constant in constants]

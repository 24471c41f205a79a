"""Commits that need not wait for the disk.

What a power cut takes back of a sync, the next worker reads again: a chunk and the mark behind it
are lost together or not at all. So a sync does not pay for what the intent of a charge needs; nor
does the count of somebody's calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# In both databases the order of commits is kept, and a later commit that waits for the disk takes
# the earlier ones with it: nobody can build on a row that is lost afterwards.
_QUICK = {"sqlite": "PRAGMA synchronous=NORMAL", "postgresql": "SET synchronous_commit = off"}
_USUAL = {"sqlite": "PRAGMA synchronous=FULL", "postgresql": "RESET synchronous_commit"}


@contextmanager
def quick_commits() -> Iterator[None]:
    """Let commits inside the block return before the disk has them; a crash loses no order.

    Effects: this thread's database connection, until the block ends.
    """
    # Inside somebody's transaction it is that one's commit which counts, and it is none of ours.
    if connection.in_atomic_block or connection.vendor not in _QUICK:
        yield
        return
    _execute(_QUICK[connection.vendor])
    try:
        yield
    finally:
        _end()


def _end() -> None:
    # A connection that was lost or closed meanwhile starts anew with the usual commits.
    if connection.connection is not None and connection.is_usable():
        _execute(_USUAL[connection.vendor])
    else:
        connection.close()


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)

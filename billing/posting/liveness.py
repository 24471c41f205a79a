"""Proof that a sender is alive, in the form of a lock that its death frees.

A time limit alone proves nothing: a frozen process may wake up and send. So a sender holds, from
claim to stored outcome, a lock that the kernel frees when the process is gone, and on PostgreSQL a
session lock that the database frees when the connection is gone. Whoever wants to look after a
posting in doubt has to get the same locks first.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

# Namespace of our session locks among everything else in the database.
_ADVISORY_CLASS = 4711


class StillHeld(Exception):
    """Somebody alive is working on this posting."""


@contextmanager
def hold(posting_id: int) -> Iterator[None]:
    """Hold a posting for as long as the block lasts.

    Errors: StillHeld.
    """
    with _file_lock(posting_id):
        if connection.vendor != "postgresql":
            yield
            return
        with _session_lock(posting_id):
            yield


@contextmanager
def _file_lock(posting_id: int) -> Iterator[None]:
    path = Path(settings.STATE_DIR) / "posting.locks"
    # A descriptor of its own each time: this kind of lock belongs to the open file, not to the
    # process, so threads exclude each other too and closing another descriptor frees nothing.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _byte_range(posting_id))
        except BlockingIOError:
            raise StillHeld(f"posting {posting_id} is held on this machine") from None
        yield
    finally:
        os.close(descriptor)


def _byte_range(posting_id: int) -> bytes:
    """Describe a write lock on the one byte whose offset is the posting's id (struct flock)."""
    return struct.pack("@hhqqi0q", fcntl.F_WRLCK, os.SEEK_SET, posting_id, 1, 0)


@contextmanager
def _session_lock(posting_id: int) -> Iterator[None]:
    key = [_ADVISORY_CLASS, posting_id % 2**31]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        if cursor.fetchone() != (True,):
            raise StillHeld(f"posting {posting_id} is held by another session")
    try:
        yield
    finally:
        # Should the connection be gone, so is the lock; then there is nothing to free.
        with suppress(OperationalError, InterfaceError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)

"""What a background worker does about files: a slice of work at a time, then make room."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from billing.models import FileKind, PreparedFile
from billing.operations.prepared_files import (
    MOST_TRIES,
    TakenOver,
    due_files,
    fail_file,
    file_folder,
    finish_file,
    nudge_workers,
    put_back,
    show_progress,
    take_due,
)
from billing.records.pack import make_calculation_records, make_lease_records
from billing.statements.files import Made, make_statements_pdf, make_statements_zip
from billing.statements.issue import NotComplete, NothingToIssue
from billing.statements.kept import NotTheSame

logger = logging.getLogger(__name__)

SLICE_SECONDS = 40.0
_SECONDS_BETWEEN_SIGNS = 1.0
# These find again what was made of them before; one PDF is made in one go.
_IN_SLICES = frozenset({FileKind.STATEMENTS_ZIP})

_MAKERS: dict[str, Callable[..., Made]] = {
    FileKind.STATEMENTS_PDF: make_statements_pdf,
    FileKind.STATEMENTS_ZIP: make_statements_zip,
    FileKind.LEASE_RECORDS: make_lease_records,
    FileKind.CALCULATION_RECORDS: make_calculation_records,
}


class _TimeIsUp(Exception):
    """This slice of work is over; the next one goes on."""


def work_on_files(*, clock: Callable[[], datetime], seconds: float = SLICE_SECONDS) -> None:
    """Make files until the time is up; at the end of it, nudge for the rest.

    Effects: files; one that cannot be made holds no other up.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        file = take_due(now=clock())
        if file is None:
            return
        try:
            _carry_on(file, clock=clock, until=until)
        except TakenOver as lost:
            logger.warning("%s", lost)
    if due_files(now=clock()).exists():
        nudge_workers()


def _carry_on(file: PreparedFile, *, clock: Callable[[], datetime], until: float) -> None:
    if file.tries > MOST_TRIES:
        message = f"It was begun {MOST_TRIES} times and never came to its end. Ask for it again."
        fail_file(file, message=message, now=clock())
        return
    file_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    path = file_folder() / f".{file.token}"
    try:
        made = _MAKERS[file.kind](file, path, step=_Steps(file, clock, until))
        finish_file(
            file, path=made.path, name=made.name, content_type=made.content_type, now=clock()
        )
    except _TimeIsUp:
        put_back(file, now=clock())
    except (NothingToIssue, NotComplete, NotTheSame) as refusal:
        fail_file(file, message=str(refusal), now=clock())
    finally:
        path.unlink(missing_ok=True)


@dataclass(slots=True)
class _Steps:
    """Signs of life of the one who makes a file, now and then."""

    file: PreparedFile
    clock: Callable[[], datetime]
    until: float
    _next_sign: float = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._next_sign or done == total:
            show_progress(self.file, done=done, total=total, now=self.clock())
            self._next_sign = now + _SECONDS_BETWEEN_SIGNS
        if done < total and now >= self.until and self.file.kind in _IN_SLICES:
            raise _TimeIsUp

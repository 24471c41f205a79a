"""Files that are made in the background: asking for one, holding it while it is made, its end.

Whoever makes a file holds its row by a token. A worker that is lost holds it for some minutes at
most; then another begins it anew, and what it finds ready it does not make again.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django_q.tasks import async_task

from billing.models import Calculation, FileKind, PreparedFile
from integrations.clusters import GENERAL, has_room
from portfolios.models import Lease, Property, User
from portfolios.operations.audit import record_event

# Whoever says nothing for so long is lost: nothing that is done between two signs takes as long.
LOST_AFTER = timedelta(minutes=5)
# So often a file is begun without an end before it is given up.
MOST_TRIES = 4
KEPT_FOR = timedelta(days=30)

_TASK = "billing.tasks.work_on_files"
# A slice of work and its last step; shorter than the queue's own patience.
_LONGEST_SECONDS = 200


class TakenOver(Exception):
    """Somebody else makes this file by now, or it is made already."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a file is about: the month of a property, one lease, or one calculation."""

    place: Property
    month: date | None = None
    lease: Lease | None = None
    calculation: Calculation | None = None


def file_folder() -> Path:
    """Name the folder of files that were made."""
    return Path(settings.STATE_DIR) / "files"


def request_file(*, kind: FileKind, about: Subject, by: User, now: datetime) -> PreparedFile:
    """Ask for a file; one that is being made already is given instead of a second one.

    Effects: a row, an audit event, a nudge to the workers.
    """
    subject = {
        "kind": kind,
        "property": about.place,
        "month": about.month,
        "lease": about.lease,
        "calculation": about.calculation,
    }
    try:
        with transaction.atomic():
            made = PreparedFile.objects.create(
                **subject, requested_by=by, requested_at=now, continue_at=now
            )
            record_event(
                verb="file.requested",
                subject=about.place,
                by=by,
                now=now,
                after={"file": made.pk, "kind": kind.value},
            )
            nudge_workers()
    except IntegrityError:
        under_way = PreparedFile.objects.filter(**subject, finished_at=None).first()
        if under_way is None:
            raise
        return under_way
    return made


def nudge_workers() -> None:
    """Wake a worker for the files that are due, unless enough is queued already.

    Effects: a row in the queue, in the caller's transaction if there is one. A lost nudge loses
        nothing: the schedule makes another.
    """
    if has_room(GENERAL):
        async_task(_TASK, timeout=_LONGEST_SECONDS, cluster=GENERAL)


def due_files(*, now: datetime) -> QuerySet[PreparedFile]:
    """Select the files that nobody makes now, the longest waiting first."""
    waiting = PreparedFile.objects.filter(finished_at=None, continue_at__lte=now)
    return waiting.order_by("continue_at", "pk")


def take_due(*, now: datetime) -> PreparedFile | None:
    """Take up the next file that is due; None when there is none.

    Effects: it is this caller's until `LOST_AFTER` has passed without a sign of life.
    """
    for file in due_files(now=now)[:8]:
        token = secrets.token_hex(16)
        mine = due_files(now=now).filter(pk=file.pk, token=file.token)
        tries = file.tries + 1
        if mine.order_by().update(token=token, continue_at=now + LOST_AFTER, tries=tries):
            file.token, file.tries = token, tries
            return file
    return None


def show_progress(file: PreparedFile, *, done: int, total: int, now: datetime) -> None:
    """Say how far a file has come.

    Errors: TakenOver.
    """
    _update(file, done=min(done, total), total=total, continue_at=now + LOST_AFTER)


def put_back(file: PreparedFile, *, now: datetime) -> None:
    """Leave a file to the next slice of work; what was made of it so far is found again.

    Errors: TakenOver.
    """
    _update(file, token="", continue_at=now, tries=0)


def finish_file(
    file: PreparedFile, *, path: Path, name: str, content_type: str, now: datetime
) -> None:
    """Keep a file that is made.

    Errors: TakenOver.
    Effects: the file is moved into its folder; the row is over.
    """
    sha256 = _sha256(path)
    folder = file_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = path.stat().st_size
    # The file first: a row never points to nothing, and a file without a row harms nobody.
    os.replace(path, folder / sha256)  # noqa: PTH105 - it replaces on every system
    _update(
        file,
        finished_at=now,
        name=name[:200],
        content_type=content_type,
        size=size,
        sha256=sha256,
        done=file.total,
    )


def fail_file(file: PreparedFile, *, message: str, now: datetime) -> None:
    """Say why no file came of it.

    Errors: TakenOver.
    """
    _update(file, finished_at=now, error=message)


def drop_old_files(*, now: datetime) -> None:
    """Drop the files that were made long ago: each can be made again.

    Effects: rows and files go.
    """
    for file in PreparedFile.objects.filter(finished_at__lt=now - KEPT_FOR):
        file.delete()
        if file.sha256 and not PreparedFile.objects.filter(sha256=file.sha256).exists():
            (file_folder() / file.sha256).unlink(missing_ok=True)


def _update(file: PreparedFile, **changes: object) -> None:
    mine = PreparedFile.objects.filter(pk=file.pk, token=file.token, finished_at=None)
    if not mine.update(**changes):
        raise TakenOver(f"{file} is not this worker's any more.")
    for name, value in changes.items():
        setattr(file, name, value)


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()

"""`manage.py resume_after_restore`: the first command on a database that came from a backup."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from billing.operations.restores import WorkersRun, resume_after_restore


class Command(BaseCommand):
    """Hold every charge until the PMSs' ledgers have shown what was sent since the backup."""

    help = (
        "Run this first on a database that was restored from a backup, before any worker starts: "
        "it holds all charges, and has every ledger read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare when the backup was made."""
        parser.add_argument(
            "--backup-time",
            required=True,
            help="when the backup was begun, such as 2026-04-02T03:00 (in TIME_ZONE, or with one)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Do it and say what follows."""
        now = timezone.now()
        backup_time = _moment(options["backup_time"], now=now)
        try:
            done = resume_after_restore(backup_time=backup_time, by=None, now=now)
        except WorkersRun as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"The charges of {done.connections} connections are held. {done.doubted} that were "
            f"under way are looked up one by one, and {done.ledgers} ledgers are read."
        )
        if done.sent_since:
            self.stdout.write(
                f"{done.sent_since} charges were posted after the backup by this very database, "
                "before this command: look at the comparisons, some may be there twice."
            )
        self.stdout.write(
            "Start the workers now. When every ledger was read, an accountant looks at the "
            "review items and lets the charges go on the page of each connection."
        )


def _moment(text: str, *, now: datetime) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"“{text}” is no moment such as 2026-04-02T03:00.")
    moment = timezone.make_aware(found) if timezone.is_naive(found) else found
    if moment > now:
        raise CommandError(f"{moment:%Y-%m-%d %H:%M %Z} has not come yet.")
    return moment

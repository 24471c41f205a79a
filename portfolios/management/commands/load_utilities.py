"""`manage.py load_utilities`: read who serves which ZIP code from public files."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portfolios.models import User
from portfolios.operations.utility_reference import LoadReport, load_reference
from portfolios.utility_areas.rows import BadRelease, UnreadableReference

_TITLES = {
    "zip_codes": "ZIP codes",
    "utilities": "Utilities",
    "zip_utilities": "Utilities by ZIP code",
}
_INVALID, _UNREADABLE = 1, 2


class Command(BaseCommand):
    """Load the OpenEI look-up files or the compact set, all of it or nothing."""

    help = (
        "Loads utilities by ZIP code: the OpenEI files iou_zipcodes_*.csv and "
        "non_iou_zipcodes_*.csv, or zip_codes, utilities and zip_utilities (.csv or .csv.gz). "
        "Exit status 1: something in them is wrong, nothing was stored; 2: a file cannot be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the files."""
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
        parser.add_argument("--dir", type=Path, dest="folder", help="take every file of a folder")
        parser.add_argument("--dry-run", action="store_true", help="check and count, store nothing")
        parser.add_argument("--json", action="store_true", dest="as_json", help="write JSON")
        parser.add_argument("--by", metavar="USERNAME", help="who loads, for the audit trail")

    def handle(
        self,
        *_args: Any,
        files: list[Path],
        folder: Path | None,
        dry_run: bool,
        as_json: bool,
        by: str | None,
        **options: Any,
    ) -> None:
        """Load, and tell what changed."""
        if not files and folder is None:
            raise CommandError("Name files, or a folder with --dir.", returncode=_UNREADABLE)
        try:
            report = load_reference(
                paths=files,
                folder=folder,
                dry_run=dry_run,
                by=_user(by),
                now=timezone.now(),
                say=self._progress if options.get("verbosity", 1) else _silent,
            )
        except UnreadableReference as error:
            raise CommandError(str(error), returncode=_UNREADABLE) from None
        except BadRelease as error:
            if as_json:
                found = {"errors": list(error.problems), "error_count": error.problems.count}
                self.stdout.write(json.dumps(found, indent=2))
            raise CommandError(
                f"{error}\n{error.problems.count:,} found; nothing was stored.",
                returncode=_INVALID,
            ) from None
        self.stdout.write(_as_json(report) if as_json else "\n".join(_lines(report)))

    def _progress(self, text: str) -> None:
        self.stderr.write(text)
        self.stderr.flush()


def _silent(_text: str) -> None:
    """Say nothing."""


def _user(username: str | None) -> User | None:
    if username is None:
        return None
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is nobody of the name {username}.")
    return user


def _as_json(report: LoadReport) -> str:
    return json.dumps(
        {
            "tables": {name: asdict(table) for name, table in report.tables.items()},
            "release": report.release.pk if report.release else None,
            "dry_run": report.is_dry_run,
            "properties_changed": report.properties_changed,
        },
        indent=2,
    )


def _lines(report: LoadReport) -> list[str]:
    heads = ("created", "updated", "unchanged", "retired", "rejected", "repeated")
    lines = ["".join([f"{'':24}", *(f"{head:>10}" for head in heads)])]
    for name, table in report.tables.items():
        counts = (f"{getattr(table, head):>10,}" for head in heads)
        lines.append("".join([f"{_TITLES[name]:24}", *counts]))
        lines += [f"  rejected, {why}: {count:,}" for why, count in table.reasons.items()]
    if report.is_dry_run:
        return [*lines, "A dry run: nothing was stored."]
    if report.release is None:
        return [*lines, "Nothing is new; no release was added."]
    looked_up = f"{report.properties_changed} property look-ups changed"
    return [*lines, f"Stored as release {report.release.pk}; {looked_up}."]

"""`manage.py allocate FILE|-`: share a bill that a JSON document describes; no database is used."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from django.core.management import BaseCommand, CommandParser

from billing.rubs import CannotAllocate, Problem, allocate
from billing.rubs.answer import answer_of, refusal_of
from billing.rubs.request import read_request

_REFUSED = 2


class Unreadable(ValueError):
    """The document is no JSON, or says one thing twice."""


class Command(BaseCommand):
    """Read a bill, a rule and units, print who pays what and why."""

    help = "Share a bill described as JSON; docs/allocation.md has the schema."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where the document comes from."""
        parser.add_argument("file", help="a JSON file, or - for standard input")
        parser.add_argument("--compact", action="store_true", help="print one line")

    def handle(self, *_args: Any, file: str, compact: bool, **_options: Any) -> None:
        """Read, share, print; exit 2 with all problems when the bill cannot be shared."""
        indent = None if compact else 2
        try:
            bill = read_request(_load(file))
            answer = answer_of(bill, allocate(bill))
        except CannotAllocate as refusal:
            self._refuse(refusal.problems, indent)
        except (OSError, Unreadable) as unreadable:
            self._refuse((Problem(None, "", "document", f"{unreadable}."),), indent)
        self.stdout.write(json.dumps(answer, indent=indent, ensure_ascii=False))

    def _refuse(self, problems: tuple[Problem, ...], indent: int | None) -> NoReturn:
        self.stdout.write(json.dumps(refusal_of(problems), indent=indent, ensure_ascii=False))
        sys.exit(_REFUSED)


def _load(file: str) -> object:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return json.loads(
            text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_members
        )
    except (json.JSONDecodeError, UnicodeDecodeError) as odd:
        raise Unreadable(f"The document is not JSON: {odd}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise Unreadable(f"The document has {name}, which is not a number")


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"The document says {twice} twice in one object")
    return members

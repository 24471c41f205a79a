"""`manage.py bench SUBJECT`: measure something on this machine, on data that is thrown away."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.management import BaseCommand, CommandParser

from billing.bench import allocate, api, pages, posting, statements
from integrations.bench import sync, webhooks


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that can be measured.

    Shape: `measure` takes the sizes by name and returns a dataclass of figures; `sizes` are their
        defaults, `quick` those that only show that it works.
    """

    measure: Callable[..., Any]
    help: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    quick: Mapping[str, int] = field(default_factory=dict)


SUBJECTS = {
    "allocate": Subject(
        allocate.measure,
        "the allocation of a large building, beside a plain loop with floats",
        {"units": allocate.UNITS, "rounds": allocate.ROUNDS},
    ),
    "sync": Subject(
        sync.measure,
        "a first sync of a large portfolio, beside the bare download of the same pages",
        {"properties": sync.PROPERTIES, "units": sync.UNITS, "minutes": sync.MINUTES},
    ),
    "posting": Subject(
        posting.measure,
        "posting charges to the sandbox, beside a plain loop that only POSTs and saves",
        {"charges": posting.CHARGES, "rounds": posting.ROUNDS, "minutes": posting.MINUTES},
        {"charges": 60, "rounds": 1, "minutes": 0},
    ),
    "pages": Subject(
        pages.measure,
        "pages in a large portfolio, beside a small one and beside pages that print constants",
        {"units": pages.UNITS, "fewer_units": pages.FEWER_UNITS, "rounds": pages.ROUNDS},
        {"units": 1_200, "fewer_units": 1_000, "rounds": 1},
    ),
    "api": Subject(
        api.measure,
        "calls of the JSON API, beside a bare view that gives a constant",
        {"requests": api.REQUESTS, "rounds": api.ROUNDS},
        {"requests": 40, "rounds": 1},
    ),
    "statements": Subject(
        statements.measure,
        "statements of a large building as one PDF, beside the same words written as constants",
        {"statements": statements.STATEMENTS, "rounds": statements.ROUNDS},
        {"statements": 20, "rounds": 1},
    ),
    "webhooks": Subject(
        webhooks.measure,
        "receiving webhooks, beside a view that does one INSERT",
        {"requests": webhooks.REQUESTS, "rounds": webhooks.ROUNDS},
    ),
}


class Command(BaseCommand):
    """Measure; the installation's own database is not touched."""

    help = "Measure how fast a part of MeterBase is on this machine."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what can be measured, and at which sizes."""
        chosen = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
        for name, subject in SUBJECTS.items():
            options = chosen.add_parser(name, help=subject.help)
            options.add_argument("--json", action="store_true", help="print the figures as JSON")
            if subject.quick:
                options.add_argument("--quick", action="store_true", help="small sizes, as a trial")
            for size, usual in subject.sizes.items():
                flag = f"--{size.replace('_', '-')}"
                options.add_argument(flag, type=int, help=f"default {usual:,}")

    def handle(self, *_args: Any, subject: str, **options: Any) -> None:
        """Measure and print."""
        chosen = SUBJECTS[subject]
        usual = chosen.quick if options.get("quick") else chosen.sizes
        sizes = {
            name: options[name] if options[name] is not None else usual[name]
            for name in chosen.sizes
        }
        figures = asdict(chosen.measure(**sizes))
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        self._write(figures)

    def _write(self, figures: Mapping[str, Any]) -> None:
        """Write figures in words, and those of each of several things under its name."""
        for name, figure in figures.items():
            title = name.replace("_", " ")
            if isinstance(figure, list | tuple):
                self.stdout.write(f"{title}:")
                for each in figure:
                    self._write(each)
                continue
            shown = figure if isinstance(figure, str) else _shown(figure)
            self.stdout.write(f"{title}: {shown}")


def _shown(figure: float | None) -> str:
    return "not measured" if figure is None else f"{figure:,}"

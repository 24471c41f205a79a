"""`manage.py bench SUBJECT`: measure something on this machine, on data that is thrown away."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.core.management import BaseCommand, CommandParser

from billing.bench import allocate
from integrations.bench import sync, webhooks


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that can be measured.

    Shape: `measure` takes the sizes by name and returns a dataclass of figures; `sizes` are their
        defaults.
    """

    measure: Callable[..., Any]
    help: str
    sizes: Mapping[str, int] = field(default_factory=dict)


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
            for size, usual in subject.sizes.items():
                options.add_argument(
                    f"--{size}", type=int, default=usual, help=f"default {usual:,}"
                )

    def handle(self, *_args: Any, subject: str, **options: Any) -> None:
        """Measure and print."""
        chosen = SUBJECTS[subject]
        sizes = {name: options[name] for name in chosen.sizes}
        figures = asdict(chosen.measure(**sizes))
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        for name, figure in figures.items():
            shown = "not measured" if figure is None else f"{figure:,}"
            self.stdout.write(f"{name.replace('_', ' ')}: {shown}")

"""`manage.py bench allocate`: measure the arithmetic on this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management import BaseCommand, CommandParser

from billing.bench.allocate import ROUNDS, UNITS, measure


class Command(BaseCommand):
    """Measure how long a large building takes; no database is touched."""

    help = "Time the allocation of 100,000 units beside a plain loop with floats."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what is measured and how it is printed."""
        parser.add_argument("subject", choices=["allocate"], help="what to measure")
        parser.add_argument("--json", action="store_true", help="print the figures as JSON")
        parser.add_argument("--units", type=int, default=UNITS, help=f"default {UNITS:,}")
        parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")

    def handle(self, *_args: Any, units: int, rounds: int, **options: Any) -> None:
        """Measure and print."""
        figures = asdict(measure(units=units, rounds=rounds))
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        for name, figure in figures.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {figure:,}")

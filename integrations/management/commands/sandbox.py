"""Start the sandbox: manage.py sandbox --port 8900."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from integrations.sandbox.options import add_arguments, options_from
from integrations.sandbox.server import serve


class Command(BaseCommand):
    """Serve a stand-in for Propexo until it is stopped."""

    help = "Serves a stand-in for Propexo, with its own data, ledger and faults on demand."
    # The sandbox is a server of its own: it must start whatever state MeterBase is in.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the same options as python -m integrations.sandbox."""
        add_arguments(parser)

    def handle(self, *_args: object, **options: Any) -> None:
        """Serve, and leave with the sandbox's exit status."""
        status = serve(options=options_from(options))
        if status:
            sys.exit(status)

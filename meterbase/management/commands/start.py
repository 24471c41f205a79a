"""`manage.py start`: the web server, the workers and the sweeper, until told to stop."""

from __future__ import annotations

import os
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser, call_command

from meterbase.servers import application_servers
from meterbase.supervisor import PortInUse, Supervisor, require_free_port, run_until_signal


class Command(BaseCommand):
    """Run MeterBase on this machine."""

    help = "Run the web server, the background workers and the sweeper, until Ctrl-C or SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))

    def handle(self, *_args: Any, host: str, port: int, **_options: Any) -> None:
        """Start everything and keep it running."""
        try:
            require_free_port(host=host, port=port, option="PORT=8001")
        except PortInUse as error:
            raise CommandError(str(error)) from None
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("declare_schedules")
        servers = application_servers(host=host, port=port, environment=os.environ)
        self.stdout.write(f"MeterBase runs at http://{host}:{port}/ (Ctrl-C ends it).")
        self.stdout.flush()
        run_until_signal(Supervisor(servers, say=self.stdout.write))

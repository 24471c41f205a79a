"""`manage.py demo`: the whole main job against a sandbox, then the pages to click through."""

from __future__ import annotations

import os
import shutil
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from meterbase.demo.browser import StepFailed
from meterbase.demo.installation import HOST, CannotStart, Installation, running_installation
from meterbase.demo.story import ACCOUNTANT, MANAGER, Ending, Story
from meterbase.lib.exact_json import write_json
from meterbase.management.commands.demo_people import SUPPORT
from meterbase.supervisor import PortInUse, require_free_port, wait_for_signal

PASSWORD = "only-for-the-demo"  # noqa: S105 - it opens nothing but the demonstration


class Command(BaseCommand):
    """Show MeterBase at work, in a folder of its own that starts empty each time."""

    help = "Run the whole main job against a sandbox, then serve the pages (--once: stop there)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the ports."""
        port, sandbox_port = (os.environ.get(name) for name in ("PORT", "SANDBOX_PORT"))
        parser.add_argument("--once", action="store_true", help="end after the job")
        parser.add_argument("--port", type=int, default=port or 8000)
        parser.add_argument("--sandbox-port", type=int, default=sandbox_port or 8900)

    def handle(
        self, *_args: Any, once: bool, port: int, sandbox_port: int, **_options: Any
    ) -> None:
        """Set up, run the job, and serve until told to stop."""
        try:
            require_free_port(host=HOST, port=port, option="PORT=8001")
            require_free_port(host=HOST, port=sandbox_port, option="SANDBOX_PORT=8901")
            ending = self._run(once=once, port=port, sandbox_port=sandbox_port)
        except (PortInUse, CannotStart) as error:
            raise CommandError(str(error)) from None
        except StepFailed as error:
            raise CommandError(f"The demonstration stopped: {error}") from None
        if once:
            self._say(write_json(ending.job).decode())

    def _run(self, *, once: bool, port: int, sandbox_port: int) -> Ending:
        folder = settings.BASE_DIR / "var" / "demo"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._say("A fresh demonstration, in the folder var/demo.")
        installation = Installation(
            folder=folder, port=port, sandbox_port=sandbox_port, password=PASSWORD
        )
        with running_installation(installation, say=self._say) as supervisor:
            ending = Story(
                base_url=installation.base_url,
                sandbox_url=installation.sandbox_url,
                password=PASSWORD,
                say=self._say,
            ).run()
            if not once:
                self._invite(installation, ending)
                wait_for_signal(supervisor.revive)
        return ending

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _invite(self, installation: Installation, ending: Ending) -> None:
        self._say(write_json(ending.job).decode())
        self._say(f"\nMeterBase is at {installation.base_url}/ (Ctrl-C ends it). To look at:")
        for name, url in ending.pages.items():
            self._say(f"  {name}: {url}")
        self._say(f"  the sandbox's ledger: {installation.sandbox_url}/_sandbox/ledger")
        self._say(f"Sign in as {MANAGER}, {ACCOUNTANT}, vera.viewer or {SUPPORT} (/admin/);")
        self._say(f"the password of all of them is {PASSWORD}")

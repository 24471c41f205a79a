"""`manage.py register_webhooks`: have Propexo send its events to this installation."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from integrations.gateways import PropexoNotConfigured, contract_of, open_transport
from integrations.models import Connection
from integrations.operations.webhook_registrations import (
    CannotRegister,
    Registered,
    register_webhooks,
)
from integrations.pms.records import Contract
from integrations.pms.signatures import split_secrets

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SHORTEST_SECRET = 10


class Command(BaseCommand):
    """Look what is registered, and register what is missing; running it twice changes nothing."""

    help = (
        "Registers MeterBase's address with Propexo for all events that it handles. It looks first "
        "what is there, so it can be run again at any time. Exit status 1: something is in the way."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the address and whose registration it is."""
        parser.add_argument(
            "--url",
            required=True,
            help="where MeterBase is reached, such as https://meterbase.example.com",
        )
        parser.add_argument(
            "--connection",
            metavar="ID",
            help="a Propexo Connection ID: register in its contract only (default: in each contract"
            " that a connection speaks)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be registered, register nothing"
        )
        parser.add_argument(
            "--again", action="store_true", help="register even where Propexo tells nobody what is"
        )

    def handle(
        self,
        *_args: Any,
        url: str,
        connection: str | None,
        dry_run: bool,
        again: bool,
        **_options: Any,
    ) -> None:
        """Register in each contract, and say what was done."""
        address = _address(url)
        secrets = _secrets()
        found: list[Registered] = []
        for contract in _contracts(connection):
            self.stdout.write(f"Contract {contract}, {address}:")
            try:
                found.append(
                    register_webhooks(
                        transport=open_transport(contract),
                        contract=contract,
                        url=address,
                        secrets=secrets,
                        dry_run=dry_run,
                        again=again,
                        say=lambda what: self._line("would register" if dry_run else "new", what),
                    )
                )
            except (CannotRegister, PropexoNotConfigured) as error:
                raise CommandError(str(error)) from None
            self._tell(found[-1])
        if any(one.foreign for one in found):
            raise CommandError(
                "Some registrations sign with a secret that is not in PROPEXO_WEBHOOK_SECRET, so "
                "what they send is refused. Change their secret in Propexo, or add it to .env."
            )

    def _tell(self, found: Registered) -> None:
        for one in found.there:
            self._line("there already", f"{_events(one.events)} ({one.remote_id})")
        for one in found.foreign:
            self._line("another secret", f"{_events(one.events)} ({one.remote_id})")
        for one in found.off:
            self._line("switched off", f"{_events(one.events)} ({one.remote_id})")
        if not found.added:
            self.stdout.write("  Nothing is missing.")

    def _line(self, state: str, what: str) -> None:
        self.stdout.write(f"  {state:<15}{what}")


def _address(url: str) -> str:
    """Complete and check the address.

    Errors: CommandError.
    """
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not parts.hostname or not (parts.scheme == "https" or is_local):
        raise CommandError("--url must be an https:// address (http:// on this machine only).")
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path or reverse('propexo-webhook')}"


def _secrets() -> tuple[str, ...]:
    secrets = split_secrets(settings.PROPEXO_WEBHOOK_SECRET)
    if not secrets:
        raise CommandError(
            "There is no PROPEXO_WEBHOOK_SECRET in .env, and without one every event is refused. "
            "Choose one of at least 10 characters, such as whsec_ and random letters."
        )
    if len(secrets[0]) < _SHORTEST_SECRET:
        raise CommandError(
            "The first secret in PROPEXO_WEBHOOK_SECRET is too short: 10 characters."
        )
    return secrets


def _contracts(connection_id: str | None) -> list[Contract]:
    """List the contracts in which to register.

    Errors: CommandError.
    """
    connections = Connection.objects.order_by("pk")
    if connection_id is not None:
        connections = connections.filter(propexo_connection_id=connection_id)
    try:
        contracts = list(dict.fromkeys(contract_of(one) for one in connections))
    except PropexoNotConfigured as error:
        raise CommandError(str(error)) from None
    if not contracts:
        which = f"no connection {connection_id}" if connection_id else "no connection yet"
        raise CommandError(f"There is {which}: connect a PMS first (Integrations > Propexo).")
    return contracts


def _events(events: frozenset[tuple[str, str]]) -> str:
    by_model: dict[str, list[str]] = {}
    for event, model in sorted(events):
        by_model.setdefault(model, []).append(event)
    return "; ".join(
        ", ".join(named) + (f" of {model}" if model else "") for model, named in by_model.items()
    )

"""Registering MeterBase's address for Propexo's events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from integrations.pms import errors
from integrations.pms.records import Contract
from integrations.pms.transport import Transport
from integrations.pms.webhook_registrations import (
    WANTED,
    Registration,
    WantedEvents,
    add_registration,
    missing_of,
    read_registrations,
)

_NOT_LISTED = (
    "Propexo does not tell what is registered in this contract, so nothing was registered: it "
    "might be there already, and every event would come twice. Look in its dashboard, and say "
    "--again if the address is not there."
)
_LOST = (
    "Propexo's answer was lost, so the registration may or may not be there. Run the command "
    "again: it looks first."
)


class CannotRegister(Exception):
    """The address could not be registered; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of registering an address in a contract.

    Shape: `there` was registered before, `added` is new, or would be in a dry run. `foreign` and
        `off` are registrations of the address that bring nothing: they sign with a secret that
        MeterBase does not have, or are switched off.
    """

    contract: Contract
    there: tuple[Registration, ...]
    added: tuple[WantedEvents, ...]
    foreign: tuple[Registration, ...]
    off: tuple[Registration, ...]


def register_webhooks(
    *,
    transport: Transport,
    contract: Contract,
    url: str,
    secrets: Sequence[str],
    dry_run: bool,
    again: bool = False,
    say: Callable[[str], None],
) -> Registered:
    """Register an address for all events that MeterBase does something about and that are missing.

    Shape: `secrets` are those that MeterBase knows; new registrations sign with the first. `again`
        registers even where Propexo does not tell what is there. `say` is told of each that is new.
    Errors: CannotRegister; what was registered before it stays.
    Effects: registrations at Propexo, none in a dry run.
    """
    try:
        here = [one for one in read_registrations(transport, contract) if one.url == url]
    except errors.Refused as error:
        if not again:
            raise CannotRegister(_NOT_LISTED) from error
        here = []
    except errors.PmsError as error:
        raise CannotRegister(error.message) from error
    active = [one for one in here if one.active]
    missing = missing_of(WANTED[contract], active, url=url)
    for wanted in missing:
        if not dry_run:
            _add(transport, contract, url=url, wanted=wanted, secret=secrets[0])
        say(str(wanted))
    foreign = tuple(one for one in active if one.secret and one.secret not in secrets)
    off = tuple(one for one in here if not one.active)
    there = tuple(one for one in active if one not in foreign)
    return Registered(contract, there, missing, foreign, off)


def _add(
    transport: Transport, contract: Contract, *, url: str, wanted: WantedEvents, secret: str
) -> None:
    try:
        add_registration(transport, contract, url=url, wanted=wanted, secret=secret)
    except (errors.OutcomeUnknown, errors.UnreadableAnswer) as error:
        raise CannotRegister(_LOST) from error
    except errors.PmsError as error:
        raise CannotRegister(error.message) from error

"""Who Propexo sends its events to: the registrations that are there, and new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from integrations.pms.paging import Turn
from integrations.pms.reading import json_of, object_in, unreadable
from integrations.pms.records import Contract
from integrations.pms.transport import Transport
from integrations.pms.v1_pages import read_rows
from meterbase.lib.exact_json import JsonValue, write_json

_ROWS_PER_PAGE = "200"
_CHANGES = ("DATA_NEW", "DATA_UPDATE")
_MODELS = (
    "properties",
    "units",
    "leases",
    "residents",
    "residents_to_leases",
    "resident_charges",
)


@dataclass(frozen=True, slots=True)
class WantedEvents:
    """Events that one registration is for.

    Shape: contract v1 takes one `model` per registration; empty where there is none.
    """

    events: tuple[str, ...]
    model: str = ""

    def __str__(self) -> str:
        named = ", ".join(self.events)
        return f"{named} of {self.model}" if self.model else named


@dataclass(frozen=True, slots=True)
class Registration:
    """An address that Propexo sends events to.

    Shape: `events` are the contract's own words, each with the model that it is narrowed to, empty
        for none. `secret` is empty where Propexo does not show it.
    """

    remote_id: str
    url: str
    events: frozenset[tuple[str, str]]
    active: bool = True
    secret: str = ""

    def covers(self, event: str, model: str) -> bool:
        """Tell whether an event of a model is sent here."""
        return self.active and not {(event, model), (event, "")}.isdisjoint(self.events)


# Everything that MeterBase does something about.
WANTED: Mapping[Contract, tuple[WantedEvents, ...]] = {
    "unified": (
        WantedEvents(
            ("data.new", "data.update", "sync.complete", "resident.created", "lease.updated")
        ),
    ),
    "v1": (
        *(WantedEvents(_CHANGES, model) for model in _MODELS),
        WantedEvents(
            ("SYNC_COMPLETE", "FIRST_SYNC_COMPLETE", "JOB_FAILURE", "WRITE_OPERATION_FAILURE")
        ),
    ),
}


def read_registrations(transport: Transport, contract: Contract) -> tuple[Registration, ...]:
    """Read what is registered with this API key, switched off or not.

    Errors: NotFound or NotSupported where Propexo does not list registrations; others of
        `integrations.pms.errors`.
    """
    if contract == "unified":
        return tuple(_unified(row) for row in _unified_rows(transport) if isinstance(row, dict))
    rows: list[object] = []
    for active in ("true", "false"):
        rows += read_rows(transport, "/v1/webhooks/", {"active": active}, turn=Turn())
    return tuple(_v1(row) for row in rows if isinstance(row, dict))


def missing_of(
    wanted: Sequence[WantedEvents], registrations: Sequence[Registration], *, url: str
) -> tuple[WantedEvents, ...]:
    """Tell which of the wanted events are not sent to an address yet."""
    here = [one for one in registrations if one.url == url]
    left = (
        WantedEvents(
            tuple(
                event
                for event in one.events
                if not any(registration.covers(event, one.model) for registration in here)
            ),
            one.model,
        )
        for one in wanted
    )
    return tuple(one for one in left if one.events)


def add_registration(
    transport: Transport, contract: Contract, *, url: str, wanted: WantedEvents, secret: str
) -> str:
    """Register an address for events; return the registration's id.

    Errors: those of a write, of `integrations.pms.errors`.
    Effects: Propexo sends the events from now on, and signs them with the secret.
    """
    if contract == "unified":
        body: dict[str, JsonValue] = {"url": url, "events": list(wanted.events), "secret": secret}
        answer = transport.post_once("/v1/webhooks", body=write_json(body))
        made = json_of(answer)
    else:
        body = {"url": url, "triggers": list(wanted.events), "secret": secret, "active": True}
        if wanted.model:
            body["model"] = wanted.model
        answer = transport.post_once("/v1/webhooks/", body=write_json(body))
        made = object_in(answer, key="result")
    if not isinstance(made, dict) or not made.get("id"):
        raise unreadable(answer, "It names no registration.")
    return str(made["id"])


def _unified_rows(transport: Transport) -> Iterator[object]:
    cursor, seen = "", {""}
    while True:
        params = {"cursor": cursor, "per_page": _ROWS_PER_PAGE}
        answer = transport.get("/v1/webhooks", params=params)
        rows, pagination = object_in(answer, key="data"), object_in(answer, key="pagination")
        if not isinstance(rows, list) or not isinstance(pagination, dict):
            raise unreadable(answer, "It is not a page of a list.")
        yield from rows
        cursor = str(pagination.get("next_cursor") or "")
        if not cursor:
            return
        if cursor in seen:
            raise unreadable(answer, "The list goes round in circles.")
        seen.add(cursor)


def _unified(row: Mapping[str, object]) -> Registration:
    events = frozenset((str(event), "") for event in _items(row.get("events")))
    return Registration(str(row.get("id", "")), str(row.get("url", "")), events)


def _v1(row: Mapping[str, object]) -> Registration:
    triggers = [one for one in _items(row.get("triggers")) if isinstance(one, dict)]
    return Registration(
        str(row.get("id", "")),
        str(row.get("url", "")),
        frozenset((str(one.get("trigger")), str(one.get("model") or "")) for one in triggers),
        active=row.get("active") is True,
        secret=str(row.get("secret") or ""),
    )


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()

"""Control endpoints that change the world: what a PMS's people do behind MeterBase's back."""

from __future__ import annotations

from integrations.sandbox.arrivals import add_lease, add_unit
from integrations.sandbox.body_fields import BodyFields
from integrations.sandbox.change_fields import (
    CHARGE_CODE_FIELDS,
    NEW_LEASE_FIELDS,
    NEW_UNIT_FIELDS,
    read_changes,
)
from integrations.sandbox.changes import (
    LEASES,
    PROPERTIES,
    RESIDENTS,
    UNITS,
    Model,
    change_record,
    find_record,
    let_vanish,
)
from integrations.sandbox.chart_changes import add_code, change_code, remove_code
from integrations.sandbox.exchange import Call, Reply, Request, Route, Sandbox
from integrations.sandbox.happenings import Happening
from integrations.sandbox.lease_endings import end_lease, leases_of_unit, told_of_the_end
from integrations.sandbox.new_properties import add_property
from integrations.sandbox.problems import invalid

_MOST_UNITS = 2000
_SITE_FIELDS = ("name", "street", "city", "state", "zip")


def _changes(model: Model) -> Call:
    """Make the call that changes a record."""

    def answer(sandbox: Sandbox, request: Request) -> Reply:
        values = read_changes(request.json(), model.fields)
        now = sandbox.now()
        return _tell(
            sandbox, change_record(sandbox.store, model, request.record_id, values, now=now)
        )

    return answer


def _vanishes(model: Model) -> Call:
    """Make the call that lets a record vanish."""

    def answer(sandbox: Sandbox, request: Request) -> Reply:
        let_vanish(sandbox.store, model, request.record_id, now=sandbox.now())
        return Reply(200, {"id": request.record_id, "vanished": True})

    return answer


def _leases(sandbox: Sandbox, request: Request) -> Reply:
    property_id, unit_number = _needed(request, "property_id", "unit_number")
    with sandbox.store.reading() as connection:
        leases = leases_of_unit(connection, property_id=property_id, unit_number=unit_number)
    return Reply(200, {"leases": leases})


def _end_lease(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json() if request.body else {})
    end = body.day("end_date", default=sandbox.clock().date())
    body.check()
    with sandbox.store.reading() as connection:
        before = find_record(connection, LEASES, request.record_id)
    lease = end_lease(sandbox.store, lease_id=request.record_id, end=end, now=sandbox.now())
    sandbox.outbox.announce(*told_of_the_end(before, end=end))
    return Reply(200, lease)


def _add_property(sandbox: Sandbox, request: Request) -> Reply:
    body = BodyFields(request.json())
    connection_id = body.text("connection_id")
    units = body.count("units", largest=_MOST_UNITS, default=12)
    given = {name: body.text(name, required=False) for name in _SITE_FIELDS}
    body.check()
    changes = {name: value for name, value in given.items() if value}
    return _tell(
        sandbox,
        add_property(
            sandbox.store,
            connection_id=connection_id,
            units=units,
            changes=changes,
            now=sandbox.now(),
        ),
        status=201,
    )


def _add_unit(sandbox: Sandbox, request: Request) -> Reply:
    needed = ("property_id", "unit_number")
    values = read_changes(request.json(), NEW_UNIT_FIELDS, required=needed)
    return _tell(sandbox, add_unit(sandbox.store, values, now=sandbox.now()), status=201)


def _add_lease(sandbox: Sandbox, request: Request) -> Reply:
    needed = ("unit_id", "first_name", "last_name", "start_date")
    values = read_changes(request.json(), NEW_LEASE_FIELDS, required=needed)
    today = sandbox.clock().date()
    told = add_lease(sandbox.store, values, today=today, now=sandbox.now())
    return _tell(sandbox, told, status=201)


def _add_code(sandbox: Sandbox, request: Request) -> Reply:
    (property_id,) = _needed(request, "property_id")
    values = read_changes(request.json(), CHARGE_CODE_FIELDS, required=("code",))
    told = add_code(sandbox.store, property_id, values, now=sandbox.now())
    return _tell(sandbox, told, status=201)


def _change_code(sandbox: Sandbox, request: Request) -> Reply:
    property_id, code = _needed(request, "property_id", "code")
    values = read_changes(request.json(), CHARGE_CODE_FIELDS)
    return _tell(sandbox, change_code(sandbox.store, property_id, code, values, now=sandbox.now()))


def _remove_code(sandbox: Sandbox, request: Request) -> Reply:
    property_id, code = _needed(request, "property_id", "code")
    remove_code(sandbox.store, property_id, code, now=sandbox.now())
    return Reply(200, {"property_id": property_id, "code": code, "removed": True})


def _tell(sandbox: Sandbox, told: tuple[Happening, ...], *, status: int = 200) -> Reply:
    """Announce what happened, and answer with the record that it began with."""
    sandbox.outbox.announce(*told)
    first = told[0]
    return Reply(status, {"id": first.record_id, "property_id": first.property_id})


def _needed(request: Request, *names: str) -> tuple[str, ...]:
    query = request.query()
    missing = [name for name in names if not query.get(name)]
    if missing:
        raise invalid({name: ["is required"] for name in missing})
    return tuple(query[name] for name in names)


ROUTES = (
    Route("PATCH", "/_sandbox/properties/{id}", _changes(PROPERTIES)),
    Route("PATCH", "/_sandbox/units/{id}", _changes(UNITS)),
    Route("PATCH", "/_sandbox/leases/{id}", _changes(LEASES)),
    Route("PATCH", "/_sandbox/residents/{id}", _changes(RESIDENTS)),
    Route("DELETE", "/_sandbox/units/{id}", _vanishes(UNITS)),
    Route("DELETE", "/_sandbox/leases/{id}", _vanishes(LEASES)),
    Route("DELETE", "/_sandbox/residents/{id}", _vanishes(RESIDENTS)),
    Route("POST", "/_sandbox/properties", _add_property),
    Route("POST", "/_sandbox/units", _add_unit),
    Route("POST", "/_sandbox/leases", _add_lease),
    Route("GET", "/_sandbox/leases", _leases),
    Route("POST", "/_sandbox/leases/{id}/end", _end_lease),
    Route("POST", "/_sandbox/charge-codes", _add_code),
    Route("PATCH", "/_sandbox/charge-codes", _change_code),
    Route("DELETE", "/_sandbox/charge-codes", _remove_code),
)

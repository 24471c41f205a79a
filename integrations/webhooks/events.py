"""Reading an event's body, whichever contract and shape it has.

The body is only a hint: it names what to read again, and nothing of it is stored as if it were the
state of a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from meterbase.lib.exact_json import MalformedJson, read_json


class EventName(StrEnum):
    """The events of both contracts, in one spelling."""

    DATA_NEW = "DATA_NEW"
    DATA_UPDATE = "DATA_UPDATE"
    SYNC_COMPLETE = "SYNC_COMPLETE"
    FIRST_SYNC_COMPLETE = "FIRST_SYNC_COMPLETE"
    JOB_SUCCESS = "JOB_SUCCESS"
    JOB_FAILURE = "JOB_FAILURE"
    WRITE_OPERATION_FAILURE = "WRITE_OPERATION_FAILURE"
    TEST_PING = "TEST_PING"


class RecordKind(StrEnum):
    """The kinds of records that MeterBase does something about."""

    PROPERTY = "property"
    UNIT = "unit"
    LEASE = "lease"
    RESIDENT = "resident"
    CHARGE = "charge"
    CHARGE_CODE = "charge_code"
    PAYMENT = "payment"


class Shape(StrEnum):
    """How a body is laid out."""

    UNIFIED = "unified"
    V1_WRAPPED = "v1_wrapped"
    V1_FLAT = "v1_flat"
    UNREADABLE = "unreadable"


# Records have several names: singular in one contract, plural or hyphenated in the other.
_KINDS = {
    "property": RecordKind.PROPERTY,
    "properties": RecordKind.PROPERTY,
    "unit": RecordKind.UNIT,
    "units": RecordKind.UNIT,
    "lease": RecordKind.LEASE,
    "leases": RecordKind.LEASE,
    "resident": RecordKind.RESIDENT,
    "residents": RecordKind.RESIDENT,
    "residents_to_leases": RecordKind.RESIDENT,
    "residents_to_units": RecordKind.RESIDENT,
    "charge": RecordKind.CHARGE,
    "charges": RecordKind.CHARGE,
    "resident_charge": RecordKind.CHARGE,
    "resident_charges": RecordKind.CHARGE,
    "charge_code": RecordKind.CHARGE_CODE,
    "charge_codes": RecordKind.CHARGE_CODE,
    "financial_account": RecordKind.CHARGE_CODE,
    "financial_accounts": RecordKind.CHARGE_CODE,
    "payment": RecordKind.PAYMENT,
    "payments": RecordKind.PAYMENT,
    "resident_payment": RecordKind.PAYMENT,
    "resident_payments": RecordKind.PAYMENT,
}

_CHANGES = {"CREATED": EventName.DATA_NEW, "UPDATED": EventName.DATA_UPDATE}
# A payment is money that came in: a new record of its own.
_ALIASES = {"PAYMENT_RECEIVED": (EventName.DATA_NEW, "payment")}

_LONGEST_NAME = 60
_LONGEST_ID = 100
_LONGEST_ERROR = 500
_MOST_ERRORS = 20


@dataclass(frozen=True, slots=True)
class Event:
    """What a body says.

    Shape: `name` is one of EventName where it is known, else as it was sent, in the same spelling;
        likewise `record_kind` with RecordKind. What the body does not say is empty.
    """

    shape: Shape
    name: str = ""
    record_kind: str = ""
    record_id: str = ""
    property_id: str = ""
    connection_id: str = ""
    event_id: str = ""
    job_id: str = ""
    root_job_id: str = ""
    job_type: str = ""
    write_status: str = ""
    errors: tuple[str, ...] = ()


def read_event(body: bytes) -> Event:
    """Read a body; one that makes no sense is told by its shape."""
    try:
        content = read_json(body)
    except MalformedJson:
        return Event(Shape.UNREADABLE)
    if not isinstance(content, Mapping):
        return Event(Shape.UNREADABLE)
    return _read(content)


def _read(outer: Mapping[str, object]) -> Event:
    shape = _shape(outer)
    data = outer if shape is Shape.V1_FLAT else _mapping(outer.get("data"))
    meta = _mapping(outer.get("meta"))
    sent_name = _first(outer.get("trigger"), outer.get("event"), data.get("event"))
    name, kind = _name(sent_name, _first(data.get("object"), meta.get("object")))
    if not name:
        return Event(Shape.UNREADABLE)
    unified = shape is Shape.UNIFIED
    return Event(
        shape=shape,
        name=name,
        record_kind=kind,
        record_id=_first(data.get("record_id"), data.get("id") if unified else None),
        property_id=_property_id(outer, data),
        connection_id=_connection_id(outer, data, meta),
        event_id=_first(outer.get("id")) if unified else "",
        job_id=_first(data.get("job_id")),
        root_job_id=_first(data.get("root_job_id")),
        job_type=_first(data.get("job_type")),
        write_status=_first(data.get("write_status")),
        errors=_errors(data.get("errors")),
    )


def _shape(outer: Mapping[str, object]) -> Shape:
    if "trigger" in outer or "event" not in outer:
        return Shape.V1_WRAPPED
    dotted = isinstance(outer["event"], str) and "." in outer["event"]
    return Shape.UNIFIED if dotted or isinstance(outer.get("data"), Mapping) else Shape.V1_FLAT


def _connection_id(*parts: Mapping[str, object]) -> str:
    names = ("connection_id", "integration_id")
    return _first(*(part.get(name) for part in parts for name in names))


def _name(sent: str, sent_kind: str) -> tuple[str, str]:
    """Write the names of an event and of a record in one spelling."""
    name = _spell(sent).upper()
    kind = _spell(sent_kind).lower()
    if name in _ALIASES:
        name, kind = _ALIASES[name]
    model, _, change = name.rpartition("_")
    if model and change in _CHANGES:
        name, kind = _CHANGES[change], model.lower()
    return name[:_LONGEST_NAME], _KINDS.get(kind, kind)[:_LONGEST_NAME]


def _spell(text: str) -> str:
    return text.replace(".", "_").replace("-", "_").replace(" ", "_")


def _property_id(outer: Mapping[str, object], data: Mapping[str, object]) -> str:
    """Look everywhere a body may name its property."""
    diff = _mapping(data.get("diff"))
    places = (
        data,
        _mapping(data.get("context")),
        _mapping(outer.get("context")),
        _mapping(data.get("payload")),
        _mapping(diff.get("new")),
    )
    return _first(*(place.get("property_id") for place in places))


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _first(*values: object) -> str:
    """Take the first value that is a text, cut to what an id may be and without control signs."""
    for value in values:
        text = str(value) if type(value) is int else value
        if isinstance(text, str) and (clean := _printable(text, _LONGEST_ID)):
            return clean
    return ""


def _errors(value: object) -> tuple[str, ...]:
    rows = value if isinstance(value, list) else []
    return tuple(_printable(str(row), _LONGEST_ERROR) for row in rows[:_MOST_ERRORS])


def _printable(text: str, longest: int) -> str:
    text = text[:longest].strip()
    if text.isprintable():
        return text
    # Neither a NUL nor half of a surrogate pair can be stored on every database.
    return "".join(sign for sign in text if sign.isprintable()).strip()

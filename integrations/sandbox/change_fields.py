"""Which fields of a record can be changed from outside, and what each of them may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from integrations.sandbox.amounts import NotAnAmount, cents_from
from integrations.sandbox.moments import calendar_day
from integrations.sandbox.problems import invalid
from meterbase.lib.exact_json import JsonValue

Stored = str | int | None
_LARGEST = 10**9
_LONGEST = 200


class NotAllowed(ValueError):
    """A field cannot hold this; the text says what it can hold."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record.

    Shape: `column` is the store's name, `v1` is contract v1's, for its diffs.
    """

    column: str
    v1: str
    read: Callable[[JsonValue], Stored]
    optional: bool = False

    def value(self, given: JsonValue) -> Stored:
        """Read what is to be stored.

        Errors: NotAllowed.
        """
        if given is None and self.optional:
            return None
        return self.read(given)


def read_changes(
    body: JsonValue, fields: Mapping[str, Field], *, required: tuple[str, ...] = ()
) -> dict[str, Stored]:
    """Read a body into columns and values.

    Errors: Problem 422 with the messages by field, unknown and missing fields among them.
    """
    if not isinstance(body, Mapping) or not body:
        raise invalid({"body": ["must be a JSON object with at least one field"]})
    errors: dict[str, list[str]] = {name: ["is required"] for name in required if name not in body}
    values: dict[str, Stored] = {}
    for name, given in body.items():
        if name not in fields:
            errors[name] = [f"is not one of {', '.join(fields)}"]
            continue
        try:
            values[fields[name].column] = fields[name].value(given)
        except NotAllowed as problem:
            errors[name] = [str(problem)]
    if errors:
        raise invalid(errors)
    return values


def _text(given: JsonValue) -> str:
    if not isinstance(given, str) or not given or len(given) > _LONGEST:
        raise NotAllowed(f"must be text of at most {_LONGEST} characters")
    if any("\ud800" <= character <= "\udfff" for character in given):
        raise NotAllowed("holds characters that do not exist")
    return given


def _whole(given: JsonValue) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= _LARGEST:
        raise NotAllowed(f"must be a whole number from 0 to {_LARGEST}")
    return given


def _decimal_text(given: JsonValue) -> str:
    if isinstance(given, bool) or not isinstance(given, int | Decimal) or not 0 <= given <= 99:
        raise NotAllowed("must be a number from 0 to 99")
    return str(given)


def _cents(given: JsonValue) -> int:
    if isinstance(given, bool) or not isinstance(given, int | Decimal):
        raise NotAllowed("must be a number")
    try:
        # A free flat exists, a charge of nothing does not.
        return cents_from(given) if given else 0
    except NotAnAmount as problem:
        raise NotAllowed(str(problem)) from problem


def _day(given: JsonValue) -> str:
    if not isinstance(given, str) or calendar_day(given) is None:
        raise NotAllowed("must be a date like 2026-04-01")
    return given


def _flag(given: JsonValue) -> int:
    if not isinstance(given, bool):
        raise NotAllowed("must be true or false")
    return int(given)


def _role(given: JsonValue) -> str:
    roles = ("primary", "secondary", "occupant", "guarantor")
    if not isinstance(given, str) or given not in roles:
        raise NotAllowed(f"must be one of {', '.join(roles)}")
    return given


PROPERTY_FIELDS = {
    "name": Field("name", "name", _text),
    "street": Field("street", "address_1", _text),
    "city": Field("city", "city", _text),
    "state": Field("state", "state", _text),
    "zip": Field("zip", "zip", _text),
    "unit_count": Field("unit_count", "number_of_units", _whole),
    "total_sqft": Field("total_sqft", "square_feet", _whole, optional=True),
    "enabled": Field("enabled", "enabled", _flag),
}
UNIT_FIELDS = {
    "unit_number": Field("unit_number", "number", _text),
    "sqft": Field("sqft", "square_feet", _whole, optional=True),
    "bedrooms": Field("bedrooms", "bedrooms", _whole, optional=True),
    "bathrooms": Field("bathrooms", "bathrooms", _decimal_text, optional=True),
    "status": Field("status", "status", _text),
}
LEASE_FIELDS = {
    "start_date": Field("start_date", "start_date", _day),
    "end_date": Field("end_date", "end_date", _day, optional=True),
    "monthly_rent": Field("rent_cents", "rent_amount_in_cents", _cents),
    "status": Field("status", "status_raw", _text),
    "occupant_count": Field("occupant_count", "occupant_count", _whole, optional=True),
}
RESIDENT_FIELDS = {
    "first_name": Field("first_name", "first_name", _text),
    "last_name": Field("last_name", "last_name", _text),
    "role": Field("role", "role", _role),
    "moved_out": Field("moved_out", "move_out_date", _day, optional=True),
}
NEW_UNIT_FIELDS = {**UNIT_FIELDS, "property_id": Field("property_id", "property_id", _text)}
NEW_LEASE_FIELDS = {
    **LEASE_FIELDS,
    "unit_id": Field("unit_id", "unit_id", _text),
    "first_name": Field("first_name", "first_name", _text),
    "last_name": Field("last_name", "last_name", _text),
}
CHARGE_CODE_FIELDS = {
    "code": Field("code", "name", _text),
    "name": Field("name", "description", _text),
    "gl_account": Field("gl_account", "credit_gl_account", _text),
}

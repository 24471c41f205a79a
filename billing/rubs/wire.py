"""Bills and allocations as JSON: money in whole cents, exact numbers as fractions in text.

What a bill does not use is not written, so that a digest stays the same when the engine learns
more.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date

from billing.rubs.bill_lines import BillLine, LineKind, Spread
from billing.rubs.document import Document
from billing.rubs.inputs import BillInput, BillPeriod, Stay, UnitInput
from billing.rubs.json_values import Json, choice_of, fraction_text, given
from billing.rubs.wire_result import allocation_to_json
from billing.rubs.wire_rule import limits_to_json, read_limits, read_rule, rule_to_json

__all__ = ["allocation_to_json", "bill_input_from_json", "bill_input_to_json", "digest"]


def digest(bill: BillInput) -> str:
    """Fingerprint a bill: the same for the same figures, in whatever order the units came.

    Shape: SHA-256 of the canonical JSON, in hexadecimal.
    """
    text = json.dumps(
        bill_input_to_json(bill), sort_keys=True, separators=(",", ":"), ensure_ascii=True
    )
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def bill_input_to_json(bill: BillInput) -> Json:
    """Write a bill in its canonical form: units by key, stays by lease and start."""
    return {
        "amount_cents": bill.amount_cents,
        "period": {"start": bill.period.start.isoformat(), "end": bill.period.end.isoformat()},
        "rule": rule_to_json(bill.rule),
        "units": [_unit_to_json(unit) for unit in sorted(bill.units, key=_by_key)],
        **given(lines=[_line_to_json(line) for line in bill.lines] or None),
    }


def bill_input_from_json(document: object) -> BillInput:
    """Read a bill that bill_input_to_json wrote.

    Errors: MalformedBill, which names the place.
    """
    bill = Document(document, "bill")
    read = BillInput(
        amount_cents=bill.whole("amount_cents"),
        period=_read_period(bill.nested("period")),
        rule=read_rule(bill.nested("rule")),
        units=tuple(_read_unit(unit) for unit in bill.each("units")),
        lines=tuple(map(_read_line, bill.each("lines"))) if bill.has("lines") else (),
    )
    bill.close()
    return read


def _line_to_json(line: BillLine) -> Json:
    return {
        "kind": line.kind.value,
        "amount_cents": line.amount_cents,
        "name": line.name,
        **given(
            spread=None if line.spread is None else line.spread.value,
            cents_per_unit=line.cents_per_unit,
            unit_count=line.unit_count,
        ),
    }


def _unit_to_json(unit: UnitInput) -> Json:
    return {
        "key": unit.key,
        "label": unit.label,
        "sqft": fraction_text(unit.sqft),
        "bedrooms": fraction_text(unit.bedrooms),
        "bathrooms": fraction_text(unit.bathrooms),
        "stays": [_stay_to_json(stay) for stay in sorted(unit.stays, key=_by_lease)],
        "billable": unit.billable,
        "excluded_because": unit.excluded_because,
        **given(
            weight=fraction_text(unit.weight),
            percent=fraction_text(unit.percent),
            usage=fraction_text(unit.usage),
            limits=None if unit.limits is None else limits_to_json(unit.limits),
        ),
    }


def _stay_to_json(stay: Stay) -> Json:
    return {
        "lease_key": stay.lease_key,
        "start": None if stay.start is None else stay.start.isoformat(),
        "end": None if stay.end is None else stay.end.isoformat(),
        "occupants": stay.occupants,
        **given(usage=fraction_text(stay.usage)),
    }


def _by_key(unit: UnitInput) -> tuple[str, str]:
    return unit.key, unit.label


def _by_lease(stay: Stay) -> tuple[str, date, date]:
    return stay.lease_key, stay.start or date.min, stay.end or date.max


def _read_period(period: Document) -> BillPeriod:
    read = BillPeriod(period.day("start"), period.day("end"))
    period.close()
    return read


def _read_line(line: Document) -> BillLine:
    read = BillLine(
        kind=choice_of(LineKind, line.text("kind"), line.place("kind")),
        amount_cents=line.whole("amount_cents"),
        name=line.text("name"),
        spread=choice_of(Spread, line.text("spread"), line.place("spread"))
        if line.has("spread")
        else None,
        cents_per_unit=line.whole("cents_per_unit") if line.has("cents_per_unit") else None,
        unit_count=line.whole("unit_count") if line.has("unit_count") else None,
    )
    line.close()
    return read


def _read_unit(unit: Document) -> UnitInput:
    read = UnitInput(
        key=unit.text("key"),
        label=unit.text("label"),
        sqft=unit.fraction_or_none("sqft"),
        bedrooms=unit.fraction_or_none("bedrooms"),
        bathrooms=unit.fraction_or_none("bathrooms"),
        stays=tuple(_read_stay(stay) for stay in unit.each("stays")),
        billable=unit.flag("billable"),
        excluded_because=unit.text_or_none("excluded_because"),
        weight=unit.fraction_if_there("weight"),
        percent=unit.fraction_if_there("percent"),
        usage=unit.fraction_if_there("usage"),
        limits=read_limits(unit.nested("limits")) if unit.has("limits") else None,
    )
    unit.close()
    return read


def _read_stay(stay: Document) -> Stay:
    read = Stay(
        lease_key=stay.text("lease_key"),
        start=stay.day_or_none("start"),
        end=stay.day_or_none("end"),
        occupants=stay.whole_or_none("occupants"),
        usage=stay.fraction_if_there("usage"),
    )
    stay.close()
    return read

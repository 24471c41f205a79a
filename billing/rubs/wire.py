"""Bills and allocations as JSON: money in whole cents, exact numbers as fractions in text."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from fractions import Fraction

from billing.rubs.document import Document, MalformedBill
from billing.rubs.explain import explain
from billing.rubs.inputs import (
    BillInput,
    BillPeriod,
    Number,
    RuleInput,
    Stay,
    UnitInput,
    Vacancy,
    exact,
)
from billing.rubs.methods import Term
from billing.rubs.results import Allocation, Basis, Line, OwnerLine, TenantLine

Json = dict[str, object]


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
        "period": _period_to_json(bill.period),
        "rule": _rule_to_json(bill.rule),
        "units": [_unit_to_json(unit) for unit in sorted(bill.units, key=_by_key)],
    }


def bill_input_from_json(document: object) -> BillInput:
    """Read a bill that bill_input_to_json wrote.

    Errors: MalformedBill, which names the place.
    """
    bill = Document(document, "bill")
    read = BillInput(
        amount_cents=bill.whole("amount_cents"),
        period=_read_period(bill.nested("period")),
        rule=_read_rule(bill.nested("rule")),
        units=tuple(_read_unit(unit) for unit in bill.each("units")),
    )
    bill.close()
    return read


def allocation_to_json(allocation: Allocation) -> Json:
    """Write an allocation with every number that it used and the explanation of every line."""
    return {
        "engine_version": allocation.engine_version,
        "bill_cents": allocation.bill_cents,
        "tenants_cents": allocation.tenants_cents,
        "owner_cents": allocation.owner_cents,
        "basis": _basis_to_json(allocation.basis),
        "lines": [_tenant_line_to_json(line) for line in allocation.lines],
        "owner": [_owner_line_to_json(line) for line in allocation.owner],
    }


def _basis_to_json(basis: Basis) -> Json:
    return {
        "period": _period_to_json(basis.period),
        "period_days": basis.period.days,
        "method": basis.method,
        "vacancy": basis.vacancy.value,
        "strict_floor": basis.strict_floor,
        "common_area_percent": _fraction(basis.common_area_percent),
        "common_area_exact_cents": _fraction(basis.common_area_cents),
        "pool_exact_cents": _fraction(basis.pool_cents),
        "total_weight": _fraction(basis.total_weight),
    }


def _tenant_line_to_json(line: TenantLine) -> Json:
    return {
        "unit_key": line.unit_key,
        "unit_label": line.unit_label,
        "lease_key": line.lease_key,
        **_figures_to_json(line),
        "steps": _steps_to_json(line),
    }


def _owner_line_to_json(line: OwnerLine) -> Json:
    return {
        "bucket": line.bucket.value,
        "unit_key": line.unit_key,
        "unit_label": line.unit_label,
        "lease_key": line.lease_key,
        "reason": line.reason,
        **_figures_to_json(line),
        "steps": _steps_to_json(line),
    }


def _figures_to_json(line: Line) -> Json:
    return {
        "terms": [_term_to_json(term) for term in line.terms],
        "days": line.days,
        "period_days": line.period_days,
        "weight": _fraction(line.weight),
        "share": _fraction(line.share),
        "exact_cents": _fraction(line.exact_cents),
        "rounding_cents": _fraction(line.rounding_cents),
        "cents": line.cents,
    }


def _term_to_json(term: Term) -> Json:
    return {
        "field": term.field.name,
        "quantity": _fraction(term.quantity),
        "factor": _fraction(term.factor),
    }


def _steps_to_json(line: TenantLine | OwnerLine) -> list[Json]:
    return [
        {
            "label": step.label,
            "expression": step.expression,
            "value": _fraction(step.value),
            "unit": step.unit.value,
        }
        for step in explain(line)
    ]


def _period_to_json(period: BillPeriod) -> Json:
    return {"start": period.start.isoformat(), "end": period.end.isoformat()}


def _rule_to_json(rule: RuleInput) -> Json:
    return {
        "method": rule.method,
        "vacancy": rule.vacancy.value,
        "common_area_percent": _fraction(rule.common_area_percent),
        "vacant_unit_occupants": _fraction(rule.vacant_unit_occupants),
        "strict_floor": rule.strict_floor,
        "bedroom_factor": _fraction(rule.bedroom_factor),
        "bathroom_factor": _fraction(rule.bathroom_factor),
        "studio_bedrooms": _fraction(rule.studio_bedrooms),
    }


def _unit_to_json(unit: UnitInput) -> Json:
    return {
        "key": unit.key,
        "label": unit.label,
        "sqft": _fraction(unit.sqft),
        "bedrooms": _fraction(unit.bedrooms),
        "bathrooms": _fraction(unit.bathrooms),
        "stays": [_stay_to_json(stay) for stay in sorted(unit.stays, key=_by_lease)],
        "billable": unit.billable,
        "excluded_because": unit.excluded_because,
    }


def _stay_to_json(stay: Stay) -> Json:
    return {
        "lease_key": stay.lease_key,
        "start": None if stay.start is None else stay.start.isoformat(),
        "end": None if stay.end is None else stay.end.isoformat(),
        "occupants": stay.occupants,
    }


def _by_key(unit: UnitInput) -> tuple[str, str]:
    return unit.key, unit.label


def _by_lease(stay: Stay) -> tuple[str, date, date]:
    return stay.lease_key, stay.start or date.min, stay.end or date.max


def _fraction(number: Number | None) -> str | None:
    return None if number is None else str(Fraction(exact(number)))


def _read_period(period: Document) -> BillPeriod:
    read = BillPeriod(period.day("start"), period.day("end"))
    period.close()
    return read


def _read_rule(rule: Document) -> RuleInput:
    read = RuleInput(
        method=rule.text("method"),
        vacancy=_read_vacancy(rule.text("vacancy")),
        common_area_percent=rule.fraction("common_area_percent"),
        vacant_unit_occupants=rule.fraction_or_none("vacant_unit_occupants"),
        strict_floor=rule.flag("strict_floor"),
        bedroom_factor=rule.fraction("bedroom_factor"),
        bathroom_factor=rule.fraction("bathroom_factor"),
        studio_bedrooms=rule.fraction("studio_bedrooms"),
    )
    rule.close()
    return read


def _read_vacancy(text: str) -> Vacancy:
    try:
        return Vacancy(text)
    except ValueError:
        raise MalformedBill(f"bill.rule.vacancy is not known: {text!r}") from None


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
    )
    unit.close()
    return read


def _read_stay(stay: Document) -> Stay:
    read = Stay(
        lease_key=stay.text("lease_key"),
        start=stay.day_or_none("start"),
        end=stay.day_or_none("end"),
        occupants=stay.whole_or_none("occupants"),
    )
    stay.close()
    return read

"""Share rules as JSON; what a rule does not set is not written."""

from __future__ import annotations

from dataclasses import fields

from billing.rubs.document import Document
from billing.rubs.json_values import Json, choice_of, fraction_text, given
from billing.rubs.numbers import Number
from billing.rubs.rule_input import (
    TEXAS_BEDROOMS,
    TEXAS_OCCUPANCY,
    AdminFee,
    CommonAreaBase,
    Limits,
    MixPart,
    Proration,
    RatioTable,
    RuleInput,
    Vacancy,
)


def rule_to_json(rule: RuleInput) -> Json:
    """Write a rule."""
    return {
        "method": rule.method,
        "vacancy": rule.vacancy.value,
        "common_area_percent": fraction_text(rule.common_area_percent),
        "vacant_unit_occupants": fraction_text(rule.vacant_unit_occupants),
        "strict_floor": rule.strict_floor,
        "bedroom_factor": fraction_text(rule.bedroom_factor),
        "bathroom_factor": fraction_text(rule.bathroom_factor),
        "studio_bedrooms": fraction_text(rule.studio_bedrooms),
        **given(
            proration=_unless(rule.proration, Proration.DAYS),
            mix=[_part_to_json(part) for part in rule.mix] or None,
            vacancy_owner_percent=fraction_text(rule.vacancy_owner_percent),
            common_area_base=_unless(rule.common_area_base, CommonAreaBase.BILL),
            common_area_cents=rule.common_area_cents or None,
            common_area_usage=fraction_text(rule.common_area_usage),
            total_usage=fraction_text(rule.total_usage),
            denominator_at_least=fraction_text(rule.denominator_at_least),
            occupancy_ratios=_table_to_json(rule.occupancy_ratios, TEXAS_OCCUPANCY),
            bedroom_ratios=_table_to_json(rule.bedroom_ratios, TEXAS_BEDROOMS),
            limits=None if rule.limits == Limits() else limits_to_json(rule.limits),
            limits_by_days=None if rule.limits_by_days else False,
            admin_fee=None if rule.admin_fee is None else _fee_to_json(rule.admin_fee),
        ),
    }


def limits_to_json(limits: Limits) -> Json:
    """Write the limits that are set."""
    return given(**{field.name: getattr(limits, field.name) for field in fields(limits)})


def read_rule(rule: Document) -> RuleInput:
    """Read a rule that rule_to_json wrote.

    Errors: MalformedBill, which names the place.
    """
    read = RuleInput(
        method=rule.text("method"),
        vacancy=choice_of(Vacancy, rule.text("vacancy"), rule.place("vacancy")),
        common_area_percent=rule.fraction("common_area_percent"),
        vacant_unit_occupants=rule.fraction_or_none("vacant_unit_occupants"),
        strict_floor=rule.flag("strict_floor"),
        bedroom_factor=rule.fraction("bedroom_factor"),
        bathroom_factor=rule.fraction("bathroom_factor"),
        studio_bedrooms=rule.fraction("studio_bedrooms"),
        proration=_read_proration(rule),
        mix=tuple(map(_read_part, rule.each("mix"))) if rule.has("mix") else (),
        vacancy_owner_percent=rule.fraction_if_there("vacancy_owner_percent"),
        common_area_base=_read_base(rule),
        common_area_cents=rule.whole("common_area_cents") if rule.has("common_area_cents") else 0,
        common_area_usage=rule.fraction_if_there("common_area_usage"),
        total_usage=rule.fraction_if_there("total_usage"),
        denominator_at_least=rule.fraction_if_there("denominator_at_least"),
        occupancy_ratios=_read_table(rule, "occupancy_ratios", TEXAS_OCCUPANCY),
        bedroom_ratios=_read_table(rule, "bedroom_ratios", TEXAS_BEDROOMS),
        limits=read_limits(rule.nested("limits")) if rule.has("limits") else Limits(),
        limits_by_days=rule.flag("limits_by_days") if rule.has("limits_by_days") else True,
        admin_fee=_read_fee(rule.nested("admin_fee")) if rule.has("admin_fee") else None,
    )
    rule.close()
    return read


def read_limits(limits: Document) -> Limits:
    """Read limits that limits_to_json wrote.

    Errors: MalformedBill, which names the place.
    """
    names = [field.name for field in fields(Limits) if limits.has(field.name)]
    read = Limits(**{name: limits.whole(name) for name in names})
    limits.close()
    return read


def _unless(value: str, usual: str) -> str | None:
    return None if value == usual else str(value)


def _part_to_json(part: MixPart) -> Json:
    return {
        "method": part.method,
        "percent": fraction_text(part.percent),
        **given(denominator_at_least=fraction_text(part.denominator_at_least)),
    }


def _table_to_json(table: RatioTable, usual: RatioTable) -> Json | None:
    if table == usual:
        return None
    return {
        "first": table.first,
        "ratios": list(map(fraction_text, table.ratios)),
        "each_more": fraction_text(table.each_more),
    }


def _fee_to_json(fee: AdminFee) -> Json:
    return given(
        percent=fraction_text(fee.percent),
        flat_cents=fee.flat_cents,
        at_most_cents=fee.at_most_cents,
        at_most_percent=fraction_text(fee.at_most_percent),
    )


def _read_proration(rule: Document) -> Proration:
    if not rule.has("proration"):
        return Proration.DAYS
    return choice_of(Proration, rule.text("proration"), rule.place("proration"))


def _read_base(rule: Document) -> CommonAreaBase:
    name = "common_area_base"
    if not rule.has(name):
        return CommonAreaBase.BILL
    return choice_of(CommonAreaBase, rule.text(name), rule.place(name))


def _read_part(part: Document) -> MixPart:
    read = MixPart(
        method=part.text("method"),
        percent=part.fraction("percent"),
        denominator_at_least=part.fraction_if_there("denominator_at_least"),
    )
    part.close()
    return read


def _read_table(rule: Document, name: str, usual: RatioTable) -> RatioTable:
    if not rule.has(name):
        return usual
    table = rule.nested(name)
    ratios: tuple[Number, ...] = tuple(table.fractions("ratios"))
    read = RatioTable(table.whole("first"), ratios, table.fraction("each_more"))
    table.close()
    return read


def _read_fee(fee: Document) -> AdminFee:
    read = AdminFee(
        percent=fee.fraction_if_there("percent"),
        flat_cents=fee.whole("flat_cents") if fee.has("flat_cents") else None,
        at_most_cents=fee.whole("at_most_cents") if fee.has("at_most_cents") else None,
        at_most_percent=fee.fraction_if_there("at_most_percent"),
    )
    fee.close()
    return read

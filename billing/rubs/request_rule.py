"""A share rule as a person writes it in JSON."""

from __future__ import annotations

from billing.rubs.methods import MIX
from billing.rubs.numbers import Number
from billing.rubs.request_reader import Reader
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


def read_rule(rule: Reader) -> RuleInput:
    """Read a rule; what it does not say is as usual."""
    mix = tuple(_read_part(part) for part in rule.objects("mix"))
    method = rule.text("method", MIX if mix else None)
    if method is None:
        rule.note("method", "is missing; name the method of sharing")
    vacancy = rule.choice("vacancy", Vacancy, Vacancy.OWNER_PAYS) or Vacancy.OWNER_PAYS
    usual = RuleInput(method=method or "", vacancy=vacancy)
    return RuleInput(
        method=usual.method,
        vacancy=vacancy,
        mix=mix,
        proration=rule.choice("proration", Proration, Proration.DAYS) or Proration.DAYS,
        vacancy_owner_percent=rule.number("vacancy_owner_percent"),
        vacant_unit_occupants=rule.number("vacant_unit_occupants"),
        common_area_percent=_or(rule, "common_area_percent", 0),
        common_area_base=rule.choice("common_area_base", CommonAreaBase, None)
        or CommonAreaBase.BILL,
        common_area_cents=rule.cents("common_area_amount") or 0,
        common_area_usage=rule.number("common_area_usage"),
        total_usage=rule.number("total_usage"),
        denominator_at_least=rule.number("denominator_at_least"),
        bedroom_factor=_or(rule, "bedroom_factor", usual.bedroom_factor),
        bathroom_factor=_or(rule, "bathroom_factor", usual.bathroom_factor),
        studio_bedrooms=_or(rule, "studio_bedrooms", usual.studio_bedrooms),
        occupancy_ratios=_read_table(rule.object("occupancy_ratios"), TEXAS_OCCUPANCY),
        bedroom_ratios=_read_table(rule.object("bedroom_ratios"), TEXAS_BEDROOMS),
        limits=read_limits(rule) or Limits(),
        limits_by_days=rule.flag("limits_by_days", usual=True),
        strict_floor=rule.flag("strict_floor", usual=False),
        admin_fee=_read_fee(rule.object("admin_fee")),
    )


def read_limits(reader: Reader) -> Limits | None:
    """Read the minimum, cap and flat amount of a rule or a unit; None when there is none."""
    limits = Limits(
        minimum_cents=reader.cents("minimum"),
        cap_cents=reader.cents("cap"),
        flat_cents=reader.cents("flat"),
    )
    return None if limits == Limits() else limits


def _or(rule: Reader, name: str, usual: Number) -> Number:
    number = rule.number(name)
    return usual if number is None else number


def _read_part(part: Reader) -> MixPart:
    method, percent = part.text("method"), part.number("percent")
    if method is None or percent is None:
        part.note("method", "and percent are both needed", part.place)
    read = MixPart(
        method=method or "",
        percent=0 if percent is None else percent,
        denominator_at_least=part.number("denominator_at_least"),
    )
    part.close()
    return read


def _read_table(table: Reader | None, usual: RatioTable) -> RatioTable:
    if table is None:
        return usual
    first = table.whole("first")
    read = RatioTable(
        usual.first if first is None else first,
        table.numbers("ratios"),
        _or(table, "each_more", usual.each_more),
    )
    table.close()
    return read


def _read_fee(fee: Reader | None) -> AdminFee | None:
    if fee is None:
        return None
    read = AdminFee(
        percent=fee.number("percent"),
        flat_cents=fee.cents("flat"),
        at_most_cents=fee.cents("at_most"),
        at_most_percent=fee.number("at_most_percent"),
    )
    fee.close()
    return read

"""From the fields of a share rule's form to the rule, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from billing.rubs import (
    METHODS,
    AdminFee,
    CommonAreaBase,
    Limits,
    MixPart,
    Proration,
    RatioTable,
    RuleInput,
    Vacancy,
)
from billing.rubs.rule_input import TEXAS_BEDROOMS, TEXAS_OCCUPANCY

Cleaned = Mapping[str, Any]


def as_rule(cleaned: Cleaned, mix_rows: Sequence[int]) -> RuleInput:
    """Read a rule from what a form's fields say."""
    needed = needs_assumption(cleaned, mix_rows)
    return RuleInput(
        method=cleaned["method"],
        vacancy=Vacancy(cleaned["vacancy"]),
        common_area_percent=cleaned["common_area_percent"],
        vacant_unit_occupants=cleaned["vacant_unit_occupants"] if needed else None,
        strict_floor=cleaned["strict_floor"],
        bedroom_factor=_or(cleaned["bedroom_factor"], Fraction(1)),
        bathroom_factor=_or(cleaned["bathroom_factor"], Fraction(1, 2)),
        studio_bedrooms=_or(cleaned["studio_bedrooms"], Fraction(1)),
        proration=Proration(cleaned["proration"]),
        mix=_mix(cleaned, mix_rows),
        vacancy_owner_percent=cleaned["vacancy_owner_percent"],
        common_area_base=CommonAreaBase(cleaned["common_area_base"]),
        common_area_cents=cleaned["common_area_dollars"] or 0,
        common_area_usage=cleaned["common_area_usage"],
        total_usage=cleaned["total_usage"],
        denominator_at_least=cleaned["denominator_at_least"],
        occupancy_ratios=_table(
            TEXAS_OCCUPANCY, cleaned["occupancy_ratios"], cleaned["occupancy_more"]
        ),
        bedroom_ratios=_table(TEXAS_BEDROOMS, cleaned["bedroom_ratios"], cleaned["bedroom_more"]),
        limits=Limits(
            minimum_cents=cleaned["minimum"], cap_cents=cleaned["cap"], flat_cents=cleaned["flat"]
        ),
        limits_by_days=cleaned["limits_count"] == "by_days",
        admin_fee=_fee(cleaned),
    )


def needs_assumption(cleaned: Cleaned, mix_rows: Sequence[int]) -> bool:
    """Tell whether people are counted while the owner pays for units in which nobody lives."""
    names = {cleaned.get("method"), *(cleaned.get(f"mix_method_{row}") for row in mix_rows)}
    by_people = any(name in METHODS and METHODS[name].of_stay for name in names)
    return by_people and cleaned.get("vacancy") != Vacancy.OCCUPIED_ONLY


def initial_of(rule: RuleInput, mix_rows: Sequence[int]) -> dict[str, Any]:
    """Say what a form's fields show for a rule; what is as usual stays empty."""
    fee = rule.admin_fee or AdminFee()
    return {
        "method": rule.method,
        "vacancy": rule.vacancy.value,
        "vacancy_owner_percent": rule.vacancy_owner_percent,
        "vacant_unit_occupants": rule.vacant_unit_occupants,
        "common_area_base": rule.common_area_base.value,
        "common_area_dollars": rule.common_area_cents or None,
        "common_area_usage": rule.common_area_usage,
        "total_usage": rule.total_usage,
        "proration": rule.proration.value,
        "minimum": rule.limits.minimum_cents,
        "cap": rule.limits.cap_cents,
        "flat": rule.limits.flat_cents,
        "limits_count": "by_days" if rule.limits_by_days else "in_full",
        "fee_percent": fee.percent,
        "fee_flat": fee.flat_cents,
        "fee_at_most": fee.at_most_cents,
        "fee_at_most_percent": fee.at_most_percent,
        "bedroom_factor": _unless(rule.bedroom_factor, 1),
        "bathroom_factor": _unless(rule.bathroom_factor, Fraction(1, 2)),
        "studio_bedrooms": _unless(rule.studio_bedrooms, 1),
        "denominator_at_least": rule.denominator_at_least,
        "strict_floor": rule.strict_floor,
        **_initial_table("occupancy", rule.occupancy_ratios, TEXAS_OCCUPANCY),
        **_initial_table("bedroom", rule.bedroom_ratios, TEXAS_BEDROOMS),
        **_initial_mix(rule, mix_rows),
    }


def _mix(cleaned: Cleaned, mix_rows: Sequence[int]) -> tuple[MixPart, ...]:
    return tuple(
        MixPart(
            method=cleaned[f"mix_method_{row}"],
            percent=cleaned[f"mix_percent_{row}"],
            denominator_at_least=cleaned[f"mix_least_{row}"],
        )
        for row in mix_rows
        if cleaned[f"mix_method_{row}"]
    )


def _table(
    usual: RatioTable, ratios: tuple[Fraction, ...] | None, more: Fraction | None
) -> RatioTable:
    return RatioTable(usual.first, _or(ratios, usual.ratios), _or(more, usual.each_more))


def _fee(cleaned: Cleaned) -> AdminFee | None:
    fee = AdminFee(
        percent=cleaned["fee_percent"],
        flat_cents=cleaned["fee_flat"],
        at_most_cents=cleaned["fee_at_most"],
        at_most_percent=cleaned["fee_at_most_percent"],
    )
    return None if fee == AdminFee() else fee


def _initial_table(name: str, table: RatioTable, usual: RatioTable) -> dict[str, Any]:
    if table == usual:
        return {}
    return {f"{name}_ratios": table.ratios, f"{name}_more": table.each_more}


def _initial_mix(rule: RuleInput, mix_rows: Sequence[int]) -> dict[str, Any]:
    initial: dict[str, Any] = {}
    for row, part in zip(mix_rows, rule.mix, strict=False):
        initial[f"mix_method_{row}"] = part.method
        initial[f"mix_percent_{row}"] = part.percent
        initial[f"mix_least_{row}"] = part.denominator_at_least
    return initial


def _or(value: Any, usual: Any) -> Any:
    return usual if value is None else value


def _unless(value: Any, usual: Any) -> Any:
    return None if value == usual else value

"""A share rule as facts to read."""

from __future__ import annotations

from collections.abc import Iterator

from billing.inputs import rule_input
from billing.models import Method, ShareRule
from billing.rubs import CommonAreaBase, MixPart, Proration, RuleInput
from billing.rubs.figures import dollars, plain
from billing.rubs.numbers import Number, exact
from billing.rubs.rule_input import TEXAS_BEDROOMS, TEXAS_OCCUPANCY, RatioTable
from billing.views.rule_words import people_assumed

Fact = tuple[str, str]

_PRORATIONS = {
    Proration.DAYS: "By the days lived in, in each unit's weight",
    Proration.BY_DAY: "Day by day, among those who are there",
    Proration.START_OF_PERIOD: "Against what stands on the period's first day",
}


def facts_of(rule: ShareRule) -> tuple[Fact, ...]:
    """List everything that a rule says and that is not left out."""
    stored = rule_input(rule)
    return (
        ("Shared by", rule.get_method_display()),
        *(("Of the mix", _part(part)) for part in stored.mix),
        ("Vacant days", _vacancy(rule, stored)),
        ("Common area", "; ".join(_common_area(stored)) or "Nothing comes off"),
        ("Days", _PRORATIONS[stored.proration]),
        *_limits(stored),
        *_fee(stored),
        *_advanced(stored),
        ("Charge code", rule.charge_code or "The utility's usual one"),
        ("Counts for bills from", str(rule.effective_from or "the beginning")),
    )


def _number(number: Number) -> str:
    return plain(exact(number))


def _part(part: MixPart) -> str:
    text = f"{_number(part.percent)} % by {Method(part.method).label.lower()}"
    if part.denominator_at_least is not None:
        text += f", divided by at least {_number(part.denominator_at_least)}"
    return text


def _vacancy(rule: ShareRule, stored: RuleInput) -> str:
    text: str = rule.get_vacancy_display()
    if stored.vacancy_owner_percent is not None:
        text += f": {_number(stored.vacancy_owner_percent)} % of a vacant unit's share"
    if stored.vacant_unit_occupants is not None:
        text += f"; {people_assumed(stored.vacant_unit_occupants)}"
    return text


def _common_area(stored: RuleInput) -> Iterator[str]:
    if stored.common_area_percent:
        whole = stored.common_area_base is CommonAreaBase.BILL
        base = "the bill" if whole else "what is left after fixed charges"
        yield f"{_number(stored.common_area_percent)} % of {base}"
    if stored.common_area_cents:
        yield f"{dollars(stored.common_area_cents)} of each bill"
    if stored.common_area_usage is not None and stored.total_usage is not None:
        yield f"{_number(stored.common_area_usage)} of {_number(stored.total_usage)} by its meter"


def _limits(stored: RuleInput) -> Iterator[Fact]:
    limits = stored.limits
    amounts = {
        "Minimum": limits.minimum_cents,
        "Cap": limits.cap_cents,
        "Flat amount": limits.flat_cents,
    }
    for name, cents in amounts.items():
        if cents is not None:
            by_days = "for a whole period" if stored.limits_by_days else "however few the days"
            yield name, f"{dollars(cents)} {by_days}"


def _fee(stored: RuleInput) -> Iterator[Fact]:
    fee = stored.admin_fee
    if fee is None:
        return
    text = f"{_number(fee.percent)} % of the charge" if fee.percent is not None else ""
    if fee.flat_cents is not None:
        text = f"{dollars(fee.flat_cents)} for each charge"
    if fee.at_most_cents is not None:
        text += f", at most {dollars(fee.at_most_cents)}"
    if fee.at_most_percent is not None:
        text += f", at most {_number(fee.at_most_percent)} % of the charge"
    yield "Administrative fee", text


def _advanced(stored: RuleInput) -> Iterator[Fact]:
    if stored.method == "bed_bath":
        bedroom, bathroom = _number(stored.bedroom_factor), _number(stored.bathroom_factor)
        yield "Weights", f"a bedroom {bedroom}, a bathroom {bathroom}"
    if stored.studio_bedrooms != 1:
        yield "A studio counts", f"{_number(stored.studio_bedrooms)} bedrooms"
    yield from _table("Weights by people", stored.occupancy_ratios, TEXAS_OCCUPANCY)
    yield from _table("Weights by bedrooms", stored.bedroom_ratios, TEXAS_BEDROOMS)
    if stored.denominator_at_least is not None:
        yield "Divided by at least", _number(stored.denominator_at_least)
    if stored.strict_floor:
        yield "Rounding", "Tenants' shares are cut to the cent; the owner bears the rest"


def _table(name: str, table: RatioTable, usual: RatioTable) -> Iterator[Fact]:
    if table != usual:
        ratios = ", ".join(map(_number, table.ratios))
        yield name, f"{ratios}; each further one adds {_number(table.each_more)}"

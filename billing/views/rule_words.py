"""A share rule in one sentence, for pages that show what was calculated by it."""

from __future__ import annotations

from collections.abc import Iterator

from billing.inputs import rule_input
from billing.models import Method, ShareRule, VacancyPolicy
from billing.rubs import RuleInput
from billing.rubs.figures import plain
from billing.rubs.numbers import Number, exact
from billing.rubs.rule_input import AdminFee, CommonAreaBase, Limits, Proration, Vacancy
from meterbase.lib.money import format_dollars

_PRORATION = {
    Proration.BY_DAY: "shared day by day",
    Proration.START_OF_PERIOD: "days count against the first day of the period",
}


def rule_sentence(rule: ShareRule) -> str:
    """Say how a stored rule shares a bill."""
    read = rule_input(rule)
    parts = [_methods(read), f"vacant days: {_vacancy(read)}", *_more(read)]
    sentence = "; ".join(parts)
    return sentence[:1].upper() + sentence[1:]


def reads_submeters(rule: ShareRule) -> bool:
    """Tell whether a rule needs what the units' own meters counted."""
    read = rule_input(rule)
    return Method.SUBMETER in (read.method, *(part.method for part in read.mix))


def number(figure: Number) -> str:
    """Write a figure of a rule in full."""
    return plain(exact(figure))


def _methods(rule: RuleInput) -> str:
    if rule.method != Method.MIX:
        return Method(rule.method).label
    return " + ".join(
        f"{number(part.percent)} % {Method(part.method).label.lower()}" for part in rule.mix
    )


def _vacancy(rule: RuleInput) -> str:
    text = VacancyPolicy(rule.vacancy.value).label.lower()
    if rule.vacancy is Vacancy.PARTIAL and rule.vacancy_owner_percent is not None:
        text = f"the owner pays {number(rule.vacancy_owner_percent)} % of their share"
    if rule.vacant_unit_occupants is not None:
        text += f" ({people_assumed(rule.vacant_unit_occupants)})"
    return text


def people_assumed(people: Number) -> str:
    """Say how many people a vacant unit is counted with."""
    return f"{number(people)} {'person' if people == 1 else 'people'} assumed in a vacant unit"


def _more(rule: RuleInput) -> Iterator[str]:
    yield f"common area: {' + '.join(_common_area(rule)) or 'none'}"
    if rule.proration in _PRORATION:
        yield _PRORATION[rule.proration]
    yield from _divisors(rule)
    yield from _limits(rule)
    if rule.admin_fee is not None:
        yield f"administrative fee {_fee(rule.admin_fee)}"
    if rule.strict_floor:
        yield "every share is cut to the cent"


def _common_area(rule: RuleInput) -> Iterator[str]:
    if rule.common_area_percent:
        shared = rule.common_area_base is CommonAreaBase.SHARED_LINES
        base = " of the lines that are shared" if shared else ""
        yield f"{number(rule.common_area_percent)} %{base}"
    if rule.common_area_cents:
        yield format_dollars(rule.common_area_cents)
    if rule.common_area_usage is not None and rule.total_usage is not None:
        yield f"{number(rule.common_area_usage)} metered of {number(rule.total_usage)}"


def _divisors(rule: RuleInput) -> Iterator[str]:
    if rule.denominator_at_least is not None:
        yield f"the divisor is at least {number(rule.denominator_at_least)}"
    for part in rule.mix:
        if part.denominator_at_least is not None:
            method = Method(part.method).label.lower()
            yield f"the divisor of {method} is at least {number(part.denominator_at_least)}"


def _limits(rule: RuleInput) -> Iterator[str]:
    if rule.limits == Limits():
        return
    names = {"minimum_cents": "minimum", "cap_cents": "cap", "flat_cents": "flat amount"}
    for field, name in names.items():
        cents = getattr(rule.limits, field)
        if cents is not None:
            yield f"{name} {format_dollars(cents)} a unit"
    if not rule.limits_by_days:
        yield "limits are not shortened for fewer days"


def _fee(fee: AdminFee) -> str:
    text = (
        f"{number(fee.percent)} % of the charge"
        if fee.percent is not None
        else format_dollars(fee.flat_cents or 0)
    )
    limits = []
    if fee.at_most_percent is not None:
        limits.append(f"{number(fee.at_most_percent)} % of the charge")
    if fee.at_most_cents is not None:
        limits.append(format_dollars(fee.at_most_cents))
    return f"{text}, at most {' and '.join(limits)}" if limits else text

"""What must be right about a share rule."""

from __future__ import annotations

from collections.abc import Iterator

from billing.rubs.methods import METHODS, MIX
from billing.rubs.numbers import Number, exact
from billing.rubs.problems import Problem, bill_problem
from billing.rubs.rule_input import AdminFee, Limits, RatioTable, RuleInput, Vacancy

LARGEST_COMMON_AREA_PERCENT = 50
LARGEST_FEE_PERCENT = 15

Finding = tuple[str, str]


def rule_problems(rule: RuleInput) -> Iterator[Problem]:
    """Find everything in a rule that cannot be."""
    yield from _method_problems(rule)
    yield from _common_area_problems(rule)
    yield from _vacancy_problems(rule)
    yield from _factor_problems(rule)
    yield from _table_problems("occupancy_ratios", rule.occupancy_ratios)
    yield from _table_problems("bedroom_ratios", rule.bedroom_ratios)
    for field, message in limit_findings(rule.limits):
        yield bill_problem(field, f"The rule {message}")
    yield from _fee_problems(rule.admin_fee)


def limit_findings(limits: Limits) -> Iterator[Finding]:
    """Find limits that cannot be, each a field and the rest of a sentence."""
    amounts = {
        "minimum": limits.minimum_cents,
        "cap": limits.cap_cents,
        "flat amount": limits.flat_cents,
    }
    for name, cents in amounts.items():
        if cents is not None and cents < 0:
            yield "limits", f"has a {name} below 0; enter 0 or more."
    if limits.flat_cents is not None and {limits.minimum_cents, limits.cap_cents} != {None}:
        yield "limits", "has a flat amount beside a minimum or a cap; keep one of them."
    minimum, cap = limits.minimum_cents, limits.cap_cents
    if minimum is not None and cap is not None and minimum > cap:
        yield "limits", "has a minimum above its cap; lower the minimum or raise the cap."


def _method_problems(rule: RuleInput) -> Iterator[Problem]:
    names = ", ".join(sorted((*METHODS, MIX)))
    if rule.method not in METHODS and rule.method != MIX:
        yield bill_problem("method", f"There is no method {rule.method!r}; choose one of {names}.")
    if rule.method != MIX and rule.mix:
        yield bill_problem(
            "mix", f"The rule has a mix of methods, but its method is {rule.method}; choose mix."
        )
    if rule.method == MIX:
        yield from _mix_problems(rule)
    for divisor in (rule.denominator_at_least, *(p.denominator_at_least for p in rule.mix)):
        if divisor is not None and divisor <= 0:
            yield bill_problem(
                "denominator_at_least", f"The rule divides by at least {divisor}; enter more."
            )


def _mix_problems(rule: RuleInput) -> Iterator[Problem]:
    names = [part.method for part in rule.mix]
    for name in dict.fromkeys(names):
        if name not in METHODS:
            methods = ", ".join(sorted(METHODS))
            yield bill_problem(
                "mix", f"There is no method {name!r} to mix; choose one of {methods}."
            )
        elif names.count(name) > 1:
            yield bill_problem(
                "mix", f"The mix names {name} more than once; give it one percentage."
            )
    if rule.denominator_at_least is not None:
        yield bill_problem(
            "denominator_at_least", "A mixed rule names the divisor with the method it is for."
        )
    total = sum(exact(part.percent) for part in rule.mix)
    if total != 100 or any(part.percent <= 0 for part in rule.mix):
        yield bill_problem(
            "mix",
            f"The percentages of the mix add up to {total} %; each must be more than 0 and all"
            " together 100.",
        )


def _common_area_problems(rule: RuleInput) -> Iterator[Problem]:
    percent, usage, total = rule.common_area_percent, rule.common_area_usage, rule.total_usage
    if not 0 <= percent <= LARGEST_COMMON_AREA_PERCENT:
        yield bill_problem(
            "common_area_percent",
            f"The common area is set to {percent} % of the bill; enter 0 to"
            f" {LARGEST_COMMON_AREA_PERCENT} %.",
        )
    if rule.common_area_cents < 0:
        yield bill_problem(
            "common_area_cents", "The common area is set to an amount below 0; enter 0 or more."
        )
    if total is not None and total <= 0:
        yield bill_problem(
            "total_usage", f"The master meter is said to count {total}; enter more than 0."
        )
    if usage is None:
        return
    if total is None:
        yield bill_problem(
            "total_usage",
            "The common area is metered, but the rule does not say what the master meter counted;"
            " enter it.",
        )
    elif not 0 <= usage <= total:
        yield bill_problem(
            "common_area_usage",
            f"The common area is metered at {usage} of {total}; enter 0 to {total}.",
        )


def _vacancy_problems(rule: RuleInput) -> Iterator[Problem]:
    percent, assumed = rule.vacancy_owner_percent, rule.vacant_unit_occupants
    if rule.vacancy is Vacancy.PARTIAL:
        if percent is None or not 0 < percent < 100:
            said = "does not say which" if percent is None else f"says {percent} % as the"
            yield bill_problem(
                "vacancy_owner_percent",
                f"The owner bears a part of a vacant unit's share, and the rule {said} part; enter"
                " more than 0 and less than 100 %.",
            )
    elif percent is not None:
        yield bill_problem(
            "vacancy_owner_percent",
            "The rule gives the owner a percentage of vacant shares, but its vacancy is"
            f" {rule.vacancy.value}; choose partial, or drop the percentage.",
        )
    if assumed is None:
        return
    if assumed <= 0:
        yield bill_problem(
            "vacant_unit_occupants",
            f"The rule assumes {assumed} people in a vacant unit; enter more than 0, or let the"
            " occupied units share its part.",
        )
    elif assumed != int(assumed) and "ratio_occupancy" in _methods(rule):
        yield bill_problem(
            "vacant_unit_occupants",
            f"The rule assumes {assumed} people in a vacant unit, which its table of ratios does"
            " not know; enter a whole number.",
        )


def _methods(rule: RuleInput) -> tuple[str, ...]:
    return (rule.method, *(part.method for part in rule.mix))


def _factor_problems(rule: RuleInput) -> Iterator[Problem]:
    factors: dict[str, Number] = {
        "bedroom_factor": rule.bedroom_factor,
        "bathroom_factor": rule.bathroom_factor,
        "studio_bedrooms": rule.studio_bedrooms,
    }
    for field, factor in factors.items():
        if factor < 0:
            name = field.replace("_", " ")
            yield bill_problem(field, f"The rule sets {name} to {factor}; enter 0 or more.")


def _table_problems(field: str, table: RatioTable) -> Iterator[Problem]:
    if not table.ratios or min(table.ratios) <= 0 or table.each_more < 0:
        name = field.replace("_", " ")
        yield bill_problem(
            field,
            f"The rule's table of {name} must have a ratio, each more than 0, and add nothing below"
            " 0 for each one more.",
        )


def _fee_problems(fee: AdminFee | None) -> Iterator[Problem]:
    if fee is None:
        return
    field = "admin_fee"
    if (fee.percent is None) == (fee.flat_cents is None):
        yield bill_problem(
            field, "The fee must be a percentage or a flat amount; give one of the two."
        )
    given = (fee.percent, fee.flat_cents, fee.at_most_cents, fee.at_most_percent)
    if any(figure is not None and figure < 0 for figure in given):
        yield bill_problem(field, "The fee has a figure below 0; enter 0 or more.")
    if fee.percent is not None and fee.percent > LARGEST_FEE_PERCENT and fee.at_most_cents is None:
        yield bill_problem(
            field,
            f"The fee is {fee.percent} % of the charge; enter at most {LARGEST_FEE_PERCENT} %, or"
            " a limit in dollars beside it.",
        )

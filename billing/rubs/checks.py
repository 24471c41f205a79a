"""The checks that a bill must pass before it is shared. Unknown is never read as zero."""

from __future__ import annotations

from collections.abc import Iterator

from billing.rubs.basis import Basis
from billing.rubs.claim_checks import claim_problems
from billing.rubs.claims import claims_of
from billing.rubs.figures import dollars, dollars_cut
from billing.rubs.inputs import BillInput
from billing.rubs.limits import LimitKind
from billing.rubs.line_checks import line_problems
from billing.rubs.methods import METHODS
from billing.rubs.problems import CannotAllocate, Problem, bill_problem
from billing.rubs.rule_checks import rule_problems
from billing.rubs.rule_input import RuleInput, Vacancy
from billing.rubs.shares import WeighedBill, WeighedPart, parts_of
from billing.rubs.unit_checks import unit_problems
from billing.rubs.weights import weigh, weight_of


def admissible(bill: BillInput) -> WeighedBill:
    """Weigh the claims on a bill, all weights known and one of them more than nothing.

    Errors: CannotAllocate with all problems of the bill, its rule and its units.
    """
    problems = [
        *_period_problems(bill),
        *rule_problems(bill.rule),
        *line_problems(bill),
        *unit_problems(bill),
    ]
    methods = [part for part in parts_of(bill.rule) if part.method in METHODS]
    if bill.period.days <= 0 or not methods:
        raise CannotAllocate(problems)
    claims = claims_of(bill)
    parts = tuple(
        WeighedPart(part, METHODS[part.method], weigh(claims, METHODS[part.method], bill.rule))
        for part in methods
    )
    weighed = WeighedBill(claims, parts)
    problems += dict.fromkeys(claim_problems(claims, [part.weighed for part in parts]))
    if not problems:
        problems += _nothing_to_divide_by(bill.rule, weighed)
    if problems:
        raise CannotAllocate(problems)
    return weighed


def refuse_more_than_the_bill(basis: Basis) -> None:
    """Refuse amounts for one unit that add up to more than the tenants may be charged.

    Errors: CannotAllocate.
    """
    problems = list(_fixed_beyond_line(basis)) or list(_beyond_bill(basis))
    if problems:
        raise CannotAllocate(problems)


def _period_problems(bill: BillInput) -> Iterator[Problem]:
    period = bill.period
    if period.days <= 0:
        yield bill_problem(
            "period",
            f"The bill's period starts on {period.start} and ends on {period.end}; it must end"
            " after it starts.",
        )


def _nothing_to_divide_by(rule: RuleInput, weighed: WeighedBill) -> Iterator[Problem]:
    if not len(weighed.claims):
        yield _no_claims(rule)
        return
    for part in weighed.parts:
        if not any(map(weight_of, part.weighed.terms_of.values())):
            under = "this rule" if len(weighed.parts) == 1 else part.method.label
            yield bill_problem(
                "units",
                f"Every unit weighs nothing under {under}, so there is nothing to divide by.",
            )


def _no_claims(rule: RuleInput) -> Problem:
    if rule.vacancy is Vacancy.OCCUPIED_ONLY:
        return bill_problem(
            "units",
            "Nobody lives in a billable unit during this period and only occupied units share the"
            " bill, so there is nothing to divide by; add the leases, or let the owner pay for"
            " vacant units.",
        )
    return bill_problem(
        "units", "The building has no billable unit, so there is nobody to share the bill; add one."
    )


def _fixed_beyond_line(basis: Basis) -> Iterator[Problem]:
    sign = basis.amounts.sign
    for charge in basis.fixed:
        amount = charge.line.amount_cents
        if charge.line.cents_per_unit is not None and sign * charge.rest_cents < 0:
            billed = dollars(amount - charge.rest_cents)
            yield bill_problem(
                "lines",
                f"{charge.line.label} comes to {billed} for the units lived in at"
                f" {dollars(charge.per_unit_cents)} each, more than the {dollars(amount)} of the"
                " invoice; correct the amount for one unit.",
            )


def _beyond_bill(basis: Basis) -> Iterator[Problem]:
    sign, ceiling = basis.amounts.sign, basis.amounts.ceiling_cents
    asked = basis.tenants_cents
    if sign * asked <= sign * ceiling and (ceiling or not asked):
        return
    more = f"the tenants would pay {dollars_cut(asked)}, more than the {dollars(ceiling)} that may"
    if any(limited.kind is LimitKind.FLAT for limited in basis.limited.values()):
        message = f"With the flat amounts {more} be passed on; lower the flat amounts."
        yield bill_problem("limits", message)
    else:
        message = (
            f"As the owner takes a part of a credit among the lines, {more} be passed on; enter the"
            " credit as a bill of its own."
        )
        yield bill_problem("lines", message)

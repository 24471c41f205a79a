"""The checks that a bill must pass before it is shared. Unknown is never read as zero."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from billing.rubs.claims import Claim, Presence, claims_of, presences
from billing.rubs.inputs import BillInput, BillPeriod, RuleInput, Stay, UnitInput, Vacancy
from billing.rubs.methods import ASSUMED_OCCUPANTS, METHODS, Term
from billing.rubs.problems import CannotAllocate, Problem, bill_problem, unit_name, unit_problem

LARGEST_COMMON_AREA_PERCENT = 50
_UNITS_NAMED = 5


def admissible_claims(bill: BillInput) -> list[Claim]:
    """List the claims on a bill, all of their weights known and one of them more than nothing.

    Errors: CannotAllocate with all problems of the bill, its rule and its units.
    """
    problems = [*_bill_problems(bill), *_unit_problems(bill)]
    claims: list[Claim] = []
    if bill.period.days > 0 and bill.rule.method in METHODS:
        claims = claims_of(bill)
        problems += dict.fromkeys(_claim_problems(claims))
        if not problems and not any(term.weight for claim in claims for term in claim.terms):
            problems.append(_nothing_to_divide_by(bill.rule, claims))
    if problems:
        raise CannotAllocate(problems)
    return claims


def _bill_problems(bill: BillInput) -> Iterator[Problem]:
    rule, period = bill.rule, bill.period
    if period.days <= 0:
        yield bill_problem(
            "period",
            f"The bill's period starts on {period.start} and ends on {period.end}; it must end"
            " after it starts.",
        )
    if rule.method not in METHODS:
        names = ", ".join(sorted(METHODS))
        yield bill_problem("method", f"There is no method {rule.method!r}; choose one of {names}.")
    if not 0 <= rule.common_area_percent <= LARGEST_COMMON_AREA_PERCENT:
        yield bill_problem(
            "common_area_percent",
            f"The common area is set to {rule.common_area_percent} % of the bill; enter 0 to"
            f" {LARGEST_COMMON_AREA_PERCENT} %.",
        )
    yield from _factor_problems(rule)


def _factor_problems(rule: RuleInput) -> Iterator[Problem]:
    if rule.vacant_unit_occupants is not None and rule.vacant_unit_occupants <= 0:
        yield bill_problem(
            "vacant_unit_occupants",
            f"The rule assumes {rule.vacant_unit_occupants} people in a vacant unit; enter more"
            " than 0, or let the occupied units share its part.",
        )
    factors = {
        "bedroom_factor": rule.bedroom_factor,
        "bathroom_factor": rule.bathroom_factor,
        "studio_bedrooms": rule.studio_bedrooms,
    }
    for field, factor in factors.items():
        if factor < 0:
            name = field.replace("_", " ")
            yield bill_problem(field, f"The rule sets {name} to {factor}; enter 0 or more.")


def _unit_problems(bill: BillInput) -> Iterator[Problem]:
    units_by_key: defaultdict[str, list[UnitInput]] = defaultdict(list)
    for unit in bill.units:
        units_by_key[unit.key].append(unit)
    for _, units in sorted(units_by_key.items()):
        if len(units) > 1:
            yield _same_key(units)
        for unit in units:
            if unit.billable:
                yield from _problems_of_one(unit, bill.period)


def _same_key(units: Sequence[UnitInput]) -> Problem:
    first, *others = sorted(units, key=lambda unit: unit.label)
    names = " and ".join(unit_name(unit.label) for unit in others)
    return unit_problem(
        first, "key", f"has the same key, {first.key}, as {names}; give each unit a key of its own."
    )


def _problems_of_one(unit: UnitInput, period: BillPeriod) -> Iterator[Problem]:
    if unit.excluded_because is not None and not unit.excluded_because.strip():
        yield unit_problem(
            unit, "excluded_because", "is excluded without a reason; enter the reason."
        )
    for stay in unit.stays:
        yield from _stay_problems(unit, stay)
    if len(unit.stays) > 1:
        lived_in = presences(unit, period)
        yield from _days_held_twice(unit, lived_in)
        yield from _leases_given_twice(unit, lived_in)


def _stay_problems(unit: UnitInput, stay: Stay) -> Iterator[Problem]:
    if not stay.lease_key:
        yield unit_problem(unit, "stays", "has a lease without a key; give the lease its key.")
    if stay.start is not None and stay.end is not None and stay.end < stay.start:
        yield unit_problem(
            unit,
            "stays",
            f"has lease {stay.lease_key} that ends on {stay.end}, before it starts on"
            f" {stay.start}; correct the dates of the lease.",
        )


def _days_held_twice(unit: UnitInput, lived_in: Sequence[Presence]) -> Iterator[Problem]:
    longest: Presence | None = None
    for presence in lived_in:
        if longest is not None and presence.first < longest.end:
            one, other = longest.stay.lease_key, presence.stay.lease_key
            if one != other:
                yield unit_problem(
                    unit,
                    "stays",
                    f"is held under lease {one} and lease {other} on the same days, from"
                    f" {presence.first}; end one before the other starts.",
                )
        if longest is None or presence.end > longest.end:
            longest = presence


def _leases_given_twice(unit: UnitInput, lived_in: Sequence[Presence]) -> Iterator[Problem]:
    keys = sorted(presence.stay.lease_key for presence in lived_in)
    for key in dict.fromkeys(one for one, following in pairwise(keys) if one == following):
        yield unit_problem(
            unit,
            "stays",
            f"has more than one stay for lease {key} in the period; give each lease one stay.",
        )


def _claim_problems(claims: Sequence[Claim]) -> Iterator[Problem]:
    without_assumption: dict[str, None] = {}
    for claim in claims:
        for term in claim.terms:
            if term.field is ASSUMED_OCCUPANTS:
                if term.quantity is None:
                    without_assumption[unit_name(claim.unit.label)] = None
            elif (problem := _term_problem(claim, term)) is not None:
                yield problem
    if without_assumption:
        yield _assumption_missing(list(without_assumption))


def _term_problem(claim: Claim, term: Term) -> Problem | None:
    field, quantity = term.field, term.quantity
    of_lease = f" for lease {claim.lease_key}" if field.of_lease else ""
    if quantity is None:
        return unit_problem(
            claim.unit, field.name, f"has no {field.noun}{of_lease}; {field.remedy}."
        )
    if quantity > 0 or (quantity == 0 and field.zero_counts):
        return None
    least = "0 or more" if field.zero_counts else "more than 0"
    return unit_problem(
        claim.unit,
        field.name,
        f"has {quantity} as its {field.noun}{of_lease}, which must be {least}; {field.remedy}.",
    )


def _assumption_missing(names: Sequence[str]) -> Problem:
    named = ", ".join(names[:_UNITS_NAMED])
    if len(names) > _UNITS_NAMED:
        named += f" and {len(names) - _UNITS_NAMED} more"
    return bill_problem(
        ASSUMED_OCCUPANTS.name,
        "The rule shares by people and the owner pays for vacant days, but it does not say how"
        " many people to assume in a vacant unit; set that number, or let the occupied units share"
        f" the part of vacant ones. Vacant in this period: {named}.",
    )


def _nothing_to_divide_by(rule: RuleInput, claims: Sequence[Claim]) -> Problem:
    if claims:
        return bill_problem(
            "units", "Every unit weighs nothing under this rule, so there is nothing to divide by."
        )
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

"""What must be known about every claim, as its method asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from billing.rubs.claims import Claims
from billing.rubs.fields import ASSUMED_OCCUPANTS, PERCENT, Term
from billing.rubs.figures import plain
from billing.rubs.inputs import Stay, UnitInput
from billing.rubs.numbers import exact
from billing.rubs.problems import Problem, bill_problem, unit_name, unit_problem
from billing.rubs.weights import Weighed

_UNITS_NAMED = 5


def claim_problems(claims: Claims, columns: Sequence[Weighed]) -> Iterator[Problem]:
    """Find what is unknown or cannot be, in the order of the claims."""
    odd = [
        {fact: terms for fact, terms in column.terms_of.items() if not all(map(_is_known, terms))}
        for column in columns
    ]
    without_assumption: dict[str, None] = {}
    for place in range(len(claims)) if any(odd) else ():
        unit = claims.units[place]
        for column, unknown in zip(columns, odd, strict=True):
            for term in unknown.get(column.facts[place], ()):
                if term.field is ASSUMED_OCCUPANTS and term.quantity is None:
                    without_assumption[unit_name(unit.label)] = None
                elif term.field is not ASSUMED_OCCUPANTS and not _is_known(term):
                    yield _term_problem(unit, claims.stays[place], term)
    if without_assumption:
        yield _assumption_missing(list(without_assumption))
    yield from _more_than_all(claims, columns)


def _is_known(term: Term) -> bool:
    quantity = term.quantity
    if quantity is None:
        return False
    return quantity > 0 or (quantity == 0 and term.field.zero_counts)


def _term_problem(unit: UnitInput, stay: Stay | None, term: Term) -> Problem:
    field, quantity = term.field, term.quantity
    of_lease = f" for lease {stay.lease_key}" if field.of_lease and stay is not None else ""
    if quantity is not None:
        least = "0 or more" if field.zero_counts else "more than 0"
        what = f"has {quantity} as its {field.noun}{of_lease}, which must be {least}"
    elif term.read is not None:
        what = (
            f"has {term.read} as its {field.noun}{of_lease}, which the rule's table of"
            " ratios does not know"
        )
    else:
        what = f"has no {field.noun}{of_lease}"
    return unit_problem(unit, field.name, f"{what}; {field.remedy}.")


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


def _more_than_all(claims: Claims, columns: Sequence[Weighed]) -> Iterator[Problem]:
    for column in columns:
        if any(term.field is PERCENT for terms in column.terms_of.values() for term in terms):
            given = {unit.key: unit.percent for unit in claims.units}
            total = sum((Fraction(exact(part)) for part in given.values() if part), Fraction(0))
            if total > 100:
                yield bill_problem(
                    "percent",
                    f"The percentages of the units add up to {plain(total)} %; they must not be"
                    " more than 100 %.",
                )

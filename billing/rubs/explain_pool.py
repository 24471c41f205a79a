"""Why a share of a pool is what it is: the weight, the days, what it is divided by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from billing.rubs.basis import Basis
from billing.rubs.buckets import Bucket
from billing.rubs.figures import MINUS, TIMES, dollars, in_sum, percent_equation, plain
from billing.rubs.numbers import exact
from billing.rubs.pools import Divisors, Pool, Segment, Totals
from billing.rubs.steps import Step, StepUnit, days_text, money_step, term_text
from billing.rubs.weights import weight_of


@dataclass(frozen=True, slots=True)
class PoolShare:
    """The part of a pool that falls to one line.

    Shape: `suffix` tells the steps of one pool from those of another.
    """

    basis: Basis
    pool: Pool
    row: int
    suffix: str = ""

    @property
    def places(self) -> range:
        """List the claims that make the line."""
        return self.basis.places(self.row)

    @property
    def bucket(self) -> Bucket | None:
        """Tell whether the share is the owner's, and why."""
        return self.basis.claims.buckets[self.row]

    @property
    def share(self) -> Fraction:
        """Tell the fraction of the pool."""
        return self.basis.share_of(self.pool, self.row)

    @property
    def cents(self) -> Fraction:
        """Tell the amount.

        Units: cents, exact.
        """
        return self.pool.cents * self.share


def pool_steps(of: PoolShare) -> Iterator[Step]:
    """Tell how a share of a pool came about."""
    if of.pool.segments:
        yield from _segment_steps(of)
        return
    yield from _weight_steps(of)
    yield from _divisor_steps(of)
    divisor = of.pool.divisors.of(of.bucket)
    share = f"{_dated(of, words=True)} ÷ {in_sum(divisor)} {percent_equation(of.share)}"
    yield Step(f"Share{of.suffix}", share, of.share, StepUnit.SHARE)
    text = f"{dollars(of.pool.cents)} {TIMES} {_dated(of)} ÷ {in_sum(divisor)}"
    yield money_step(f"Amount{of.suffix}", text, of.cents)


def _weight_steps(of: PoolShare) -> Iterator[Step]:
    for place in of.places:
        terms = of.pool.terms[place]
        if len(terms) > 1 or terms[0].factor != 1:
            weight = Fraction(weight_of(terms))
            text = " + ".join(map(term_text, terms))
            yield Step(f"Weight{of.suffix}", f"{text} = {plain(weight)}", weight, StepUnit.WEIGHT)


def _dated(of: PoolShare, *, words: bool = False) -> str:
    """Write the weight times its days; several spells of a lease stand in parentheses."""
    spells = [_spell(of, place, words=words) for place in of.places]
    return spells[0] if len(spells) == 1 else f"({' + '.join(spells)})"


def _spell(of: PoolShare, place: int, *, words: bool) -> str:
    weight = _weight_text(of, place, words=words)
    if place in of.pool.undated:
        return weight
    days = of.basis.claims.days[place]
    return f"{weight} {TIMES} {days_text(days, of.basis.period.days)}"


def _weight_text(of: PoolShare, place: int, *, words: bool) -> str:
    terms = of.pool.terms[place]
    if words and len(terms) == 1 and terms[0].factor == 1:
        return term_text(terms[0])
    return in_sum(weight_of(terms))


def _divisor_steps(of: PoolShare) -> Iterator[Step]:
    pool = of.pool
    text = divisor_reason(pool.totals, pool.divisors, of.basis, start=pool.start_weight)
    if text:
        divisor = pool.divisors.of(of.bucket)
        yield Step(f"Divisor{of.suffix}", text[of.bucket], divisor, StepUnit.WEIGHT)


def divisor_reason(
    totals: Totals, divisors: Divisors, basis: Basis, *, start: Fraction | None = None
) -> dict[Bucket | None, str]:
    """Say what is divided by where that is not simply the sum of the weights."""
    whole = plain(divisors.whole)
    if start is not None:
        first = (
            f"The rule divides by what stands on the first day: {plain(start)}"
            if start >= totals.all
            else f"All days together weigh {whole}, more than the {plain(start)} of the first day,"
            " which would bill more than the bill"
        )
    elif divisors.whole > totals.all:
        first = f"The rule divides by {whole}, though the units weigh {plain(totals.all)} together"
    else:
        first = ""
    if divisors.tenants == divisors.whole == divisors.vacant:
        kinds = (None, Bucket.VACANCY, Bucket.EXCLUDED)
        return dict.fromkeys(kinds, first) if first else {}
    percent = in_sum(exact(basis.rule.vacancy_owner_percent or 0))
    lead = f"{first}; " if first else ""
    absorbed = f"(100 % {MINUS} {percent} %) {TIMES} {in_sum(totals.vacant)}"
    tenants = in_sum(totals.tenants)
    return {
        None: f"{lead}{in_sum(divisors.whole)} {TIMES} {tenants} ÷ ({tenants} + {absorbed})"
        f" = {plain(divisors.tenants)}, as the owner bears {percent} % of vacant shares",
        Bucket.VACANCY: f"{lead}{in_sum(divisors.whole)} ÷ {percent} % = {plain(divisors.vacant)},"
        f" as the owner bears {percent} % of vacant shares",
        Bucket.EXCLUDED: first or f"All units weigh {whole} together",
    }


def _segment_steps(of: PoolShare) -> Iterator[Step]:
    steps = [step for place in of.places for step in _steps_of_spell(of, place)]
    yield from steps
    days = [step for step in steps if step.unit is StepUnit.CENTS]
    if len(days) > 1:
        text = " + ".join(step.expression.rpartition(" = ")[2] for step in days)
        yield money_step(f"Amount{of.suffix}", text, of.cents)


def _steps_of_spell(of: PoolShare, place: int) -> Iterator[Step]:
    claims, length = of.basis.claims, of.basis.period.days
    first, end = claims.firsts[place], claims.firsts[place] + claims.days[place]
    weight = Fraction(weight_of(of.pool.terms[place]))
    segments = [part for part in of.pool.segments if first <= part.first < end]
    for part in segments:
        reason = divisor_reason(part.totals, part.divisors, of.basis)
        if reason:
            divisor = part.divisors.of(of.bucket)
            yield Step(
                f"Divisor{of.suffix}, {_days(part)}",
                reason[of.bucket],
                divisor,
                StepUnit.WEIGHT,
            )
        yield _segment_step(of, place, part, weight, length)


def _segment_step(of: PoolShare, place: int, part: Segment, weight: Fraction, length: int) -> Step:
    divisor = part.divisors.of(of.bucket)
    terms: Sequence[object] = of.pool.terms[place]
    own = _weight_text(of, place, words=len(terms) == 1)
    cents = of.pool.cents * part.days * weight / (length * divisor) if divisor else Fraction(0)
    text = (
        f"{dollars(of.pool.cents)} {TIMES} {days_text(part.days, length)} {TIMES} {own}"
        f" ÷ {in_sum(divisor)}"
    )
    return money_step(f"Amount{of.suffix}, {_days(part)}", text, cents)


def _days(part: Segment) -> str:
    if part.days == 1:
        return f"day {part.first + 1}"
    return f"days {part.first + 1} to {part.first + part.days}"

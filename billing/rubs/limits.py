"""Minimum, cap and flat amounts: what they change of a tenant's share is the owner's affair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from billing.rubs.rule_input import Limits


class LimitKind(StrEnum):
    """Which limit changed a charge."""

    MINIMUM = "minimum"
    CAP = "cap"
    FLAT = "flat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """A charge that a limit changed.

    Shape: `bound_cents` is the limit for a whole period and `days` those that it counts for;
        `after_cents` differs from it when all minimums together would bill more than the bill.
    Units: cents, exact.
    """

    kind: LimitKind
    bound_cents: Fraction
    days: int
    period_days: int
    before_cents: Fraction
    after_cents: Fraction
    raised_by_part: Fraction = Fraction(1)

    @property
    def limit_cents(self) -> Fraction:
        """Tell the limit for the days of the line.

        Units: cents, exact.
        """
        return self.bound_cents * self.days / self.period_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Limitable:
    """A tenant's exact share that limits may change; the share of a credit is turned positive.

    Units: cents, exact; days that the limits count for.
    """

    place: int
    cents: Fraction
    limits: Limits
    days: int
    period_days: int


def limit_shares(shares: Iterable[Limitable], *, room_cents: Fraction) -> Mapping[int, Limited]:
    """Apply the limits; minimums give way when the tenants would pay more than the bill.

    Shape: what changed, by place. `room_cents` is what the tenants do not pay yet of the most that
        they may pay together.
    """
    found = {share.place: limited for share in shares if (limited := _limit(share)) is not None}
    changes = {place: one.after_cents - one.before_cents for place, one in found.items()}
    raises = [place for place, one in found.items() if one.kind is LimitKind.MINIMUM]
    raised = sum((changes[place] for place in raises), Fraction(0))
    room = room_cents - sum(changes.values(), Fraction(0)) + raised
    most = max(room, Fraction(0))
    if raised > most:
        part = most / raised
        for place in raises:
            found[place] = replace(
                found[place],
                after_cents=found[place].before_cents + part * changes[place],
                raised_by_part=part,
            )
    return found


def _limit(share: Limitable) -> Limited | None:
    found = _bound(share)
    if found is None:
        return None
    kind, bound = found
    return Limited(
        kind=kind,
        bound_cents=Fraction(bound),
        days=share.days,
        period_days=share.period_days,
        before_cents=share.cents,
        after_cents=Fraction(bound * share.days, share.period_days),
    )


def _bound(share: Limitable) -> tuple[LimitKind, int] | None:
    limits, whole_period = share.limits, share.cents * share.period_days
    if limits.flat_cents is not None:
        same = whole_period == limits.flat_cents * share.days
        return None if same else (LimitKind.FLAT, limits.flat_cents)
    if limits.cap_cents is not None and whole_period > limits.cap_cents * share.days:
        return LimitKind.CAP, limits.cap_cents
    if limits.minimum_cents is not None and whole_period < limits.minimum_cents * share.days:
        return LimitKind.MINIMUM, limits.minimum_cents
    return None

"""Who has a claim on the shared amount: each stay, and the owner for what nobody else pays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from billing.rubs.inputs import BillInput, BillPeriod, RuleInput, Stay, UnitInput, Vacancy
from billing.rubs.methods import METHODS, Method, Term, UnitState
from billing.rubs.results import Bucket


@dataclass(frozen=True, slots=True)
class Presence:
    """The part of a stay that lies within the bill's period, half-open and never empty."""

    stay: Stay
    first: date
    end: date

    @property
    def days(self) -> int:
        """Count the days; the move-in day is one of them, the move-out day is not.

        Units: days.
        """
        return (self.end - self.first).days


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim on the shared amount: a tenant's when `bucket` is None, the owner's otherwise.

    Shape: lease_key is empty for vacant days; the terms are the unit's weight before days count.
    Units: days.
    """

    unit: UnitInput
    lease_key: str
    bucket: Bucket | None
    days: int
    terms: tuple[Term, ...]


def takes_part(unit: UnitInput, rule: RuleInput) -> bool:
    """Tell whether a unit counts in the denominator at all.

    Shape: an excluded unit does while the owner pays for it, so that its neighbours do not.
    """
    if not unit.billable:
        return False
    return unit.excluded_because is None or rule.vacancy is Vacancy.OWNER_PAYS


def presences(unit: UnitInput, period: BillPeriod) -> list[Presence]:
    """Clip the stays of a unit to the period and drop those outside it, earliest first."""
    clipped = (
        Presence(
            stay,
            period.start if stay.start is None else max(stay.start, period.start),
            period.end if stay.end is None else min(stay.end, period.end),
        )
        for stay in unit.stays
    )
    return sorted(
        (presence for presence in clipped if presence.first < presence.end),
        key=lambda presence: (presence.first, presence.end, presence.stay.lease_key),
    )


def claims_of(bill: BillInput) -> list[Claim]:
    """List every claim on the bill in the order in which ties are broken: unit key, lease key."""
    method = METHODS[bill.rule.method]
    claims = [
        claim
        for unit in bill.units
        if takes_part(unit, bill.rule)
        for claim in _unit_claims(unit, bill, method)
    ]
    return sorted(claims, key=lambda claim: (claim.unit.key, claim.lease_key))


def _unit_claims(unit: UnitInput, bill: BillInput, method: Method) -> list[Claim]:
    rule, period = bill.rule, bill.period
    excluded = None if unit.excluded_because is None else Bucket.EXCLUDED
    claims = []
    vacant_days = period.days
    for presence in presences(unit, period):
        stay, days = presence.stay, presence.days
        vacant_days -= days
        terms = method(UnitState(unit, rule, vacant=False, occupants=stay.occupants))
        claims.append(Claim(unit, stay.lease_key, excluded, days, terms))
    if vacant_days > 0 and rule.vacancy is Vacancy.OWNER_PAYS:
        terms = method(UnitState(unit, rule, vacant=True))
        claims.append(Claim(unit, "", excluded or Bucket.VACANCY, vacant_days, terms))
    return claims

"""Mapping the charge codes of other properties as one property's are, wherever the text agrees."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from billing.charge_codes import CodeStanding, standings_by_property
from billing.operations.charge_code_mappings import Target, map_charge_code
from integrations.models import AccountKind, ChartAccount, PropertyLink
from portfolios.models import Property, User


class PreviewOutdated(Exception):
    """What would be copied is no longer what was shown."""


class CopyVerdict(StrEnum):
    """What becomes of one code at one property."""

    SET = "set"
    SAME = "same"
    KEPT = "kept"
    NOT_THERE = "not_there"


@dataclass(frozen=True, slots=True)
class CopyStep:
    """What becomes of one code at one property.

    Shape: `reason` is a sentence, empty where the code is set.
    """

    standing: CodeStanding
    verdict: CopyVerdict
    target: Target
    reason: str = ""

    @property
    def accounts(self) -> tuple[ChartAccount, ...]:
        """Give the entries that the code is set to, as far as the PMS wants to be told."""
        named = (self.target.pms_charge_code, self.target.financial_account)
        wanted = self.standing.needed
        return tuple(account for account in named if account and account.kind in wanted)


@dataclass(frozen=True, slots=True)
class PlaceCopy:
    """What becomes of the codes of one property."""

    place: Property
    steps: tuple[CopyStep, ...]

    @property
    def to_set(self) -> tuple[CopyStep, ...]:
        """Give the codes that are mapped anew."""
        return tuple(step for step in self.steps if step.verdict is CopyVerdict.SET)


def plan_copy(*, source: PropertyLink, targets: Sequence[PropertyLink]) -> list[PlaceCopy]:
    """Work out what a copy would do; nothing is stored.

    Shape: a code that a person mapped otherwise at a target is kept there, unless it is gone.
    """
    standings = standings_by_property([source, *targets])
    given = {
        standing.charge_code.code.casefold(): standing
        for standing in standings[source.property_id]
        if standing.is_mapped
    }
    charts = _charts([link.property_id for link in targets])
    return [
        PlaceCopy(
            link.property,
            tuple(
                _step(given[key], standing, charts.get(link.property_id, {}))
                for standing in standings[link.property_id]
                if (key := standing.charge_code.code.casefold()) in given
            ),
        )
        for link in targets
    ]


def fingerprint(plan: Sequence[PlaceCopy]) -> str:
    """Name a plan, so that what is confirmed is what was shown."""
    lines = [
        f"{copy.place.pk}:{step.standing.charge_code.pk}:{[found.pk for found in step.accounts]}"
        for copy in plan
        for step in copy.to_set
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@transaction.atomic
def copy_mappings(
    *,
    source: PropertyLink,
    targets: Sequence[PropertyLink],
    shown: str,
    by: User,
    now: datetime,
) -> int:
    """Carry out a copy that somebody has seen beforehand; give the number of mappings.

    Shape: `shown` is the fingerprint of the plan that was shown.
    Errors: PreviewOutdated.
    Effects: mappings, each with its audit event.
    """
    plan = plan_copy(source=source, targets=targets)
    if fingerprint(plan) != shown:
        raise PreviewOutdated(
            "Something has changed since this was shown. Nothing was copied; look again."
        )
    steps = [(copy.place, step) for copy in plan for step in copy.to_set]
    for place, step in steps:
        map_charge_code(
            place=place,
            charge_code=step.standing.charge_code,
            target=step.target,
            by=by,
            now=now,
        )
    return len(steps)


Chart = dict[tuple[str, str], list[ChartAccount]]


def _charts(places: Sequence[int]) -> dict[int, Chart]:
    charts: dict[int, Chart] = {}
    for account in ChartAccount.objects.filter(property__in=places, missing_since=None):
        chart = charts.setdefault(account.property_id, {})
        chart.setdefault((account.kind, account.code.casefold()), []).append(account)
    return charts


def _step(given: CodeStanding, there: CodeStanding, chart: Chart) -> CopyStep:
    mapping = there.mapping
    found: dict[AccountKind, ChartAccount | None] = {
        AccountKind.CHARGE_CODE: mapping.pms_charge_code if mapping else None,
        AccountKind.FINANCIAL_ACCOUNT: mapping.financial_account if mapping else None,
    }
    before = dict(found)
    for kind in AccountKind:
        account = given.account(kind)
        same = chart.get((kind.value, account.code.casefold()), []) if account else []
        if account is not None and len(same) != 1:
            return CopyStep(there, CopyVerdict.NOT_THERE, Target(), _not_there(account, len(same)))
        if same:
            found[kind] = same[0]
    target = Target(found[AccountKind.CHARGE_CODE], found[AccountKind.FINANCIAL_ACCOUNT])
    if found == before:
        return CopyStep(there, CopyVerdict.SAME, target, "It is mapped like this already.")
    if mapping is not None and mapping.set_by_id is not None and not there.vanished:
        reason = f"{mapping.set_by} mapped it otherwise; that stays."
        return CopyStep(there, CopyVerdict.KEPT, target, reason)
    return CopyStep(there, CopyVerdict.SET, target)


def _not_there(account: ChartAccount, count: int) -> str:
    if count:
        return f"Its chart of accounts has {account.code} {count} times."
    return f"Its chart of accounts has no {account.code}."

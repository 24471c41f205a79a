"""Setting how a property's bills are shared."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import transaction
from django.db.models import Max

from billing.inputs import rule_input
from billing.models import Method, ShareRule, Utility, VacancyPolicy
from billing.rubs import RuleInput
from billing.rubs.numbers import Number
from billing.rubs.wire_rule import rule_to_json
from portfolios.models import Property, User
from portfolios.operations.audit import record_event


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRuleEntry:
    """A rule as somebody chose it.

    Shape: `options` as in `billing.models.ShareRule`.
    Units: common_area_percent in percent; vacant_unit_occupants in people.
    """

    method: Method
    vacancy: VacancyPolicy
    common_area_percent: Decimal = Decimal(0)
    vacant_unit_occupants: int | None = None
    options: dict[str, Any] = field(default_factory=dict)
    charge_code: str = ""
    effective_from: date | None = None


@transaction.atomic
def set_share_rule(
    *, place: Property, utility: Utility, entry: ShareRuleEntry, by: User, now: datetime
) -> ShareRule:
    """Put a new version of a rule in force; the same rule again changes nothing.

    Effects: a version, the one before it no longer active, an audit event.
    """
    # The row lock makes two people who save at once take turns.
    Property.objects.select_for_update().get(pk=place.pk)
    rules = ShareRule.objects.filter(property=place, utility=utility)
    active = rules.filter(is_active=True).first()
    if active is not None and _is_same(active, entry):
        return active
    latest: int = rules.aggregate(latest=Max("version"))["latest"] or 0
    rules.filter(is_active=True).update(is_active=False)
    rule = ShareRule.objects.create(
        property=place,
        utility=utility,
        version=latest + 1,
        created_by=by,
        created_at=now,
        **asdict(entry),
    )
    record_event(
        verb="share_rule.set",
        subject=rule,
        by=by,
        now=now,
        before=_figures(_entry_of(active)) if active else None,
        after=_figures(entry),
    )
    return rule


@transaction.atomic
def withdraw_share_rule(*, place: Property, utility: Utility, by: User, now: datetime) -> bool:
    """Share a property's bills for a utility by no rule any more; tell whether there was one.

    Shape: bills can be calculated again when somebody sets a rule. Calculations that are not
        approved are out of date; approved ones keep the version that they were made with.
    Effects: all versions are withdrawn, an audit event.
    """
    Property.objects.select_for_update().get(pk=place.pk)
    standing = ShareRule.objects.filter(property=place, utility=utility, withdrawn_at=None)
    latest = standing.order_by("-version").first()
    if latest is None:
        return False
    standing.update(is_active=False, withdrawn_at=now, withdrawn_by=by)
    before = _figures(_entry_of(latest))
    record_event(verb="share_rule.withdrawn", subject=latest, by=by, now=now, before=before)
    return True


def _is_same(active: ShareRule, entry: ShareRuleEntry) -> bool:
    """Compare what two rules say: an option left out is one that is as usual."""
    proposed = ShareRule(**asdict(entry))
    beside = (active.charge_code, active.effective_from) == (
        entry.charge_code,
        entry.effective_from,
    )
    return beside and rule_input(active) == rule_input(proposed)


def _entry_of(rule: ShareRule) -> ShareRuleEntry:
    return ShareRuleEntry(
        method=Method(rule.method),
        vacancy=VacancyPolicy(rule.vacancy),
        common_area_percent=rule.common_area_percent,
        vacant_unit_occupants=rule.vacant_unit_occupants,
        options=rule.options,
        charge_code=rule.charge_code,
        effective_from=rule.effective_from,
    )


def entry_for(
    rule: RuleInput, *, charge_code: str = "", effective_from: date | None = None
) -> ShareRuleEntry:
    """Write a rule of the arithmetic as one to be stored."""
    columns = {"method", "vacancy", "common_area_percent", "vacant_unit_occupants"}
    written = rule_to_json(rule)
    assumed = rule.vacant_unit_occupants
    return ShareRuleEntry(
        method=Method(rule.method),
        vacancy=VacancyPolicy(rule.vacancy.value),
        common_area_percent=_decimal(rule.common_area_percent),
        vacant_unit_occupants=None if assumed is None else int(assumed),
        options={key: value for key, value in written.items() if key not in columns},
        charge_code=charge_code,
        effective_from=effective_from,
    )


def _figures(entry: ShareRuleEntry) -> dict[str, object]:
    return {name: str(value) for name, value in asdict(entry).items() if value is not None}


def _decimal(number: Number) -> Decimal:
    if isinstance(number, Fraction):
        return Decimal(number.numerator) / Decimal(number.denominator)
    return Decimal(number)

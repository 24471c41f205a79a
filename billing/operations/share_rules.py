"""Setting how a property's bills are shared."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from billing.models import Method, ShareRule, Utility, VacancyPolicy
from portfolios.models import Property, User
from portfolios.operations.audit import record_event


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareRuleEntry:
    """A rule as somebody chose it.

    Units: common_area_percent in percent; vacant_unit_occupants in people.
    """

    method: Method
    vacancy: VacancyPolicy
    common_area_percent: Decimal = Decimal(0)
    vacant_unit_occupants: int | None = None


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
    if active is not None and _entry_of(active) == entry:
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


def _entry_of(rule: ShareRule) -> ShareRuleEntry:
    return ShareRuleEntry(
        method=Method(rule.method),
        vacancy=VacancyPolicy(rule.vacancy),
        common_area_percent=rule.common_area_percent,
        vacant_unit_occupants=rule.vacant_unit_occupants,
    )


def _figures(entry: ShareRuleEntry) -> dict[str, object]:
    return {name: str(value) for name, value in asdict(entry).items() if value is not None}

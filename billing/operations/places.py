"""What people say about a property and the rules of its place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from billing.models import PlaceFacts, PlaceOverride, Utility
from portfolios.models import Property, User
from portfolios.operations.audit import record_event


@transaction.atomic
def set_place_facts(*, place: Property, facts: dict[str, Any], by: User, now: datetime) -> None:
    """Keep what is known of a property for the law.

    Shape: by the field names of `billing.rubs.rules.PropertyFacts`, as plain JSON; None is unknown.
    Effects: a row, an audit event when anything changed.
    """
    stored = PlaceFacts.objects.filter(property=place).first()
    before: dict[str, Any] = dict(stored.facts) if stored else {}
    after = {name: value for name, value in facts.items() if value is not None}
    if before == after:
        return
    PlaceFacts.objects.update_or_create(
        property=place, defaults={"facts": after, "set_by": by, "set_at": now}
    )
    record_event(verb="place_facts.set", subject=place, by=by, now=now, before=before, after=after)


@transaction.atomic
def set_aside(
    *,
    place: Property,
    utility: Utility,
    place_rule_id: str,
    reason: str,
    by: User,
    now: datetime,
) -> PlaceOverride:
    """Let a rule of the place not stand in the way any more, on an accountant's word.

    Effects: an override, which is printed on every calculation after it; an audit event.
    """
    override, _made = PlaceOverride.objects.update_or_create(
        property=place,
        utility=utility,
        place_rule_id=place_rule_id,
        defaults={"reason": reason, "decided_by": by, "decided_at": now},
    )
    record_event(
        verb="place_rule.set_aside",
        subject=place,
        by=by,
        now=now,
        after={"utility": utility.value, "place_rule_id": place_rule_id},
        note=reason,
    )
    return override

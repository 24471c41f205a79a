"""Stating a unit's facts by hand, over what the PMS says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from portfolios.models import Unit, UnitField, UnitOverride, User
from portfolios.operations.audit import record_event


@transaction.atomic
def set_unit_values(
    *, unit: Unit, values: Mapping[UnitField, str | None], by: User, now: datetime
) -> None:
    """Keep the values that a person typed; None clears one, so that the PMS counts again.

    Shape: values are texts as `portfolios.queries.read_value` reads them.
    Effects: rows in the table of overrides, an audit event when anything changed.
    """
    before = dict(unit.overrides.values_list("field", "value"))
    after = {key: value for key, value in before.items() if UnitField(key) not in values}
    after |= {key.value: value for key, value in values.items() if value is not None}
    if before == after:
        return
    unit.overrides.filter(field__in=before.keys() - after.keys()).delete()
    for field, value in after.items():
        if before.get(field) != value:
            UnitOverride.objects.update_or_create(
                unit=unit,
                field=field,
                defaults={"value": value, "entered_by": by, "entered_at": now},
            )
    record_event(verb="unit.values_set", subject=unit, by=by, now=now, before=before, after=after)

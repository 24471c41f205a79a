"""Stating a unit's facts by hand, over what the PMS says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from portfolios.models import Property, Unit, UnitField, UnitOverride, User
from portfolios.operations.audit import record_event


@transaction.atomic
def set_unit_values(
    *, unit: Unit, values: Mapping[UnitField, str | None], by: User, now: datetime
) -> None:
    """Keep the values that a person typed; None clears one, so that the PMS counts again.

    Shape: values are texts as `portfolios.queries.read_value` reads them.
    Effects: rows in the table of overrides, an audit event when anything changed.
    """
    Unit.objects.select_for_update().get(pk=unit.pk)
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
                defaults={
                    "value": value,
                    "entered_by": by,
                    "entered_at": now,
                    "unit_import": None,
                },
            )
    record_event(verb="unit.values_set", subject=unit, by=by, now=now, before=before, after=after)


@transaction.atomic
def set_values_of_units(
    *, values: Mapping[Unit, Mapping[UnitField, str | None]], by: User, now: datetime
) -> None:
    """Keep the values that a person typed for many units, or none of them.

    Effects: those of `set_unit_values`, for each unit.
    """
    for unit in sorted(values, key=lambda unit: unit.pk):
        set_unit_values(unit=unit, values=values[unit], by=by, now=now)


def lock_units(place: Property) -> None:
    """Let nobody else set values of a property's units before the transaction ends."""
    list(Unit.objects.select_for_update().filter(property=place).order_by("pk").values_list("pk"))

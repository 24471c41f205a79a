"""Writing a page's plan into the tables, in the caller's one short transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from integrations.sync.plan import Known, LeaseValues, NamePlan, PagePlan, UnitValues
from integrations.sync.rows import insert_rows, update_rows
from integrations.sync.stored import LEASE_COLUMNS, UNIT_COLUMNS
from portfolios.models import Lease, Property, Unit
from portfolios.operations.audit import record_event

_SEEN = ("last_seen_at", "missing_since")


def apply_units(
    *,
    place: Property,
    plan: PagePlan[UnitValues],
    known: Mapping[str, Known[UnitValues]],
    seen_at: datetime,
    now: datetime,
) -> None:
    """Store a page of units.

    Effects: rows of units; an audit event for each that has another number than before.
    """
    columns = ("property_id", "propexo_unit_id", "first_seen_at", "last_seen_at", *UNIT_COLUMNS)
    insert_rows(
        Unit,
        columns,
        [
            (place.pk, remote_id, now, seen_at, *values)
            for remote_id, values in plan.created.items()
        ],
    )
    update_rows(
        Unit,
        (*_SEEN, *UNIT_COLUMNS),
        {key: (seen_at, None, *values) for key, values in plan.changed.items()},
    )
    _mark_seen(Unit, plan.unchanged, seen_at)
    _note_new_numbers(plan, known, now)


def apply_leases(
    *,
    plan: PagePlan[LeaseValues],
    known: Mapping[str, Known[LeaseValues]],
    names: Mapping[str, str],
    seen_at: datetime,
    now: datetime,
) -> None:
    """Store a page of leases.

    Shape: `names` are those of residents that are known already; a lease whose resident is not
        among them has no name until the residents are read.
    Effects: rows of leases.
    """
    columns = ("propexo_lease_id", "resident_name", "first_seen_at", "last_seen_at", *LEASE_COLUMNS)
    insert_rows(
        Lease,
        columns,
        [
            (remote_id, names.get(values.resident_id, ""), now, seen_at, *values)
            for remote_id, values in plan.created.items()
        ],
    )
    residents = {row.key: row.values.resident_id for row in known.values()}
    same = {key: row for key, row in plan.changed.items() if residents[key] == row.resident_id}
    update_rows(
        Lease,
        (*_SEEN, *LEASE_COLUMNS),
        {key: (seen_at, None, *values) for key, values in same.items()},
    )
    update_rows(
        Lease,
        (*_SEEN, "resident_name", *LEASE_COLUMNS),
        {
            key: (seen_at, None, names.get(values.resident_id, ""), *values)
            for key, values in plan.changed.items()
            if key not in same
        },
    )
    _mark_seen(Lease, plan.unchanged, seen_at)


def apply_names(plan: NamePlan) -> None:
    """Store the names of a page of residents on their leases.

    Effects: rows of leases.
    """
    update_rows(Lease, ("resident_name",), {key: (name,) for key, name in plan.names.items()})


def _mark_seen(model: type[Unit | Lease], keys: Collection[int], seen_at: datetime) -> None:
    if keys:
        model._default_manager.filter(pk__in=keys).update(last_seen_at=seen_at)


def _note_new_numbers(
    plan: PagePlan[UnitValues], known: Mapping[str, Known[UnitValues]], now: datetime
) -> None:
    """Keep a unit's old number, so that what was charged under it stays readable."""
    before = {row.key: row.values.unit_number for row in known.values()}
    moved = {
        key: values for key, values in plan.changed.items() if values.unit_number != before[key]
    }
    for unit in Unit.objects.filter(pk__in=moved) if moved else ():
        record_event(
            verb="unit.renumbered",
            subject=unit,
            by=None,
            now=now,
            before={"unit_number": before[unit.pk]},
            after={"unit_number": moved[unit.pk].unit_number},
        )

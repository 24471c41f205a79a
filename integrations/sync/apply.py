"""Writing a page's plan into the tables, in the caller's one short transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from integrations.sync.plan import Known, LeaseValues, NamePlan, PagePlan, UnitValues
from integrations.sync.plan.values import ValuesT
from integrations.sync.reports import report_leases
from integrations.sync.rows import Row, insert_rows, update_rows
from integrations.sync.stored import LEASE_COLUMNS, UNIT_COLUMNS
from portfolios.models import Lease, Property, Unit
from portfolios.operations.audit import record_event

_SEEN = ("last_seen_at", "propexo_seen_at")


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
    _insert(
        Unit,
        ("property_id", "propexo_unit_id", "first_seen_at", "last_seen_at", *UNIT_COLUMNS),
        {key: (place.pk, key, now, seen_at, *values) for key, values in plan.created.items()},
        plan.last_seen,
    )
    _update(
        Unit,
        UNIT_COLUMNS,
        plan.changed,
        told=_told(plan, known),
        still_missing=plan.still_missing,
        seen_at=seen_at,
    )
    _mark_seen(Unit, plan, known, seen_at)
    _note_new_numbers(plan, known, now)


def apply_leases(
    *,
    place: Property,
    plan: PagePlan[LeaseValues],
    known: Mapping[str, Known[LeaseValues]],
    names: Mapping[str, str],
    seen_at: datetime,
    now: datetime,
) -> None:
    """Store a page of leases.

    Shape: `names` are those of residents that are known already; a lease whose resident is not
        among them has no name until the residents are read.
    Effects: rows of leases, and webhooks about them.
    """
    _insert(
        Lease,
        ("propexo_lease_id", "resident_name", "first_seen_at", "last_seen_at", *LEASE_COLUMNS),
        {
            key: (key, names.get(values.resident_id, ""), now, seen_at, *values)
            for key, values in plan.created.items()
        },
        plan.last_seen,
    )
    _update_leases(plan, known, names, seen_at)
    _mark_seen(Lease, plan, known, seen_at)
    report_leases(place=place, plan=plan, known=known, now=now)


def _update_leases(
    plan: PagePlan[LeaseValues],
    known: Mapping[str, Known[LeaseValues]],
    names: Mapping[str, str],
    seen_at: datetime,
) -> None:
    """Store leases that changed; one that has the same resident as before keeps the name."""
    residents = {row.key: row.values.resident_id for row in known.values()}
    same = {key: row for key, row in plan.changed.items() if residents[key] == row.resident_id}
    moved = {
        key: (names.get(values.resident_id, ""), *values)
        for key, values in plan.changed.items()
        if key not in same
    }
    for columns, rows in ((LEASE_COLUMNS, same), (("resident_name", *LEASE_COLUMNS), moved)):
        _update(
            Lease,
            columns,
            rows,
            told=_told(plan, known),
            still_missing=plan.still_missing,
            seen_at=seen_at,
        )


def apply_names(plan: NamePlan) -> None:
    """Store the names of a page of residents on their leases.

    Effects: rows of leases.
    """
    update_rows(Lease, ("resident_name",), {key: (name,) for key, name in plan.names.items()})


def _insert(
    model: type[Unit | Lease],
    columns: Sequence[str],
    rows: Mapping[str, Row],
    last_seen: Mapping[str, datetime],
) -> None:
    """Insert rows, by the PMS's ids; a column without any value would cost as much as others."""
    if last_seen:
        columns = (*columns, "propexo_seen_at")
        rows = {key: (*row, last_seen.get(key)) for key, row in rows.items()}
    insert_rows(model, columns, rows.values())


def _update(
    model: type[Unit | Lease],
    columns: Sequence[str],
    rows: Mapping[int, Row],
    *,
    told: Mapping[int, datetime],
    still_missing: Collection[int],
    seen_at: datetime,
) -> None:
    """Give stored rows new values; those that were missing are back, but for a few."""
    back: dict[int, Row] = {}
    lost: dict[int, Row] = {}
    for key, values in rows.items():
        if key in still_missing:
            lost[key] = (seen_at, told.get(key), *values)
        else:
            back[key] = (seen_at, told.get(key), None, *values)
    update_rows(model, (*_SEEN, "missing_since", *columns), back)
    # Since when they are missing stays as it is: somebody may just have said that one is there.
    update_rows(model, (*_SEEN, *columns), lost)


def _told(plan: PagePlan[ValuesT], known: Mapping[str, Known[ValuesT]]) -> dict[int, datetime]:
    """List when the PMS last showed stored rows to Propexo, as far as Propexo says so."""
    return {known[key].key: seen for key, seen in plan.last_seen.items() if key in known}


def _mark_seen(
    model: type[Unit | Lease],
    plan: PagePlan[ValuesT],
    known: Mapping[str, Known[ValuesT]],
    seen_at: datetime,
) -> None:
    told = _told(plan, known)
    update_rows(
        model,
        _SEEN,
        {key: (seen_at, told[key]) for key in plan.unchanged if key in told},
    )
    rest = [key for key in plan.unchanged if key not in told]
    if rest:
        model._default_manager.filter(pk__in=rest).update(last_seen_at=seen_at)


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

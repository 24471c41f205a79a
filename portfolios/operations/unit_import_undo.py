"""Taking a whole import back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from portfolios.models import (
    AuditEvent,
    UnitImport,
    UnitImportChange,
    UnitImportState,
    UnitOverride,
    User,
)
from portfolios.operations.audit import describe_event, record_event
from portfolios.operations.unit_imports import store_overrides
from portfolios.operations.units import lock_units

_BATCH = 500
_CHANGES = UnitImportChange.objects.select_related("unit__property__portfolio", "before_by")


class CannotUndo(Exception):
    """The import cannot be undone."""


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """What undoing an import would do.

    Shape: `restorable` are the values that still are as the import set them; `left` were changed by
        somebody since and stay.
    """

    restorable: tuple[UnitImportChange, ...]
    left: tuple[UnitImportChange, ...]


def plan_undo(unit_import: UnitImport) -> UndoPlan:
    """Tell apart what an import's undoing would restore and what it would leave."""
    changes = _CHANGES.filter(unit_import=unit_import)
    ours = {
        (override.unit_id, override.field): override.value
        for override in UnitOverride.objects.filter(unit_import=unit_import)
    }
    restorable: list[UnitImportChange] = []
    left: list[UnitImportChange] = []
    for change in changes:
        is_ours = ours.get((change.unit_id, change.field)) == change.after_value
        (restorable if is_ours else left).append(change)
    return UndoPlan(tuple(restorable), tuple(left))


@transaction.atomic
def undo_unit_import(*, unit_import: UnitImport, by: User, now: datetime) -> UndoPlan:
    """Put back what was there before an import, value, person and time; leave what changed since.

    Shape: where a value came from an import that is undone itself, what that one replaced.
    Errors: CannotUndo.
    Effects: typed values, the import's state, audit events.
    """
    lock_units(unit_import.property)
    applied = UnitImport.objects.filter(pk=unit_import.pk, state=UnitImportState.APPLIED)
    if not applied.update(state=UnitImportState.UNDONE, ended_by=by, ended_at=now):
        raise CannotUndo("Only an import that is applied can be undone.")
    plan = plan_undo(unit_import)
    if not plan.restorable:
        raise CannotUndo("Every value of this import was changed since, so nothing can be undone.")
    unit_import.refresh_from_db()
    replaced = _replaced(plan.restorable)
    events = _events(unit_import, replaced, by=by, now=now)
    _restore(unit_import, replaced)
    _mark_restored(plan.restorable)
    AuditEvent.objects.bulk_create(events)
    record_event(
        verb="unit_import.undone",
        subject=unit_import,
        by=by,
        now=now,
        after={"restored": len(plan.restorable), "left": len(plan.left)},
    )
    return plan


def _replaced(changes: Sequence[UnitImportChange]) -> list[UnitImportChange]:
    """Find, for each change, the one whose earlier value still counts: its own, or further back.

    An import that was undone has left the values that another one covered; they count no more.
    """
    found = list(changes)
    while True:
        imports = {change.before_import_id for change in found} - {None}
        undone = _CHANGES.filter(unit_import__in=imports, unit_import__state=UnitImportState.UNDONE)
        earlier = {(each.unit_import_id, each.unit_id, each.field): each for each in undone}
        further = [
            earlier.get((change.before_import_id or 0, change.unit_id, change.field), change)
            for change in found
        ]
        if further == found:
            return found
        found = further


def _restore(unit_import: UnitImport, changes: Sequence[UnitImportChange]) -> None:
    fresh = {(change.unit_id, change.field) for change in changes if change.before_value is None}
    ours = UnitOverride.objects.filter(unit_import=unit_import)
    for few in _in_batches([row.pk for row in ours if (row.unit_id, row.field) in fresh]):
        UnitOverride.objects.filter(pk__in=few).delete()
    store_overrides(filter(None, map(_before, changes)))


def _mark_restored(changes: Sequence[UnitImportChange]) -> None:
    for few in _in_batches([change.pk for change in changes]):
        UnitImportChange.objects.filter(pk__in=few).update(is_restored=True)


def _before(change: UnitImportChange) -> UnitOverride | None:
    """Make the typed value that a change replaced, if there was one."""
    if change.before_value is None or change.before_by is None or change.before_at is None:
        return None
    return UnitOverride(
        unit_id=change.unit_id,
        field=change.field,
        value=change.before_value,
        entered_by=change.before_by,
        entered_at=change.before_at,
        unit_import_id=change.before_import_id,
    )


def _in_batches(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut a list into parts that a statement's parameters can hold."""
    for start in range(0, len(keys), _BATCH):
        yield keys[start : start + _BATCH]


def _events(
    unit_import: UnitImport, changes: Sequence[UnitImportChange], *, by: User, now: datetime
) -> list[AuditEvent]:
    had: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for override in UnitOverride.objects.filter(unit__property=unit_import.property_id):
        had[override.unit_id][override.field] = override.value
    changes_of: defaultdict[int, list[UnitImportChange]] = defaultdict(list)
    for change in changes:
        changes_of[change.unit_id].append(change)
    return [
        describe_event(
            verb="unit.values_set",
            subject=of_unit[0].unit,
            by=by,
            now=now,
            before=had[unit_id],
            after=_with_restored(had[unit_id], of_unit),
            note=f"Import {unit_import.pk} of the file {unit_import.file_name} was undone.",
        )
        for unit_id, of_unit in changes_of.items()
    ]


def _with_restored(had: dict[str, str], changes: Sequence[UnitImportChange]) -> dict[str, str]:
    after = dict(had)
    for change in changes:
        if change.before_value is None:
            del after[change.field]
        else:
            after[change.field] = change.before_value
    return after

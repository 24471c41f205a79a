"""Taking a file's values for a property's units: read it, look at what it would do, confirm it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import PurePath

from django.db import transaction

from portfolios.import_plan import ImportPlan, PlannedChange, plan_import, write_findings
from portfolios.models import (
    AuditEvent,
    Property,
    Unit,
    UnitImport,
    UnitImportChange,
    UnitImportRow,
    UnitImportState,
    UnitOverride,
    User,
)
from portfolios.operations.audit import describe_event, record_event
from portfolios.operations.units import lock_units
from portfolios.queries import UnitValue
from portfolios.unit_files.findings import Finding, Weight
from portfolios.unit_files.reading import read_unit_file
from portfolios.unit_files.rows import FileRow

_BATCH = 1_000
Overrides = dict[tuple[int, str], UnitOverride]


class CannotImport(Exception):
    """The import cannot be confirmed or discarded as it stands."""


class PlanChanged(CannotImport):
    """Values changed between the preview and its confirmation."""


def start_unit_import(
    *, place: Property, file_name: str, content: bytes, by: User, now: datetime
) -> UnitImport:
    """Read a file and keep what it says for a preview; no unit is touched.

    Shape: a file that waits for confirmation already is given back as it is.
    Errors: UnreadableFile, and nothing is stored.
    Effects: an import with its rows, an audit event.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    same_file = {"property": place, "sha256": sha256, "state": UnitImportState.PREVIEW}
    waiting = UnitImport.objects.filter(**same_file).first()
    if waiting is not None:
        return waiting
    read = read_unit_file(content)
    with transaction.atomic():
        unit_import, is_new = UnitImport.objects.get_or_create(
            **same_file,
            defaults={
                "file_name": PurePath(file_name.replace("\0", "")).name[:200] or "units",
                "size": len(content),
                "columns": list(read.columns),
                "ignored": list(read.ignored),
                "notices": list(read.notices),
                "findings": write_findings(read.findings),
                "uploaded_by": by,
                "uploaded_at": now,
            },
        )
        if is_new:
            rows = (_row(unit_import, row) for row in read.rows)
            UnitImportRow.objects.bulk_create(rows, batch_size=_BATCH)
            after = {"file": unit_import.file_name, "sha256": sha256, "rows": len(read.rows)}
            record_event(verb="unit_import.read", subject=unit_import, by=by, now=now, after=after)
    return unit_import


def earlier_imports(unit_import: UnitImport) -> Sequence[UnitImport]:
    """Find the imports of the very same file that were confirmed before."""
    same = UnitImport.objects.filter(
        property=unit_import.property_id, sha256=unit_import.sha256, applied_at__isnull=False
    )
    return list(same.exclude(pk=unit_import.pk).select_related("applied_by"))


@transaction.atomic
def confirm_unit_import(
    *, unit_import: UnitImport, seen: str, take_odd: bool, again: bool, by: User, now: datetime
) -> int:
    """Set all values that the preview showed, or none; tell how many.

    Shape: `seen` is the digest of the plan that the person looked at; `take_odd` takes the values
        that stand out too; `again` takes a file that was imported before.
    Errors: PlanChanged, CannotImport.
    Effects: typed values, what they replaced, audit events.
    """
    lock_units(unit_import.property)
    plan = plan_import(unit_import)
    if plan.digest() != seen:
        raise PlanChanged(
            "Values of these units changed since the preview was shown. Look at it again, then "
            "confirm."
        )
    if earlier_imports(unit_import) and not again:
        raise CannotImport("This very file was imported before. Say that it shall be taken again.")
    changes = plan.changes if take_odd else plan.plain
    if not changes:
        raise CannotImport("There is no value to set.")
    _leave_preview(
        unit_import,
        state=UnitImportState.APPLIED,
        applied_by=by,
        applied_at=now,
        findings=write_findings(_final_findings(plan, take_odd=take_odd)),
    )
    _apply(unit_import, changes, by=by, now=now)
    return len(changes)


@transaction.atomic
def discard_unit_import(*, unit_import: UnitImport, by: User, now: datetime) -> None:
    """Give up a preview.

    Errors: CannotImport when it was decided already.
    Effects: the import's state, an audit event.
    """
    _leave_preview(unit_import, state=UnitImportState.DISCARDED, ended_by=by, ended_at=now)
    record_event(verb="unit_import.discarded", subject=unit_import, by=by, now=now)


def _row(unit_import: UnitImport, row: FileRow) -> UnitImportRow:
    return UnitImportRow(
        unit_import=unit_import,
        number=row.number,
        unit_text=row.unit,
        unit_id_text=row.unit_id,
        building_text=row.building,
        property_text=row.property_name,
        values=dict(row.values),
        odd=list(row.odd),
        cells=dict(row.cells),
    )


def _leave_preview(unit_import: UnitImport, **values: object) -> None:
    """Move an import on, unless somebody else has done so."""
    waiting = UnitImport.objects.filter(pk=unit_import.pk, state=UnitImportState.PREVIEW)
    if not waiting.update(**values):
        raise CannotImport("Somebody has confirmed or discarded this import already.")
    unit_import.refresh_from_db()


def _final_findings(plan: ImportPlan, *, take_odd: bool) -> Iterable[Finding]:
    for finding in plan.findings:
        if finding.weight == Weight.STANDS_OUT and not take_odd:
            message = f"{finding.message} It was not taken."
            yield replace(finding, message=message, weight=Weight.LEFT_OUT)
        else:
            yield finding


def _apply(
    unit_import: UnitImport, changes: Sequence[PlannedChange], *, by: User, now: datetime
) -> None:
    """Store the values with what they replace, and write it down."""
    units = Unit.objects.select_related("property__portfolio").in_bulk(
        {change.unit_id for change in changes}
    )
    stored = UnitOverride.objects.filter(unit__property=unit_import.property)
    before: Overrides = {(override.unit_id, override.field): override for override in stored}
    events = _events(unit_import, changes, units, before, by=by, now=now)
    UnitImportChange.objects.bulk_create(
        (_change(unit_import, change, units[change.unit_id], before) for change in changes),
        batch_size=_BATCH,
    )
    store_overrides(
        UnitOverride(
            unit_id=change.unit_id,
            field=change.field,
            value=change.after,
            entered_by=by,
            entered_at=now,
            unit_import=unit_import,
        )
        for change in changes
    )
    AuditEvent.objects.bulk_create(events, batch_size=_BATCH)
    record_event(
        verb="unit_import.applied",
        subject=unit_import,
        by=by,
        now=now,
        after={"values": len(changes), "units": len(units)},
    )


def store_overrides(overrides: Iterable[UnitOverride]) -> None:
    """Store typed values in place of those that are there."""
    UnitOverride.objects.bulk_create(
        overrides,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["unit", "field"],
        update_fields=["value", "entered_by", "entered_at", "unit_import"],
    )


def _change(
    unit_import: UnitImport, change: PlannedChange, unit: Unit, before: Overrides
) -> UnitImportChange:
    replaced = before.get((change.unit_id, change.field))
    return UnitImportChange(
        unit_import=unit_import,
        row_number=change.row,
        unit=unit,
        field=change.field,
        pms_value=_text(getattr(unit, change.field)),
        before_value=replaced.value if replaced else None,
        before_by_id=replaced.entered_by_id if replaced else None,
        before_at=replaced.entered_at if replaced else None,
        before_import_id=replaced.unit_import_id if replaced else None,
        after_value=change.after,
    )


def _events(
    unit_import: UnitImport,
    changes: Sequence[PlannedChange],
    units: dict[int, Unit],
    before: Overrides,
    *,
    by: User,
    now: datetime,
) -> list[AuditEvent]:
    """Describe each unit's change as if it had been typed on the unit's page."""
    had: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for (unit_id, field), override in before.items():
        had[unit_id][field] = override.value
    new: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for change in changes:
        new[change.unit_id][change.field.value] = change.after
    return [
        describe_event(
            verb="unit.values_set",
            subject=units[unit_id],
            by=by,
            now=now,
            before=had[unit_id],
            after=had[unit_id] | values,
            note=f"From the file {unit_import.file_name}, import {unit_import.pk}.",
        )
        for unit_id, values in new.items()
    ]


def _text(value: UnitValue) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)

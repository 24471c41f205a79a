"""What the page of an import shows: before its confirmation a plan, afterwards what was done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone

from portfolios.forms import ConfirmImportForm, write_value
from portfolios.import_plan import ImportPlan, plan_import, read_findings
from portfolios.models import UnitField, UnitImport, UnitImportChange, UnitImportState, User
from portfolios.operations.unit_imports import earlier_imports
from portfolios.queries import UnitValue, read_value
from portfolios.unit_files.findings import Finding, Weight
from portfolios.views.properties import Filter

_TONES = {
    UnitImportState.PREVIEW: "info",
    UnitImportState.APPLIED: "success",
    UnitImportState.UNDONE: "neutral",
    UnitImportState.DISCARDED: "neutral",
}
_WEIGHTS = {
    Weight.LEFT_OUT: ("danger", "Left out"),
    Weight.STANDS_OUT: ("warning", "Stands out"),
    Weight.NOTE: ("neutral", "Note"),
}
_MANY = 10


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One value in the table of changes; an empty text is not known."""

    row: int
    unit_id: int
    unit: str
    field: str
    before: str
    after: str
    tone: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One remark in the table of problems."""

    row: int
    column: str
    message: str
    tone: str
    label: str


def page_of_import(unit_import: UnitImport, *, show: str) -> dict[str, Any]:
    """Gather what the page of an import shows.

    Shape: `show` is "changes", "problems" or "notes"; the first that has something if it is none.
    """
    is_preview = unit_import.state == UnitImportState.PREVIEW
    plan = plan_import(unit_import) if is_preview else None
    findings = plan.findings if plan else read_findings(unit_import.findings)
    lists: dict[str, Sequence[object]] = {
        "changes": _planned(plan) if plan else change_rows(_changes(unit_import)),
        "problems": _finding_rows(findings, Weight.LEFT_OUT, Weight.STANDS_OUT),
        "notes": _finding_rows(findings, Weight.NOTE),
    }
    shown = show if show in lists else next((key for key in lists if lists[key]), "changes")
    return {
        "unit_import": unit_import,
        "tone": _TONES[UnitImportState(unit_import.state)],
        "is_preview": is_preview,
        "is_applied": unit_import.state == UnitImportState.APPLIED,
        "facts": _facts(unit_import, plan),
        "odd": plan.odd if plan else (),
        "show": shown,
        "shown": lists[shown],
        "filters": _filters(unit_import, lists, shown),
        **(_of_preview(unit_import, plan) if plan else {}),
    }


def change_rows(changes: Iterable[UnitImportChange]) -> list[ChangeRow]:
    """Write changes that were made as a table shows them."""
    return [
        ChangeRow(
            row=change.row_number,
            unit_id=change.unit_id,
            unit=str(change.unit),
            field=change.get_field_display(),
            before=_written(change.field, change.before_value or change.pms_value),
            after=_written(change.field, change.after_value),
            remark="restored" if change.is_restored else "",
        )
        for change in changes
    ]


def counted(count: int, noun: str) -> str:
    """Count things: 1 value, 2 values."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _of_preview(unit_import: UnitImport, plan: ImportPlan) -> dict[str, Any]:
    earlier = earlier_imports(unit_import)
    form = ConfirmImportForm(
        initial={"seen": plan.digest()}, odd=len(plan.odd), is_repeat=bool(earlier)
    )
    return {
        "form": form,
        "plan": plan,
        "earlier": [(_said_of(each), _url(each)) for each in earlier],
        "verb": f"Set {counted(len(plan.plain), 'value')}",
    }


def _planned(plan: ImportPlan) -> list[ChangeRow]:
    return [
        ChangeRow(
            row=change.row,
            unit_id=change.unit_id,
            unit=change.unit_label,
            field=change.field.label,
            before=write_value(change.before),
            after=write_value(change.value),
            tone="warning" if change.is_odd else "",
            remark="stands out" if change.is_odd else "",
        )
        for change in plan.changes
    ]


def _changes(unit_import: UnitImport) -> Iterable[UnitImportChange]:
    return unit_import.changes.select_related("unit")


def _written(field: str, text: str) -> str:
    value: UnitValue = read_value(UnitField(field), text) if text else None
    return write_value(value)


def _finding_rows(findings: Iterable[Finding], *weights: Weight) -> list[FindingRow]:
    return [
        FindingRow(finding.row, finding.column, finding.message, *_WEIGHTS[finding.weight])
        for finding in findings
        if finding.weight in weights
    ]


def _filters(
    unit_import: UnitImport, lists: dict[str, Sequence[object]], shown: str
) -> list[Filter]:
    return [
        Filter(key.title(), len(rows), f"{_url(unit_import)}?show={key}", active=key == shown)
        for key, rows in lists.items()
    ]


def _facts(unit_import: UnitImport, plan: ImportPlan | None) -> list[tuple[str, str]]:
    facts = [
        ("Uploaded", _who_and_when(unit_import.uploaded_by, unit_import.uploaded_at)),
        ("Confirmed", _who_and_when(unit_import.applied_by, unit_import.applied_at)),
        (
            "Undone" if unit_import.applied_at else "Discarded",
            _who_and_when(unit_import.ended_by, unit_import.ended_at),
        ),
        ("Columns read", "; ".join(unit_import.columns)),
        ("Columns passed over", "; ".join(unit_import.ignored)),
    ]
    if plan is not None:
        facts += [
            ("Rows with their unit", f"{plan.matched:,}"),
            ("Values that are so already", f"{plan.same:,}"),
            ("Units that no row speaks of", _some(plan.untouched)),
        ]
    return [(term, value) for term, value in facts if value]


def _some(labels: Sequence[str]) -> str:
    if not labels:
        return "none"
    more = f" and {len(labels) - _MANY:,} more" if len(labels) > _MANY else ""
    return f"{len(labels):,}: {', '.join(labels[:_MANY])}{more}"


def _said_of(unit_import: UnitImport) -> str:
    state = unit_import.get_state_display().lower()
    who = _who_and_when(unit_import.applied_by, unit_import.applied_at)
    return f"{unit_import.file_name}, {who}: {state}"


def _who_and_when(who: User | None, at: Any) -> str:
    if who is None:
        return ""
    when = timezone.localtime(at)
    return f"by {who} on {when.day} {when:%b %Y, %H:%M %Z}"


def _url(unit_import: UnitImport) -> str:
    return reverse("portfolios:unit-import-detail", args=[unit_import.pk])

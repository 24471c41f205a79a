"""What people type about the lines of a bill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

from billing.forms.fields import DollarsField, always
from billing.models import LineKind, Spread
from billing.operations.bills import LineEntry
from billing.rubs.bill_lines import NEVER_PASSED_ON, USUAL_SPREAD

MOST_LINES = 8

_PARTS = ("kind", "name", "amount", "spread")


@dataclass(frozen=True, slots=True)
class LineRow:
    """The fields of one line, as a row of a table."""

    number: int
    kind: forms.BoundField
    name: forms.BoundField
    amount: forms.BoundField
    spread: forms.BoundField


class LineAmountField(DollarsField):
    """An amount of a line, which may be left empty with the whole line."""

    def __init__(self, *, label: str) -> None:
        super().__init__(label=label)
        self.required = False

    def clean(self, value: Any) -> Any:
        """Read the amount; nothing typed is no amount."""
        return super().clean(value) if str(value or "").strip() else None


class BillLinesForm(forms.Form):
    """The lines of a bill, as many rows as a bill may have; empty rows are no lines."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, MOST_LINES + 1):
            self.fields.update(_fields_of(number))

    def line_rows(self) -> list[LineRow]:
        """List the rows to type into."""
        return [
            LineRow(number, *(self[_name(number, part)] for part in _PARTS))
            for number in range(1, MOST_LINES + 1)
        ]

    def has_lines(self) -> bool:
        """Tell whether anything was typed into a row."""
        return any(map(self._is_typed, range(1, MOST_LINES + 1)))

    def clean(self) -> dict[str, Any]:
        """Check each row that anything was typed into."""
        cleaned = super().clean() or {}
        for number in range(1, MOST_LINES + 1):
            if self._is_typed(number):
                for part, sentence in _faults(cleaned, number):
                    name = _name(number, part)
                    if name not in self.errors:
                        self.add_error(name, sentence)
        return cleaned

    def line_entries(self) -> tuple[LineEntry, ...]:
        """Give the lines that were typed; for a valid form."""
        return tuple(
            _entry(self.cleaned_data, number)
            for number in range(1, MOST_LINES + 1)
            if self._is_typed(number)
        )

    def _is_typed(self, number: int) -> bool:
        return any(str(self[_name(number, part)].data or "").strip() for part in _PARTS)


def _fields_of(number: int) -> dict[str, forms.Field]:
    line = f"Line {number}"
    return {
        _name(number, "kind"): forms.ChoiceField(
            required=False,
            label=f"{line}: kind",
            choices=[("", "—"), *LineKind.choices],
            error_messages=always(f"Kind of line {number} must be chosen from the list."),
        ),
        _name(number, "name"): forms.CharField(
            required=False,
            label=f"{line}: name",
            max_length=100,
            error_messages={
                "max_length": f"Name of line {number} may have 100 characters at most."
            },
        ),
        _name(number, "amount"): LineAmountField(label=f"{line}: amount in dollars"),
        _name(number, "spread"): forms.ChoiceField(
            required=False,
            label=f"{line}: how it is passed on",
            choices=[("", "As usual for its kind"), *Spread.choices],
            error_messages=always(f"How line {number} is passed on must be chosen from the list."),
        ),
    }


def _name(number: int, part: str) -> str:
    return f"line_{number}_{part}"


def _faults(cleaned: dict[str, Any], number: int) -> Iterator[tuple[str, str]]:
    """Say what a row lacks, or what may not be passed on as it says."""
    kind, spread = cleaned.get(_name(number, "kind")), cleaned.get(_name(number, "spread"))
    if cleaned.get(_name(number, "amount")) is None:
        yield "amount", f"Amount of line {number} must be given, such as 48.00 or -12.50."
    if not kind:
        yield "kind", f"Kind of line {number} must be chosen from the list."
        return
    label = LineKind(kind).label
    if not spread and kind not in USUAL_SPREAD:
        yield (
            "spread",
            f"How line {number} is passed on must be chosen: there is no usual way for “{label}”.",
        )
    if spread and kind in NEVER_PASSED_ON and spread != Spread.OWNER:
        sentence = (
            f"How line {number} is passed on must be “{Spread.OWNER.label}” or left as usual: "
            f"“{label}” is the owner's affair with the utility."
        )
        yield "spread", sentence


def _entry(cleaned: dict[str, Any], number: int) -> LineEntry:
    spread = cleaned[_name(number, "spread")]
    return LineEntry(
        kind=LineKind(cleaned[_name(number, "kind")]),
        name=cleaned[_name(number, "name")],
        amount=cleaned[_name(number, "amount")],
        spread=Spread(spread) if spread else None,
    )

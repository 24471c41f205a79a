"""Typing values of many units on one page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms

from portfolios.forms.unit_values import UnitValuesForm, write_value
from portfolios.models import Unit, UnitField
from portfolios.queries import read_value

_CLASSES = {"text": "form-control w-auto", "select": "form-select w-auto"}


class UnitRowForm(UnitValuesForm):
    """One unit's row among many."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, unit: Unit) -> None:
        super().__init__(data, unit=unit, prefix=f"unit{unit.pk}")
        self.unit = unit
        for field in UnitField:
            shown = self.fields[field.value]
            pms_value = write_value(getattr(unit, field.value))
            shown.help_text = f"PMS: {pms_value or '—'}"
            if not isinstance(shown, forms.ChoiceField):
                # A number field of the browser would not send what it does not understand.
                shown.widget = forms.TextInput({"inputmode": "decimal", "size": 6})
            shown.widget.attrs |= {
                "class": _CLASSES[shown.widget.input_type],
                "autocomplete": "off",
                "aria-label": f"{field.label}, unit {unit}",
            }

    def clean(self) -> dict[str, Any]:
        """Mark the fields that are refused."""
        cleaned = super().clean()
        for name in self.errors:
            attrs = self.fields[name].widget.attrs
            attrs |= {"class": f"{attrs['class']} is-invalid", "aria-invalid": "true"}
        return cleaned

    def cells(self) -> Iterator[tuple[forms.BoundField, str]]:
        """Give each field with the typed value in words, for those who may only look."""
        for field in UnitField:
            typed = self.fields[field.value].initial
            yield self[field.value], write_value(read_value(field, typed)) if typed else ""


class UnitTable:
    """The rows of a page."""

    def __init__(self, units: Sequence[Unit], data: Mapping[str, Any] | None = None) -> None:
        self.forms = [UnitRowForm(data, unit=unit) for unit in units]

    def problems(self) -> list[tuple[str, str]]:
        """List what is wrong in a sentence each, with the way to the field."""
        return [
            (f"Unit {form.unit}: {error}", f"#{field.id_for_label}")
            for form in self.forms
            if not form.is_valid()
            for field in form
            for error in field.errors
        ]

    def changes(self) -> dict[Unit, dict[UnitField, str | None]]:
        """Give what the person changed, by unit; when there are no problems."""
        return {form.unit: form.changes() for form in self.forms if form.has_changed()}

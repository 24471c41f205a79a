"""What people type about the submeters of units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms

from billing.forms.fields import always
from portfolios.models import Unit
from portfolios.queries import UnitFacts


class ReadingsForm(forms.Form):
    """What each unit's own meter counted over a bill's period; empty is no reading."""

    def __init__(
        self,
        *args: Any,
        units: Sequence[UnitFacts],
        readings: Mapping[int, Decimal],
        may_change: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._units = tuple(units)
        for unit in self._units:
            field = _reading_field(unit, readings.get(unit.unit_id))
            field.disabled = not may_change
            self.fields[_name(unit.unit_id)] = field

    def rows(self) -> list[tuple[UnitFacts, forms.BoundField]]:
        """Pair each unit with its field."""
        return [(unit, self[_name(unit.unit_id)]) for unit in self._units]

    def readings(self, units: Mapping[int, Unit]) -> dict[Unit, Decimal | None]:
        """Give what was typed for each unit; for a valid form."""
        return {units[unit.unit_id]: self.cleaned_data[_name(unit.unit_id)] for unit in self._units}


def _name(unit_id: int) -> str:
    return f"unit_{unit_id}"


def _reading_field(unit: UnitFacts, stored: Decimal | None) -> forms.DecimalField:
    return forms.DecimalField(
        required=False,
        label=f"Unit {unit.label}",
        initial=None if stored is None else f"{stored.normalize():f}",
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=3,
        error_messages=always(
            f"Reading of unit {unit.label} must be a number from 0 up, with at most three decimals "
            "and without thousands separators."
        ),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )

"""What people type over the PMS's values of a unit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from portfolios.models import Unit, UnitField, UnitOverride
from portfolios.queries import UnitValue
from portfolios.unit_files.limits import (
    BATHROOM_STEP,
    BEDROOM_STEP,
    LARGEST_SQFT,
    MOST_OCCUPANTS,
    MOST_ROOMS,
)

_SQFT = "Square feet must be a whole number from 1 to 100,000; leave it empty to take the PMS's."
_BEDROOMS = (
    "Bedrooms must be a number from 0 to 20 in halves, such as 2 or 1.5; leave it empty to take "
    "the PMS's."
)
_BATHROOMS = (
    "Bathrooms must be a number from 0 to 20 in quarters, such as 1, 1.5 or 2.25; leave it empty "
    "to take the PMS's."
)
_OCCUPANTS = "Occupants must be a whole number from 0 to 30; leave it empty to take the PMS's."
_NUMBER_ERRORS = (
    "invalid",
    "min_value",
    "max_value",
    "step_size",
    "max_digits",
    "max_decimal_places",
    "max_whole_digits",
)


def write_value(value: UnitValue) -> str:
    """Write a unit's value for people; a gap is empty.

    Shape: 2 for 2.00, 1.5 for 1.50, 1,240 for 1240, yes and no.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _plain(value) if isinstance(value, Decimal) else f"{value:,}"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _whole(*, smallest: int, largest: int, sentence: str) -> forms.IntegerField:
    return forms.IntegerField(
        required=False,
        min_value=smallest,
        max_value=largest,
        error_messages=dict.fromkeys(_NUMBER_ERRORS, sentence),
    )


def _rooms(*, step: Decimal, sentence: str) -> forms.DecimalField:
    return forms.DecimalField(
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(MOST_ROOMS),
        step_size=step,
        error_messages=dict.fromkeys(_NUMBER_ERRORS, sentence),
    )


def _choice(*, yes: str, no: str, sentence: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        required=False,
        choices=[("", "As the PMS says"), ("true", yes), ("false", no)],
        error_messages={"invalid_choice": sentence},
    )


class UnitValuesForm(forms.Form):
    """A unit's facts as a person states them; what is left empty is the PMS's to say."""

    sqft = _whole(smallest=1, largest=LARGEST_SQFT, sentence=_SQFT)
    bedrooms = _rooms(step=BEDROOM_STEP, sentence=_BEDROOMS)
    bathrooms = _rooms(step=BATHROOM_STEP, sentence=_BATHROOMS)
    occupant_count = _whole(smallest=0, largest=MOST_OCCUPANTS, sentence=_OCCUPANTS)
    occupied = _choice(
        yes="Yes, occupied",
        no="No, vacant",
        sentence="Occupied must be yes, no, or as the PMS says.",
    )
    billable = _choice(
        yes="Yes, it takes part in bills",
        no="No, it is left out of bills",
        sentence="Billable must be yes, no, or as the PMS says.",
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, unit: Unit, prefix: str | None = None
    ) -> None:
        super().__init__(data, prefix=prefix)
        typed = {override.field: override for override in unit.overrides.all()}
        for field in UnitField:
            shown = self.fields[field.value]
            override = typed.get(field.value)
            shown.label = field.label
            shown.initial = override.value if override else None
            shown.help_text = _beside(getattr(unit, field.value), override)

    def values(self) -> dict[UnitField, str | None]:
        """Give what was typed in the form that is stored; None where the PMS counts."""
        return {field: _stored(self.cleaned_data[field.value]) for field in UnitField}


def _stored(value: int | Decimal | str | None) -> str | None:
    if value is None or value == "":
        return None
    return _plain(value) if isinstance(value, Decimal) else str(value)


def _beside(pms_value: UnitValue, override: UnitOverride | None) -> str:
    written = write_value(pms_value)
    said = f"The PMS says {written}." if written else "The PMS does not say."
    if override is None:
        return said
    when = timezone.localtime(override.entered_at)
    how = "From a file of" if override.unit_import_id else "Typed by"
    return f"{said} {how} {override.entered_by} on {when.day} {when:%b %Y, %H:%M %Z}."

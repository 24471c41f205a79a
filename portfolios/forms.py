"""What people type about portfolios, units and keys."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone

from portfolios.models import Portfolio, Unit, UnitField, UnitOverride
from portfolios.queries import UnitValue

NAME_IS_TAKEN = "There is a portfolio of this name already; choose another name."

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


class PortfolioForm(forms.Form):
    """A new portfolio."""

    name = forms.CharField(
        max_length=120,
        help_text="What people call it, such as the owner or the region.",
        error_messages={
            "required": "Give the portfolio a name.",
            "max_length": "The name may have at most 120 characters.",
        },
    )

    def clean_name(self) -> str:
        """Refuse a name that is in use."""
        name: str = self.cleaned_data["name"]
        if Portfolio.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError(NAME_IS_TAKEN)
        return name


class ApiKeyForm(forms.Form):
    """A new API key."""

    name = forms.CharField(
        max_length=80,
        help_text="Which program will use it, so that you know later which key to revoke.",
        error_messages={
            "required": "Give the key a name.",
            "max_length": "The name may have at most 80 characters.",
        },
    )


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
        max_value=Decimal(20),
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

    sqft = _whole(smallest=1, largest=100_000, sentence=_SQFT)
    bedrooms = _rooms(step=Decimal("0.5"), sentence=_BEDROOMS)
    bathrooms = _rooms(step=Decimal("0.25"), sentence=_BATHROOMS)
    occupant_count = _whole(smallest=0, largest=30, sentence=_OCCUPANTS)
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

    def __init__(self, data: Mapping[str, Any] | None = None, *, unit: Unit) -> None:
        super().__init__(data)
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
    return f"{said} Typed by {override.entered_by} on {when.day} {when:%b %Y, %H:%M %Z}."

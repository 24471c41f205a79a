"""What people say about a property and the rules of its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from billing.forms.decisions import NoteField
from billing.forms.fields import LATEST_DAY, always
from billing.rubs.rules import Irrigation, PropertyKind

# Older than this, a date is a slip of the year.
_OLDEST = date(1800, 1, 1)
_UNKNOWN = ("", "Not known")
_KINDS = {
    PropertyKind.APARTMENTS: "Apartments",
    PropertyKind.CONDOMINIUM: "A condominium",
    PropertyKind.COOPERATIVE: "A cooperative",
    PropertyKind.MANUFACTURED_HOMES: "Manufactured homes",
    PropertyKind.RV_SPACES: "Spaces for recreational vehicles",
    PropertyKind.MULTI_USE: "Dwellings and businesses together",
}
_IRRIGATION = {
    Irrigation.METERED: "Yes, with a meter of its own",
    Irrigation.UNMETERED: "Yes, on the property's common meter",
    Irrigation.NONE: "None",
}
_YES = {"yes": True, "no": False}
_YES_OR_NO = ("common_areas_metered", "rent_controlled", "tax_credit", "previously_submetered")
_DAYS = (
    "construction_began_on",
    "permit_sought_on",
    "permitted_on",
    "water_connected_on",
)


def _choice(label: str, choices: Mapping[Any, str], help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        required=False,
        choices=[_UNKNOWN, *((str(value), name) for value, name in choices.items())],
        help_text=help_text,
        error_messages=always(f"{label} must be chosen from the list."),
    )


def _yes_or_no(label: str) -> forms.ChoiceField:
    return _choice(label, {"yes": "Yes", "no": "No"})


class BuildingDayField(forms.DateField):
    """A day in the life of a building, which may be much older than any bill; empty is unknown."""

    def __init__(self, *, label: str) -> None:
        super().__init__(
            label=label,
            required=False,
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            error_messages={
                "invalid": f"{label} must be a date such as 1987-06-30, from {_OLDEST.year} on."
            },
        )

    def to_python(self, value: Any) -> date | None:
        """Read the day."""
        day = super().to_python(value)
        if day is not None and not _OLDEST <= day < LATEST_DAY:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class PlaceFactsForm(forms.Form):
    """What the rules of places ask about a property; what nobody knows stays unknown."""

    kind = _choice("Kind of property", _KINDS)
    unit_count = forms.IntegerField(
        label="Number of units",
        required=False,
        min_value=1,
        max_value=100_000,
        error_messages=always("Number of units must be a whole number from 1 to 100,000."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    irrigation = _choice("Irrigation of the grounds", _IRRIGATION)
    common_areas_metered = _yes_or_no("All common areas have meters of their own")
    rent_controlled = _yes_or_no("The units are under rent control")
    tax_credit = _yes_or_no("Federal tax-credit housing")
    previously_submetered = _yes_or_no("Tenants were billed by submeters before")
    construction_began_on = BuildingDayField(label="Construction began on")
    permit_sought_on = BuildingDayField(label="Building permit applied for on")
    permitted_on = BuildingDayField(label="Building permitted on")
    water_connected_on = BuildingDayField(label="Water connected on")

    def __init__(self, sent: Any, *, facts: Mapping[str, Any], pms_units: int | None) -> None:
        super().__init__(sent, initial=_initial(facts))
        if pms_units is not None:
            self.fields["unit_count"].help_text = f"The PMS says {pms_units}; that counts if empty."

    def facts(self) -> dict[str, Any]:
        """Give the facts as plain JSON, None where nothing is known; for a valid form."""
        cleaned = self.cleaned_data
        return {
            "kind": cleaned["kind"] or None,
            "unit_count": cleaned["unit_count"],
            "irrigation": cleaned["irrigation"] or None,
            **{name: _YES.get(cleaned[name]) for name in _YES_OR_NO},
            **{name: cleaned[name] and cleaned[name].isoformat() for name in _DAYS},
        }


class SetAsideForm(forms.Form):
    """Why a rule of the place does not stand in the way."""

    reason = NoteField(
        label="Reason",
        help_text="It is kept with your name and printed on every calculation after it.",
    )


def _initial(facts: Mapping[str, Any]) -> dict[str, Any]:
    words: dict[object, str] = {True: "yes", False: "no"}
    initial = dict(facts)
    for name in _YES_OR_NO:
        initial[name] = words.get(facts.get(name), "")
    for name in _DAYS:
        if facts.get(name):
            initial[name] = date.fromisoformat(facts[name])
    return initial

"""What people type over the PMS's values of a unit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.safestring import SafeString

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


class FieldWithInitial(forms.BoundField):
    """A field that carries what the page showed, however it is rendered.

    Shape: Django adds the hidden input only where a template prints the field itself; the layouts
        of Bootstrap ask for the widget.
    """

    def as_widget(
        self,
        widget: forms.Widget | None = None,
        attrs: dict[str, Any] | None = None,
        only_initial: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> SafeString:
        """Render the widget, and beside it the hidden input."""
        rendered = super().as_widget(widget, attrs, only_initial)
        return rendered if only_initial else rendered + self.as_hidden(only_initial=True)

    def __str__(self) -> SafeString:
        """Render the field as its widget, which has the hidden input already."""
        return self.as_widget()

    __html__ = __str__


class UnitValuesForm(forms.Form):
    """A unit's facts as a person states them; what is left empty is the PMS's to say.

    Shape: every field travels with the value that the page showed: only what the person changed is
        stored, so that a value which somebody else typed meanwhile is neither cleared nor
        overwritten.
    """

    bound_field_class = FieldWithInitial

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
            shown.show_hidden_initial = True
            shown.help_text = _beside(getattr(unit, field.value), override)

    def clean(self) -> dict[str, Any]:
        """Refuse to overwrite what somebody else typed since the page was shown."""
        cleaned = super().clean() or {}
        for name in self.changed_data:
            shown, now = self.data.get(self[name].html_initial_name, ""), self.fields[name].initial
            if shown != (now or "") and name not in self.errors:
                self.add_error(name, _changed_meanwhile(UnitField(name), now))
                # Whoever sends the page once more has seen the value that is there now.
                self.data = {**self.data, self[name].html_initial_name: now or ""}
        return cleaned

    def changes(self) -> dict[UnitField, str | None]:
        """Give what the person changed as it is stored, None where the PMS counts; when valid."""
        return {UnitField(name): _stored(self.cleaned_data[name]) for name in self.changed_data}


def _changed_meanwhile(field: UnitField, now: str | None) -> str:
    value = "nothing is typed there now" if now is None else f"the value there is now {now}"
    return (
        f"{field.label} was changed by somebody else since this page was shown: {value}. Save once "
        "more to put yours in its place."
    )


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

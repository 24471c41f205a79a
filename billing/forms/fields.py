"""Fields that answer a wrong value with a sentence that names them and says what is allowed."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from meterbase.lib.money import LARGEST, NotAnAmount, cents_from_dollars

EARLIEST_DAY = date(2000, 1, 1)
LATEST_DAY = date(2100, 1, 1)

_PLAIN_AMOUNT = re.compile(r"[-−]?\$?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{1,2})?")
_NUMBER_ERRORS = (
    "required",
    "invalid",
    "min_value",
    "max_value",
    "max_digits",
    "max_decimal_places",
    "max_whole_digits",
)


def always(sentence: str, *more: str) -> dict[str, str]:
    """Answer everything that can be wrong with a field by one sentence."""
    return dict.fromkeys((*_NUMBER_ERRORS, "invalid_choice", *more), sentence)


class DayField(forms.DateField):
    """A day between 2000 and 2100, so that a slip of the year is not taken for a date."""

    def __init__(self, *, label: str, help_text: str = "") -> None:
        sentence = f"{label} must be a date such as 2026-03-01, from 2000 to 2099."
        super().__init__(
            label=label,
            help_text=help_text,
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            error_messages={"required": sentence, "invalid": sentence},
        )

    def to_python(self, value: Any) -> date | None:
        """Read the day."""
        day = super().to_python(value)
        if day is not None and not EARLIEST_DAY <= day < LATEST_DAY:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class DollarsField(forms.CharField):
    """An amount in dollars, as people write it; its value is in cents.

    Units: dollars in, cents out.
    """

    sentence = "Amount must be dollars with at most two decimals, such as 5661.61 or -120.00."

    def __init__(self, *, label: str, help_text: str = "") -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            error_messages={"required": self.sentence},
        )

    def clean(self, value: Any) -> Any:
        """Read the amount."""
        text = super().clean(value)
        if not _PLAIN_AMOUNT.fullmatch(text):
            raise ValidationError(self.sentence, code="invalid")
        try:
            cents = cents_from_dollars(re.sub(r"[$,]", "", text).replace("−", "-"))
        except NotAnAmount:
            largest = f"Amount must be less than ${LARGEST // 100:,}."
            raise ValidationError(largest, code="too_large") from None
        if cents == 0:
            raise ValidationError("Amount must not be 0: there is nothing to share.", code="zero")
        return cents

"""Fields of share rules: exact numbers, amounts that may be left out, and tables of weights."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from billing.rubs.figures import plain
from billing.rubs.numbers import Exact
from meterbase.lib.money import NotAnAmount, cents_from_dollars, dollars_from_cents

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?|\.[0-9]{1,6}|[0-9]{1,6}/[1-9][0-9]{0,5}")
_DOLLARS = re.compile(r"\$?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{1,2})?")
_NARROW = {"inputmode": "decimal", "autocomplete": "off"}


def number_text(number: Exact) -> str:
    """Write an exact number as these fields read it."""
    return plain(number).replace(",", "")


class NumberField(forms.Field):
    """A number that is kept exactly: decimals, or a fraction such as 1/3; empty is None.

    Shape: `sentence` is the answer to everything that can be wrong.
    """

    widget = forms.TextInput(attrs=_NARROW)

    def __init__(
        self,
        *,
        label: str,
        sentence: str,
        help_text: str = "",
        most: int | None = None,
        positive: bool = False,
    ) -> None:
        super().__init__(required=False, label=label, help_text=help_text)
        self._sentence = sentence
        self._most = most
        self._positive = positive

    def to_python(self, value: Any) -> Fraction | None:
        """Read the number."""
        text = str(value or "").strip()
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            raise ValidationError(self._sentence, code="invalid")
        number = Fraction(text)
        too_much = self._most is not None and number > self._most
        if too_much or (self._positive and not number):
            raise ValidationError(self._sentence, code="out_of_range")
        return number

    def prepare_value(self, value: Any) -> Any:
        """Write a stored number."""
        return value if value is None or isinstance(value, str) else number_text(Fraction(value))


class OptionalDollarsField(forms.Field):
    """An amount of 0 or more in dollars, kept in cents; empty is None.

    Units: dollars in, cents out.
    """

    widget = forms.TextInput(attrs=_NARROW)

    def __init__(self, *, label: str, help_text: str = "") -> None:
        super().__init__(required=False, label=label, help_text=help_text)

    def to_python(self, value: Any) -> int | None:
        """Read the amount."""
        text = str(value or "").strip()
        if not text:
            return None
        sentence = f"{self.label} must be dollars from 0 up with at most two decimals, such as 25."
        if not _DOLLARS.fullmatch(text):
            raise ValidationError(sentence, code="invalid")
        try:
            return cents_from_dollars(re.sub(r"[$,]", "", text))
        except NotAnAmount:
            raise ValidationError(f"{self.label} is too large.", code="too_large") from None

    def prepare_value(self, value: Any) -> Any:
        """Write a stored amount."""
        return str(dollars_from_cents(value)) if isinstance(value, int) else value


class WeightsField(forms.Field):
    """A row of weights with commas between them; empty is None."""

    widget = forms.TextInput(attrs={"autocomplete": "off"})

    def __init__(self, *, label: str, help_text: str = "") -> None:
        super().__init__(required=False, label=label, help_text=help_text)

    def to_python(self, value: Any) -> tuple[Fraction, ...] | None:
        """Read the weights."""
        text = str(value or "").strip()
        if not text:
            return None
        parts = [part.strip() for part in text.split(",")]
        if not all(_NUMBER.fullmatch(part) and Fraction(part) for part in parts):
            sentence = (
                f"{self.label} must be numbers above 0 with commas between them, such as "
                "1, 1.6, 2.2."
            )
            raise ValidationError(sentence, code="invalid")
        return tuple(map(Fraction, parts))

    def prepare_value(self, value: Any) -> Any:
        """Write stored weights."""
        if value is None or isinstance(value, str):
            return value
        return ", ".join(number_text(Fraction(weight)) for weight in value)

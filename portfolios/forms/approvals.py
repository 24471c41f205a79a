"""What people type about approvals in a portfolio."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from meterbase.lib.money import LARGEST, cents_from_dollars, dollars_from_cents

_SENTENCE = (
    "The amount must be dollars with at most two decimals, such as 2500 or 2500.00, not below 0 "
    f"and less than ${LARGEST // 100:,}. Leave it empty where one approval is always enough."
)
_ERRORS = (
    "invalid",
    "min_value",
    "max_value",
    "max_digits",
    "max_decimal_places",
    "max_whole_digits",
)


class SecondApprovalForm(forms.Form):
    """Above which amount a second person has to approve.

    Units: dollars in, cents out.
    """

    above = forms.DecimalField(
        label="A second approval is needed above",
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(LARGEST // 100 - 1),
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="Dollars that residents are charged by one calculation, fees included. Empty: "
        "one approval is always enough.",
        error_messages=dict.fromkeys(_ERRORS, _SENTENCE),
    )

    def __init__(self, data: Any = None, *, above_cents: int | None) -> None:
        """Start with what is set now."""
        now = None if above_cents is None else dollars_from_cents(above_cents)
        super().__init__(data, initial={"above": now})

    def above_cents(self) -> int | None:
        """Give the amount that was typed.

        Units: cents; None for one approval only.
        """
        above: Decimal | None = self.cleaned_data["above"]
        return None if above is None else cents_from_dollars(above)

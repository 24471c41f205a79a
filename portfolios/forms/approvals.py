"""What people type about approvals in a portfolio."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from meterbase.lib.money import LARGEST, cents_from_dollars, dollars_from_cents
from portfolios.models import Portfolio
from portfolios.models.people import LATEST_APPROVE_BY_DAY

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


_DAY_SENTENCE = (
    f"The day must be a whole number from 1 to {LATEST_APPROVE_BY_DAY}, a day that every month "
    "has. Leave it empty where there is no such day."
)


class ApprovalRulesForm(forms.Form):
    """Above which amount a second person has to approve, and by which day of the month.

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

    approve_by_day = forms.IntegerField(
        label="Approve by day of the month",
        required=False,
        min_value=1,
        max_value=LATEST_APPROVE_BY_DAY,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="Of the month in which the charges are due. Bills of March are usually charged "
        "on 1 April: with 25, they are to be approved by 25 April. Empty: there is no deadline.",
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), _DAY_SENTENCE),
    )

    def __init__(self, data: Any = None, *, portfolio: Portfolio) -> None:
        """Start with what is set now."""
        above = portfolio.second_approval_above_cents
        super().__init__(
            data,
            initial={
                "above": None if above is None else dollars_from_cents(above),
                "approve_by_day": portfolio.approve_by_day,
            },
        )

    def above_cents(self) -> int | None:
        """Give the amount that was typed.

        Units: cents; None for one approval only.
        """
        above: Decimal | None = self.cleaned_data["above"]
        return None if above is None else cents_from_dollars(above)

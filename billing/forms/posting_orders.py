"""How the charges of a bill are to appear in the PMS, and that it is meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from billing.charge_codes import CodeStanding
from billing.forms.charge_codes import MappedCodeField
from billing.forms.decisions import NoteField
from billing.forms.fields import EARLIEST_DAY, LATEST_DAY, DayField
from billing.models import UtilityBill
from billing.operations.posting_jobs import Confirmation, PostingOrder

# Older than this, a charge date is a slip of the year rather than a late bill.
LATEST_CHARGE_AFTER = timedelta(days=731)
_A_YEAR = 12


class MonthField(forms.CharField):
    """A month, as 2026-04; its value is the first day."""

    def __init__(self, *, label: str, help_text: str = "", required: bool = True) -> None:
        self.sentence = f"{label} must be a month such as 2026-04."
        super().__init__(
            label=label,
            help_text=help_text,
            required=required,
            widget=forms.TextInput(attrs={"type": "month", "placeholder": "2026-04"}),
            error_messages={"required": self.sentence},
        )

    def prepare_value(self, value: Any) -> Any:
        """Write a day as its month."""
        return f"{value:%Y-%m}" if isinstance(value, date) else value

    def clean(self, value: Any) -> Any:
        """Read the month."""
        text = super().clean(value)
        if not text:
            return None
        try:
            month = date.fromisoformat(f"{text}-01") if re.fullmatch("[0-9-]{7}", text) else None
        except ValueError:
            month = None
        if month is None or not EARLIEST_DAY <= month < LATEST_DAY:
            raise ValidationError(self.sentence, code="invalid")
        return month


class PostingOrderForm(forms.Form):
    """How the charges of a bill are to appear in the PMS, and that it is meant.

    Shape: `standings` are the codes of the bill's property; a post month is asked for only where
        the PMS takes one; `confirmed` comes from the second page, which repeats what is about to
        happen.
    """

    charge_date = DayField(label="Charge date", help_text="The date that residents see.")
    post_month = MonthField(
        label="Post month",
        required=False,
        help_text="The accounting month in which the PMS books the charges, as a rule that of the "
        "charge date. It has to be open in the PMS. Left empty, the PMS goes by the charge date.",
    )
    charge_code = MappedCodeField()
    description = forms.CharField(
        label="Description",
        max_length=120,
        help_text="The text that residents see; MeterBase's reference is added to it.",
        error_messages={
            "required": "Description must be given, such as March 2026 Water Charge (RUBS).",
            "max_length": "Description may have 120 characters at most.",
        },
    )
    dry_run = forms.BooleanField(
        label="Dry run: keep a record of what would be sent, and send nothing", required=False
    )
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        bill: UtilityBill,
        takes_post_month: bool,
        standings: Sequence[CodeStanding],
        codes_url: str,
        suggested_code: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["charge_code"]
        assert isinstance(field, MappedCodeField)  # noqa: S101 - declared so above
        field.offer(
            standings,
            suggested=suggested_code,
            url=codes_url,
            portfolio=bill.property.portfolio,
        )
        self.initial.setdefault("charge_code", suggested_code)
        self._earliest: date = bill.period_start
        self._latest: date = bill.period_end + LATEST_CHARGE_AFTER
        if not takes_post_month:
            del self.fields["post_month"]

    def clean_charge_date(self) -> date:
        """Keep the charge near the bill."""
        day: date = self.cleaned_data["charge_date"]
        if not self._earliest <= day <= self._latest:
            raise forms.ValidationError(
                f"Charge date must lie between {self._earliest} and {self._latest}: not before the "
                "bill's service, and at most two years after it.",
                code="far_away",
            )
        return day

    def clean(self) -> dict[str, Any]:
        """Keep the post month near the charge date."""
        cleaned = super().clean() or {}
        day, month = cleaned.get("charge_date"), cleaned.get("post_month")
        if day and month and abs(_months_between(day, month)) > _A_YEAR:
            self.add_error(
                "post_month",
                f"Post month must lie within a year of the charge date, {day}.",
            )
        return cleaned

    def order(self, confirmation: Confirmation | None = None, *, shown: str = "") -> PostingOrder:
        """Give the order; for a valid form."""
        cleaned = self.cleaned_data
        return PostingOrder(
            charge_date=cleaned["charge_date"],
            charge_code=cleaned["charge_code"],
            description=cleaned["description"],
            post_to_pms=not cleaned["dry_run"],
            post_month=cleaned.get("post_month"),
            confirmed=confirmation,
            shown=shown,
        )


def _months_between(day: date, month: date) -> int:
    return (month.year - day.year) * 12 + month.month - day.month


class DuplicateForm(forms.Form):
    """Why charges are posted although residents may have been charged the same before.

    Shape: `findings` names what was shown to whoever gives the reason.
    """

    reason = NoteField(
        label="Why residents are to be charged all the same",
        help_text="It is kept with the job, with your name. For example: last month's meter "
        "readings were corrected, and this is the difference.",
    )
    findings = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def confirmation(self) -> Confirmation:
        """Give what was confirmed; for a valid form."""
        return Confirmation(
            digest=self.cleaned_data["findings"], reason=self.cleaned_data["reason"]
        )

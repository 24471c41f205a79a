"""What people type about a bill."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from billing.forms.bill_documents import ALLOWED, DocumentField
from billing.forms.bill_lines import BillLinesForm
from billing.forms.decisions import NoteField
from billing.forms.fields import DayField, DollarsField, always
from billing.models import Utility, UtilityBill
from billing.operations.bill_changes import bill_stamp
from billing.operations.bills import BillEntry
from meterbase.lib.money import dollars_from_cents
from meterbase.lib.periods import Period

LONGEST_BILL_DAYS = 400


class BillForm(BillLinesForm):
    """A utility bill, with its lines and its document where somebody has them."""

    utility = forms.ChoiceField(
        choices=Utility.choices,
        error_messages=always("Utility must be chosen from the list."),
    )
    account_number = forms.CharField(
        required=False,
        max_length=60,
        help_text="Optional. It tells two bills for the same utility and days apart.",
        error_messages={"max_length": "Account number may have 60 characters at most."},
    )
    period_start = DayField(label="Service from", help_text="The first day of service.")
    period_end = DayField(
        label="Service to",
        help_text="The day after the last day of service; usually the first day of the next bill.",
    )
    amount = DollarsField(
        label="Amount in dollars", help_text="The bill's total. A credit is negative."
    )
    usage = forms.DecimalField(
        required=False,
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=3,
        help_text="Optional. What the meter says was used.",
        error_messages=always("Usage must be a number from 0 up, with at most three decimals."),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    usage_unit = forms.CharField(
        required=False,
        max_length=20,
        label="Unit of usage",
        help_text="Such as kWh, therms, CCF or gallons.",
        error_messages={"max_length": "Unit of usage may have 20 characters at most."},
    )
    document = DocumentField(
        label="The utility's own bill",
        required=False,
        help_text=f"Optional: {ALLOWED}.",
        shown_in="chosen-document",
    )

    def clean(self) -> dict[str, Any]:
        """Check what the fields say together."""
        cleaned = super().clean() or {}
        start, end = cleaned.get("period_start"), cleaned.get("period_end")
        if start and end and end <= start:
            self.add_error(
                "period_end",
                "Service to must be after service from: it is the day after the last day of "
                "service.",
            )
        elif start and end and (end - start).days > LONGEST_BILL_DAYS:
            self.add_error(
                "period_end",
                f"Service to must be at most {LONGEST_BILL_DAYS} days after service from.",
            )
        if cleaned.get("usage") is not None and not cleaned.get("usage_unit"):
            self.add_error("usage_unit", "Unit of usage must be given with a usage, such as kWh.")
        return cleaned

    def entry(self) -> BillEntry:
        """Give the bill that was typed; for a valid form."""
        cleaned = self.cleaned_data
        return BillEntry(
            utility=Utility(cleaned["utility"]),
            period=Period(cleaned["period_start"], cleaned["period_end"]),
            amount=cleaned["amount"],
            account_number=cleaned["account_number"],
            usage=cleaned["usage"],
            usage_unit=cleaned["usage_unit"],
            lines=self.line_entries(),
        )


class BillChangeForm(BillForm):
    """What a bill really says, and why it is changed.

    Shape: `seen` is the stamp of the bill as the form was filled from it.
    """

    document = None  # type: ignore[assignment] # the document has a form of its own
    reason = NoteField(
        label="Why it is changed", help_text="Kept in the bill's history, with your name."
    )
    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, bill: UtilityBill, **kwargs: Any) -> None:
        """Start with what the bill says now."""
        super().__init__(*args, initial=_written(bill), **kwargs)

    def has_lines(self) -> bool:
        """Tell whether there is anything in a row, typed now or before."""
        return super().has_lines() if self.is_bound else "line_1_kind" in self.initial


class VoidForm(forms.Form):
    """Why a bill is none."""

    reason = NoteField(
        label="Reason", help_text="For example: the same bill was entered twice, see the other."
    )


def _written(bill: UtilityBill) -> dict[str, object]:
    """Write a bill as somebody would type it."""
    values: dict[str, object] = {
        "utility": bill.utility,
        "account_number": bill.account_number,
        "period_start": bill.period_start,
        "period_end": bill.period_end,
        "amount": dollars_from_cents(bill.amount_cents),
        "usage": bill.usage,
        "usage_unit": bill.usage_unit,
        "seen": bill_stamp(bill),
    }
    for number, line in enumerate(bill.lines.order_by("position"), start=1):
        values[f"line_{number}_kind"] = line.kind
        values[f"line_{number}_name"] = line.name
        values[f"line_{number}_amount"] = dollars_from_cents(line.amount_cents)
        values[f"line_{number}_spread"] = line.spread
    return values


class FlagForm(forms.Form):
    """What came of looking at something odd about a bill."""

    note = NoteField(label="Note", help_text="What you found, and why the bill is right as it is.")

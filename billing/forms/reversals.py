"""What people type when they take posted charges back, or decide on it."""

from __future__ import annotations

from typing import Any

from django import forms

from billing.forms.decisions import NoteField
from billing.forms.fields import DayField, always
from billing.operations.reversals import ReversalOrder

BY_CREDIT = "credits"
BY_HAND = "by_hand"

_LONGEST_REFERENCE = 200


class ReversalForm(forms.Form):
    """Why charges are to be taken back, and how; `confirmed` comes with the last look."""

    reason = NoteField(label="Reason", help_text="Whoever approves the reversal reads this.")
    how = forms.ChoiceField(
        label="How",
        widget=forms.RadioSelect,
        error_messages=always("How must be one of the two ways that are offered."),
    )
    charge_date = DayField(
        label="Date of the credits", help_text="The PMS books them in the month of this day."
    )
    pms_reference = forms.CharField(
        label="What the PMS calls it",
        required=False,
        max_length=_LONGEST_REFERENCE,
        help_text="Only for a reversal by hand: the number of the credit in the PMS.",
        error_messages={
            "max_length": f"What the PMS calls it may have {_LONGEST_REFERENCE} characters at most."
        },
    )
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, pms: str, takes_credits: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by_hand = (BY_HAND, f"They were reversed in {pms} by hand already")
        by_credit = (BY_CREDIT, f"MeterBase posts a credit for each charge to {pms}")
        how = self.fields["how"]
        assert isinstance(how, forms.ChoiceField)  # noqa: S101  as it is declared above
        how.choices = [by_credit, by_hand] if takes_credits else [by_hand]
        how.initial = BY_CREDIT if takes_credits else BY_HAND

    def clean(self) -> dict[str, Any]:
        """Ask for the PMS's own word where people have worked there, and for none elsewhere."""
        cleaned = super().clean() or {}
        by_hand = cleaned.get("how") == BY_HAND
        reference = str(cleaned.get("pms_reference", "")).strip()
        if by_hand and not reference and "pms_reference" not in self.errors:
            self.add_error(
                "pms_reference",
                "What the PMS calls it must be given for a reversal by hand, so that others find "
                "it there.",
            )
        cleaned["pms_reference"] = reference if by_hand else ""
        return cleaned

    def order(self) -> ReversalOrder:
        """Give what was filled in."""
        return ReversalOrder(
            reason=self.cleaned_data["reason"],
            charge_date=self.cleaned_data["charge_date"],
            pms_reference=self.cleaned_data["pms_reference"],
        )


class RefusalForm(forms.Form):
    """Why a reversal is turned down."""

    verdict = NoteField(label="Why it is refused", help_text="Whoever asked for it reads this.")

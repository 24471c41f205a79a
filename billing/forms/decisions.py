"""What people type when they decide: a reason or a note."""

from __future__ import annotations

from django import forms

LONGEST_NOTE = 1000


class NoteField(forms.CharField):
    """A few sentences that stay with a decision for good."""

    def __init__(self, *, label: str, help_text: str = "") -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            max_length=LONGEST_NOTE,
            widget=forms.Textarea(attrs={"rows": 3}),
            error_messages={
                "required": f"{label} must be given: it is kept with the decision.",
                "max_length": f"{label} may have {LONGEST_NOTE:,} characters at most.",
            },
        )


class RejectionForm(forms.Form):
    """Why a calculation is sent back."""

    reason = NoteField(label="Reason", help_text="Whoever prepared it reads this.")


class ResolutionForm(forms.Form):
    """How a failure was dealt with by hand."""

    note = NoteField(
        label="What was done", help_text="For example: charged in the PMS by hand, as receipt 8812."
    )


class ResendForm(forms.Form):
    """Why a charge in doubt is certainly not in the PMS."""

    resend_reason = NoteField(
        label="How you know that it is not there",
        help_text="For example: looked through the resident's ledger in the PMS on 3 April.",
    )


class LinkForm(forms.Form):
    """Which charge of the PMS a charge in doubt is."""

    charge_id = forms.CharField(
        label="Charge id in the PMS",
        max_length=100,
        error_messages={
            "required": "Charge id in the PMS must be given, as the PMS shows it.",
            "max_length": "Charge id in the PMS may have 100 characters at most.",
        },
    )
    link_note = NoteField(label="How it was found")

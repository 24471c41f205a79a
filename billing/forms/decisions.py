"""What people type when they decide: a reason, a note, how charges are to appear in the PMS."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms

from billing.charge_codes import CodeStanding
from billing.forms.charge_codes import MappedCodeField
from billing.forms.fields import DayField
from billing.models import UtilityBill
from billing.operations.posting_jobs import PostingOrder

LONGEST_NOTE = 1000
# Older than this, a charge date is a slip of the year rather than a late bill.
LATEST_CHARGE_AFTER = timedelta(days=731)


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


class PostingOrderForm(forms.Form):
    """How the charges of a bill are to appear in the PMS, and that it is meant.

    Shape: `standings` are the codes of the bill's property; `post_again` is asked for only where
        something was posted before; `confirmed` comes from the second page, which repeats what is
        about to happen.
    """

    charge_date = DayField(label="Charge date", help_text="The date that residents see.")
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
    post_again = forms.BooleanField(
        label="I have looked at the earlier posting, and residents are to be charged this as well",
        required=False,
    )
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        bill: UtilityBill,
        posted_before: bool,
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
        self._posted_before = posted_before
        if not posted_before:
            del self.fields["post_again"]

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
        """Ask for the extra tick where charges may double."""
        cleaned = super().clean() or {}
        sent = not cleaned.get("dry_run")
        if self._posted_before and sent and not cleaned.get("post_again"):
            self.add_error(
                "post_again",
                "Something was posted for this utility and these days before: tick this if "
                "residents are to be charged again.",
            )
        return cleaned

    def order(self) -> PostingOrder:
        """Give the order; for a valid form."""
        cleaned = self.cleaned_data
        return PostingOrder(
            charge_date=cleaned["charge_date"],
            charge_code=cleaned["charge_code"],
            description=cleaned["description"],
            post_to_pms=not cleaned["dry_run"],
            despite_earlier=bool(cleaned.get("post_again")),
        )

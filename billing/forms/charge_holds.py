"""Why charges are held up, or go on although not every ledger was read."""

from __future__ import annotations

from django import forms

from billing.forms.decisions import NoteField


class HoldForm(forms.Form):
    """Why no charge is to be sent over a connection for now."""

    reason = NoteField(label="Reason", help_text="Whoever wonders why nothing is sent reads this.")


class ReleaseForm(forms.Form):
    """Why charges may go on; a reason is asked for only where a ledger was not read.

    Shape: `unread` tells whether one was not.
    """

    despite = NoteField(
        label="Why the charges may go on all the same",
        help_text="For example: the property's ledger was compared by hand, as far as 3 April.",
    )

    def __init__(self, *args: object, unread: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # passed on as they came
        if not unread:
            del self.fields["despite"]

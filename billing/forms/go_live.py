"""What people type when they tick an item of the go-live checklist, or take the tick back."""

from __future__ import annotations

from django import forms

_LONGEST = 300


class _SentenceField(forms.CharField):
    def __init__(self, *, label: str, help_text: str) -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            max_length=_LONGEST,
            widget=forms.Textarea(attrs={"rows": 2}),
            error_messages={
                "required": f"{label} must be given: it is kept with your name.",
                "max_length": f"{label} may have {_LONGEST} characters at most.",
            },
        )


class TickForm(forms.Form):
    """What was looked at before an item was ticked."""

    def __init__(self, *args: object, example: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # passed on as they came
        self.fields["note"] = _SentenceField(label="What you looked at", help_text=example)


class WithdrawalForm(forms.Form):
    """Why a tick no longer holds."""

    because = _SentenceField(
        label="Reason", help_text="For example: the chart of accounts was changed on 3 April."
    )

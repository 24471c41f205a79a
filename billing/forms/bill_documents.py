"""What people attach to a bill."""

from __future__ import annotations

from typing import Any

from django import forms

from billing.operations.documents import LARGEST_BYTES

ALLOWED = f"a PDF, PNG or JPEG file of at most {LARGEST_BYTES // 1024 // 1024} MB"
_NONE = f"The document must be chosen: {ALLOWED}."


class DocumentField(forms.FileField):
    """The utility's own bill as a file; what kind of file it is tells its content.

    Shape: `shown_in` is the id of what shows the chosen file beside the form.
    """

    def __init__(
        self, *, label: str, required: bool, help_text: str = "", shown_in: str = ""
    ) -> None:
        shown = {"data-shown-in": shown_in} if shown_in else {}
        super().__init__(
            label=label,
            required=required,
            help_text=help_text or f"{ALLOWED[0].upper()}{ALLOWED[1:]}.",
            widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg"} | shown),
            error_messages={
                "required": _NONE,
                "missing": _NONE,
                "invalid": _NONE,
                "empty": f"The document is an empty file; choose {ALLOWED}.",
            },
        )

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Refuse what is too large before anybody reads it."""
        upload = super().clean(data, initial)
        if upload and upload.size > LARGEST_BYTES:
            raise forms.ValidationError(f"The document must be {ALLOWED}.", code="too_large")
        return upload


class DocumentForm(forms.Form):
    """A document for a bill that is there."""

    document = DocumentField(label="Document", required=True)

"""What somebody types who deletes a property for good."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from portfolios.models import Property


class DeletePropertyForm(forms.Form):
    """The name of the property, so that nobody deletes another one than they think."""

    name = forms.CharField(
        label="Name of the property",
        max_length=255,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Type the name of the property, to confirm that you mean it."},
    )

    def __init__(self, data: QueryDict | None = None, *, place: Property) -> None:
        super().__init__(data)
        self._place = place
        self.fields["name"].help_text = f"Type “{place.name}” to confirm."

    def clean_name(self) -> str:
        """Refuse every other name."""
        typed: str = self.cleaned_data["name"]
        if typed != self._place.name.strip():
            raise forms.ValidationError(f"This is not the name. Type “{self._place.name}”.")
        return typed

"""Saying who supplies a property."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from portfolios.models import UtilityChoice
from portfolios.operations.utilities import ChosenUtility

_LISTED = "utility-"


class UtilityChoiceForm(forms.Form):
    """One of the utilities that the look-up names, another one by its name, or none."""

    choice = forms.ChoiceField(
        label="Who supplies this property?",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose one of the answers.",
            "invalid_choice": "The list has changed since this page was opened; choose again.",
        },
    )
    typed_name = forms.CharField(
        label="Name of another utility",
        required=False,
        max_length=200,
        help_text="Only where it is not in the list.",
        error_messages={"max_length": "The name may have at most 200 characters."},
    )

    def __init__(self, *args: Any, offered: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["choice"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [
            *((f"{_LISTED}{pk}", label) for pk, label in offered),
            (UtilityChoice.TYPED.value, "Another utility, named below"),
            (UtilityChoice.NO_SERVICE.value, "Nobody: the property has no such service"),
        ]

    def clean(self) -> dict[str, Any]:
        """Ask for a name with the answer that needs one, and for no other answer."""
        cleaned = super().clean() or {}
        choice, name = cleaned.get("choice"), cleaned.get("typed_name", "")
        if choice == UtilityChoice.TYPED and not name and "typed_name" not in self.errors:
            self.add_error("typed_name", "Type the name of the utility.")
        elif choice and choice != UtilityChoice.TYPED and name:
            self.add_error("choice", "A name is typed below: choose “Another utility” or clear it.")
        return cleaned

    def chosen(self) -> ChosenUtility:
        """Give what was said."""
        choice: str = self.cleaned_data["choice"]
        if choice.startswith(_LISTED):
            return ChosenUtility(UtilityChoice.LISTED, utility_id=int(choice[len(_LISTED) :]))
        return ChosenUtility(UtilityChoice(choice), typed_name=self.cleaned_data["typed_name"])


def listed(pk: int | None) -> str:
    """Give the value that stands for a utility of the list."""
    return f"{_LISTED}{pk}" if pk else ""

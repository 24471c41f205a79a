"""What people type when they deal with charges that failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from billing.forms.decisions import NoteField
from billing.forms.fields import DayField, always
from portfolios.models import User

_LONGEST_REFERENCE = 200
_LONGEST_NAME = 60


class AssignForm(forms.Form):
    """Who looks after failures."""

    to = forms.ChoiceField(
        label="Who looks after them",
        error_messages=always("Who looks after them must be one of the people in the list."),
    )

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to = self.fields["to"]
        assert isinstance(to, forms.ChoiceField)  # noqa: S101  as it is declared above
        to.choices = [("nobody", "Nobody"), *((str(person.pk), str(person)) for person in people)]


class SnoozeForm(forms.Form):
    """Until when failures rest."""

    until = DayField(
        label="Until",
        help_text="They come back on this day, or as soon as one of them fails once more.",
    )


class OwnerForm(forms.Form):
    """Why charges go to the owner."""

    note = NoteField(
        label="Reason", help_text="For example: the unit was vacant, agreed with the owner."
    )


class WriteOffForm(forms.Form):
    """Why charges are written off."""

    note = NoteField(
        label="Reason", help_text="For example: the resident left no address; not worth collecting."
    )


class ByHandForm(forms.Form):
    """How the PMS calls a charge that somebody made there."""

    pms_reference = forms.CharField(
        label="What the PMS calls it",
        max_length=_LONGEST_REFERENCE,
        help_text="The number of the charge or receipt there, so that others find it.",
        error_messages={
            "required": "What the PMS calls it must be given, so that others find it there.",
            "max_length": f"What the PMS calls it has at most {_LONGEST_REFERENCE} characters.",
        },
    )
    by_hand_note = forms.CharField(
        label="Note",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"max_length": "Note may have 1,000 characters at most."},
    )


class SavedViewForm(forms.Form):
    """Under which name a narrowed list is kept."""

    name = forms.CharField(
        label="Name of the view",
        max_length=_LONGEST_NAME,
        error_messages={
            "required": "Name of the view must be given.",
            "max_length": f"Name of the view may have {_LONGEST_NAME} characters at most.",
        },
    )

"""Whom residents may ask, and on what terms they pay."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django import forms

from billing.forms.fields import always
from billing.models import StatementContact
from billing.models.statement import LONGEST_DUE_DAYS
from billing.statements.contacts import Contact

_HELP = {
    "agent_name": "As it stands on every statement.",
    "agent_phone": "Many places ask for name, address and telephone.",
    "questions": "Where it is somebody else than the owner or agent.",
    "disputes": "How and where a resident disputes a statement, and by when.",
    "records_place": "Where and when residents may see the utility's bills and the records.",
    "regulator": "How to turn to the regulator, where the place asks for it.",
    "late_terms": "When a payment counts as late and what that costs.",
    "leak_repair": "How soon leaks are repaired, where the place asks for it.",
}
_LABELS = {
    "agent_name": "Owner or agent",
    "agent_address": "Address",
    "agent_phone": "Telephone",
    "agent_email": "E-mail address",
    "questions": "Who answers questions",
    "disputes": "Disputes",
    "records_place": "Where the bills may be seen",
    "regulator": "Regulator",
    "late_terms": "Late payment",
    "leak_repair": "Repair of leaks",
}
_SHORT = frozenset({"agent_name", "agent_phone", "agent_address"})


def _text_field(name: str) -> forms.CharField:
    label = _LABELS[name]
    longest = getattr(StatementContact, name).field.max_length
    is_mail = name == "agent_email"
    kind = forms.EmailField if is_mail else forms.CharField
    widget = forms.TextInput() if name in _SHORT or is_mail else forms.Textarea(attrs={"rows": 2})
    return kind(
        label=label,
        required=False,
        max_length=longest,
        help_text=_HELP.get(name, ""),
        widget=widget,
        error_messages={
            "max_length": f"{label} may have {longest} characters at most.",
            "invalid": f"{label} must be an address such as office@example.com.",
        },
    )


class StatementContactForm(forms.Form):
    """What statements say beside the figures; what is left empty is not said."""

    agent_name = _text_field("agent_name")
    agent_address = _text_field("agent_address")
    agent_phone = _text_field("agent_phone")
    agent_email = _text_field("agent_email")
    questions = _text_field("questions")
    disputes = _text_field("disputes")
    records_place = _text_field("records_place")
    due_days = forms.IntegerField(
        label="Days until it is due",
        required=False,
        min_value=0,
        max_value=LONGEST_DUE_DAYS,
        help_text="Counted from the day on which a statement is issued.",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=always(
            f"Days until it is due must be a whole number from 0 to {LONGEST_DUE_DAYS}."
        ),
    )
    late_terms = _text_field("late_terms")
    regulator = _text_field("regulator")
    leak_repair = _text_field("leak_repair")

    def __init__(self, sent: Any, *, contact: Contact, general: Contact | None = None) -> None:
        super().__init__(sent, initial=asdict(contact))
        for name, value in asdict(general or Contact()).items():
            if value not in ("", None):
                self.fields[name].help_text = f"The portfolio says: {value}. That counts if empty."

    def contact(self) -> Contact:
        """Give what was typed; for a valid form. Line breaks become spaces."""
        cleaned = self.cleaned_data
        values: dict[str, Any] = {
            name: value if name == "due_days" else " ".join((value or "").split())
            for name, value in cleaned.items()
        }
        return Contact(**values)

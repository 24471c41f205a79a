"""What people choose for single units on one bill alone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models

from billing.forms.fields import always
from billing.forms.rule_fields import OptionalDollarsField


class TermAct(models.TextChoices):
    """What can be done with the ticked units of a calculation."""

    EXCLUDED = "excluded", "Leave out: the owner pays their share"
    CAP = "cap", "Cap: charge at most an amount"
    USUAL = "usual", "Usual amount: the average of their last charges"
    RULE = "rule", "Back to the rule"


class BillTermsForm(forms.Form):
    """An act, its amount where it has one, and the reason that stays with the charges."""

    act = forms.ChoiceField(
        label="What to do",
        choices=TermAct.choices,
        error_messages=always("What to do must be chosen from the list."),
    )
    amount = OptionalDollarsField(label="Cap in dollars", help_text="For a cap only.")
    reason = forms.CharField(
        label="Reason",
        max_length=200,
        help_text="It stays with the charges; residents may ask for it.",
        error_messages={
            "required": "Reason must be given: it stays with the charges.",
            "max_length": "Reason may have 200 characters at most.",
        },
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the amount of a cap, and for none of anything else."""
        cleaned = super().clean() or {}
        act, amount = cleaned.get("act"), cleaned.get("amount")
        if "amount" in self.errors:
            return cleaned
        if act == TermAct.CAP and amount is None:
            self.add_error("amount", "Cap in dollars must be given, such as 75.00.")
        if act and act != TermAct.CAP and amount is not None:
            self.add_error("amount", "Cap in dollars belongs to a cap only; leave it empty.")
        return cleaned

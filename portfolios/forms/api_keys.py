"""What people type about API keys."""

from __future__ import annotations

from typing import Any

from django import forms

from portfolios import access
from portfolios.models import ApiPlan, Portfolio, Scope, User
from portfolios.operations.api_keys import KeyTerms

_EVERY, _CHOSEN = "every", "chosen"


class ApiKeyForm(forms.Form):
    """A new API key; how fast it may call is for support staff to say."""

    name = forms.CharField(
        max_length=80,
        help_text="Which program will use it, so that you know later which key to revoke.",
        error_messages={
            "required": "Give the key a name.",
            "max_length": "The name may have at most 80 characters.",
        },
    )
    scopes = forms.MultipleChoiceField(
        label="What the program may do",
        choices=[(scope.value, f"{scope.label} ({scope.value})") for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick only what it needs. It can never do more than you may do yourself.",
        error_messages={
            "required": "Tick at least one thing that the program may do.",
            "invalid_choice": "Tick only what is in the list.",
        },
    )
    reach = forms.ChoiceField(
        label="Where it may do that",
        choices=[
            (_EVERY, "In every portfolio of mine, now and later"),
            (_CHOSEN, "Only in the portfolios ticked below"),
        ],
        initial=_EVERY,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose where the program may do that.",
            "invalid_choice": "Choose one of the two.",
        },
    )
    plan = forms.ChoiceField(
        label="How fast it may call",
        choices=ApiPlan.choices,
        initial=ApiPlan.STANDARD,
        error_messages={
            "required": "Choose how fast it may call.",
            "invalid_choice": "Choose one of the plans in the list.",
        },
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        self.fields["portfolios"] = forms.ModelMultipleChoiceField(
            access.rows(Portfolio, user=user).order_by("name"),
            required=False,
            label="Portfolios",
            widget=forms.CheckboxSelectMultiple,
            error_messages={"invalid_choice": "Tick only portfolios of yours."},
        )
        self.order_fields(["name", "scopes", "reach", "portfolios", "plan"])
        if not user.is_staff:
            del self.fields["plan"]

    def clean(self) -> None:
        """Ask for a portfolio where only some are meant."""
        some = self.cleaned_data.get("reach") == _CHOSEN
        if some and "portfolios" not in self.errors and not self.cleaned_data.get("portfolios"):
            self.add_error("portfolios", "Tick at least one portfolio.")

    def terms(self) -> KeyTerms:
        """Give what was chosen; for a valid form."""
        chosen = self.cleaned_data
        some = chosen["reach"] == _CHOSEN
        return KeyTerms(
            scopes=tuple(Scope(each) for each in chosen["scopes"]),
            portfolios=tuple(chosen["portfolios"]) if some else None,
            plan=ApiPlan(chosen.get("plan", ApiPlan.STANDARD)),
        )

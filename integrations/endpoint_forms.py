"""What people type about the webhooks that MeterBase sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.http import QueryDict

from integrations.operations.webhook_endpoints import EVENTS
from integrations.outgoing.addresses import LONGEST_URL
from portfolios import access
from portfolios.models import Portfolio, User

if TYPE_CHECKING:
    PortfolioField = forms.ModelChoiceField[Portfolio]

_EXAMPLE = "https://example.com/meterbase"


class EndpointForm(forms.Form):
    """Where an endpoint is, and what it wants to hear."""

    url = forms.CharField(
        label="URL",
        max_length=LONGEST_URL,
        widget=forms.URLInput(),
        help_text=f"A public HTTPS address that takes POST requests, such as {_EXAMPLE}.",
        error_messages={
            "required": f"Enter the URL, such as {_EXAMPLE}.",
            "max_length": f"The URL may have at most {LONGEST_URL} characters.",
        },
    )
    events = forms.MultipleChoiceField(
        label="Events",
        choices=[(kind.value, f"{kind.value}: {kind.label}") for kind in EVENTS],
        widget=forms.CheckboxSelectMultiple(),
        error_messages={
            "required": "Tick at least one event.",
            "invalid_choice": "%(value)s is no event. Tick some of those in the list.",
        },
    )


def _secret_field() -> forms.CharField:
    return forms.CharField(
        label="Secret",
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Leave it empty, and MeterBase makes one. Your own must be whsec_ and the base64 "
        "of 24 to 64 random bytes.",
        error_messages={"max_length": "The secret may have at most 120 characters."},
    )


class NewEndpointForm(EndpointForm):
    """A new endpoint of a portfolio."""

    secret = _secret_field()

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        super().__init__(data)
        choices = access.rows(Portfolio, user=user, action=access.Action.PREPARE).order_by("name")
        offered = list(choices)
        self.fields["portfolio"] = forms.ModelChoiceField(
            queryset=choices,
            empty_label="Choose a portfolio",
            initial=offered[0] if len(offered) == 1 else None,
            help_text="Whose events are sent.",
            error_messages={
                "required": "Choose a portfolio.",
                "invalid_choice": "Choose a portfolio in which you are a property manager.",
            },
        )
        self.order_fields(["portfolio", "url", "events", "secret"])


class RotateForm(forms.Form):
    """The secret that replaces another."""

    secret = _secret_field()

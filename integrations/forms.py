"""What people type about connections, imports and review items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.http import QueryDict

from integrations.models.connection import PMS_CHOICES
from integrations.pms.catalog import PLATFORMS, Support, platform
from portfolios import access
from portfolios.models import Portfolio, User

if TYPE_CHECKING:
    PortfolioField = forms.ModelChoiceField[Portfolio]

_BETA_NAMES = " and ".join(
    entry.name for entry in PLATFORMS if entry.charge_posting is Support.BETA
)


def _portfolio_field(*, user: User, preferred: Portfolio | None, help_text: str) -> PortfolioField:
    """Offer the portfolios in which a person prepares; preselect one where that is no guess."""
    choices = access.rows(Portfolio, user=user, action=access.Action.PREPARE).order_by("name")
    offered = list(choices)
    initial = preferred if preferred in offered else None
    return forms.ModelChoiceField(
        queryset=choices,
        empty_label="Choose a portfolio",
        initial=offered[0] if len(offered) == 1 else initial,
        help_text=help_text,
        error_messages={
            "required": "Choose a portfolio.",
            "invalid_choice": "Choose one of the portfolios in which you are a property manager.",
        },
    )


def _batch_id_field() -> forms.CharField:
    return forms.CharField(
        label="RealPage batch ID",
        max_length=100,
        required=False,
        help_text="RealPage gives it out. Needed to post charges to RealPage only.",
        error_messages={"max_length": "The RealPage batch ID may have at most 100 characters."},
    )


class BatchIdForm(forms.Form):
    """The batch that RealPage books charges in."""

    transaction_batch_id = _batch_id_field()


class ConnectionForm(forms.Form):
    """A connection as Propexo's dashboard shows it."""

    propexo_connection_id = forms.CharField(
        label="Propexo Connection ID",
        max_length=100,
        help_text="As the Propexo dashboard shows it, such as conn_001.",
        error_messages={
            "required": "Enter the Connection ID that the Propexo dashboard shows.",
            "max_length": "The Connection ID may have at most 100 characters.",
        },
    )
    pms = forms.ChoiceField(
        label="PMS type",
        choices=[("", "Choose the PMS"), *PMS_CHOICES],
        error_messages={
            "required": "Choose the PMS behind the connection.",
            "invalid_choice": "Choose one of the PMS types in the list.",
        },
    )
    integration_id = forms.CharField(
        label="Propexo Integration ID",
        max_length=100,
        required=False,
        help_text="Optional: kept beside the connection for your records.",
        error_messages={"max_length": "The Integration ID may have at most 100 characters."},
    )
    transaction_batch_id = _batch_id_field()
    confirm_beta = forms.BooleanField(
        label=f"I know that posting charges to {_BETA_NAMES} is Beta",
        required=False,
        help_text=f"Needed for {_BETA_NAMES} only.",
    )

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        super().__init__(data)
        self.fields["portfolio"] = _portfolio_field(
            user=user, preferred=None, help_text="Its members may use the connection."
        )
        self.order_fields(
            [
                "propexo_connection_id",
                "pms",
                "integration_id",
                "transaction_batch_id",
                "portfolio",
                "confirm_beta",
            ]
        )

    def clean(self) -> None:
        """Ask for the tick where charge posting is Beta."""
        chosen = self.cleaned_data.get("pms")
        if not chosen or self.cleaned_data.get("confirm_beta"):
            return
        found = platform(chosen)
        if found.charge_posting is Support.BETA:
            self.add_error(
                "confirm_beta",
                f"Posting charges to {found.name} is Beta: try it in a test environment first. "
                "Tick this field to connect it nevertheless.",
            )


class TickedField(forms.MultipleChoiceField):
    """Ids that were ticked in a list; the PMS, not the form, knows which there are."""

    def valid_value(self, value: str) -> bool:  # noqa: ARG002 - the import names what is unknown
        """Take any id."""
        return True


class ImportForm(forms.Form):
    """Which properties go into which portfolio."""

    propexo_property_ids = TickedField(
        label="Properties",
        error_messages={"required": "Tick at least one property."},
    )

    def __init__(self, data: QueryDict | None = None, *, user: User, preferred: Portfolio) -> None:
        super().__init__(data)
        self.fields["portfolio"] = _portfolio_field(
            user=user, preferred=preferred, help_text="Where the ticked properties will be."
        )


class ResolveForm(forms.Form):
    """What was decided about a review item."""

    note = forms.CharField(
        label="What was decided",
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={
            "required": "Write what was decided, so that others can follow it later.",
            "max_length": "The note may have at most 2,000 characters.",
        },
    )


class ResolveManyForm(ResolveForm):
    """What was decided about many review items: those that were shown, and no others."""

    items_shown = forms.RegexField(
        r"\A[0-9]{1,17}(?:,[0-9]{1,17})*\Z",
        widget=forms.HiddenInput,
        error_messages={
            "required": "No items were chosen. Go back to the list and tick some.",
            "invalid": "The items could not be read. Go back to the list and tick them again.",
        },
    )

    def items(self) -> list[int]:
        """List the keys of the items that were shown; none when they cannot be read."""
        shown = self.cleaned_data.get("items_shown", "")
        return [int(key) for key in shown.split(",")] if shown else []

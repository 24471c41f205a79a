"""What people choose about the sharing of bills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from billing.forms.fields import always
from billing.models import Method, VacancyPolicy
from billing.operations.share_rules import ShareRuleEntry


class ShareRuleForm(forms.Form):
    """How a property's bills for one utility are shared."""

    method = forms.ChoiceField(
        choices=Method.choices,
        label="Shared by",
        error_messages=always("Shared by must be chosen from the list."),
    )
    vacancy = forms.ChoiceField(
        choices=VacancyPolicy.choices,
        label="Who pays for vacant days",
        help_text="The owner keeps the share of a vacant unit, or its neighbours pay more.",
        error_messages=always("Who pays for vacant days must be chosen from the list."),
    )
    common_area_percent = forms.DecimalField(
        label="Common area in percent",
        min_value=Decimal(0),
        max_value=Decimal(50),
        max_digits=4,
        decimal_places=2,
        help_text="Comes off the bill before it is shared; the owner pays it. 0 to 50.",
        error_messages=always(
            "Common area must be a percentage from 0 to 50, with at most two decimals."
        ),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    vacant_unit_occupants = forms.IntegerField(
        required=False,
        label="People assumed in a vacant unit",
        min_value=1,
        max_value=30,
        help_text="Only for sharing by occupants while the owner pays vacant days: nobody lives "
        "there to be counted, so the rule has to say how many would.",
        error_messages=always(
            "People assumed in a vacant unit must be a whole number from 1 to 30."
        ),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the assumption where the rule cannot do without it."""
        cleaned = super().clean() or {}
        needed = _needs_assumption(cleaned)
        field = "vacant_unit_occupants"
        if needed and cleaned.get(field) is None and field not in self.errors:
            self.add_error(
                field,
                "People assumed in a vacant unit must be given: the owner pays for vacant units, "
                "and nobody lives in them to be counted.",
            )
        return cleaned

    def entry(self) -> ShareRuleEntry:
        """Give the rule that was chosen; for a valid form."""
        cleaned = self.cleaned_data
        assumed = cleaned["vacant_unit_occupants"] if _needs_assumption(cleaned) else None
        return ShareRuleEntry(
            method=Method(cleaned["method"]),
            vacancy=VacancyPolicy(cleaned["vacancy"]),
            common_area_percent=cleaned["common_area_percent"],
            vacant_unit_occupants=assumed,
        )


def _needs_assumption(cleaned: dict[str, Any]) -> bool:
    by_people = cleaned.get("method") == Method.OCCUPANTS
    return by_people and cleaned.get("vacancy") == VacancyPolicy.OWNER_PAYS

"""What people type about portfolios."""

from __future__ import annotations

from django import forms

from portfolios.models import Portfolio

NAME_IS_TAKEN = "There is a portfolio of this name already; choose another name."


class PortfolioForm(forms.Form):
    """A new portfolio."""

    name = forms.CharField(
        max_length=120,
        help_text="What people call it, such as the owner or the region.",
        error_messages={
            "required": "Give the portfolio a name.",
            "max_length": "The name may have at most 120 characters.",
        },
    )

    def clean_name(self) -> str:
        """Refuse a name that is in use."""
        name: str = self.cleaned_data["name"]
        if Portfolio.objects.filter(name__iexact=name).exists():
            raise forms.ValidationError(NAME_IS_TAKEN)
        return name

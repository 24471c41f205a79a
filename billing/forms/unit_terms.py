"""What people set for single units beside a share rule."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

from billing.forms.fields import always
from billing.forms.rule_fields import OptionalDollarsField
from billing.models import UnitTerms
from billing.operations.unit_terms import UnitTermsEntry
from billing.rubs import Limits
from billing.rubs.rule_checks import limit_findings
from portfolios.models import Unit


def _number(label: str, places: int, most: int | None, sentence: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        min_value=Decimal(0),
        max_value=None if most is None else Decimal(most),
        max_digits=places,
        decimal_places=4,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages=always(sentence),
    )


class UnitTermsForm(forms.Form):
    """What a rule says of one unit alone; everything may be left out."""

    weight = _number(
        "Weight", 12, None, "Weight must be a number from 0 up, with at most four decimals."
    )
    percent = _number(
        "Percent", 7, 100, "Percent must be a number from 0 to 100, with at most four decimals."
    )
    minimum = OptionalDollarsField(label="Minimum")
    cap = OptionalDollarsField(label="Cap")
    flat = OptionalDollarsField(label="Flat amount")
    excluded_because = forms.CharField(
        required=False,
        max_length=200,
        label="Excluded because",
        error_messages={"max_length": "Excluded because may have 200 characters at most."},
    )

    def __init__(self, sent: Any, *, unit: Unit, stored: UnitTerms | None) -> None:
        super().__init__(sent, prefix=f"unit{unit.pk}", initial=_initial(stored))
        self.unit = unit
        for name, field in self.fields.items():
            field.widget.attrs |= {
                "class": "form-control w-auto",
                "size": 28 if name == "excluded_because" else 9,
                "aria-label": f"{field.label}, unit {unit}",
            }

    def clean(self) -> dict[str, Any]:
        """Check the limits against one another."""
        cleaned = super().clean() or {}
        if not self.errors:
            field = "minimum" if cleaned["flat"] is None else "flat"
            for _, message in limit_findings(_limits(cleaned)):
                self.add_error(field, f"Unit {self.unit} {message}")
        for name in self.errors:
            self.fields[name].widget.attrs |= {
                "class": "form-control w-auto is-invalid",
                "aria-invalid": "true",
            }
        return cleaned

    def entry(self) -> UnitTermsEntry:
        """Give what was set; for a valid form."""
        limits = _limits(self.cleaned_data)
        return UnitTermsEntry(
            weight=self.cleaned_data["weight"],
            percent=self.cleaned_data["percent"],
            excluded_because=self.cleaned_data["excluded_because"],
            minimum_cents=limits.minimum_cents,
            cap_cents=limits.cap_cents,
            flat_cents=limits.flat_cents,
        )


def _limits(cleaned: dict[str, Any]) -> Limits:
    return Limits(
        minimum_cents=cleaned["minimum"], cap_cents=cleaned["cap"], flat_cents=cleaned["flat"]
    )


def _initial(stored: UnitTerms | None) -> dict[str, Any]:
    if stored is None:
        return {}
    return {
        "weight": _short(stored.weight),
        "percent": _short(stored.percent),
        "minimum": stored.minimum_cents,
        "cap": stored.cap_cents,
        "flat": stored.flat_cents,
        "excluded_because": stored.excluded_because,
    }


def _short(number: Decimal | None) -> Decimal | None:
    """Leave out the noughts that the table stores behind a number."""
    return None if number is None else Decimal(f"{number.normalize():f}")

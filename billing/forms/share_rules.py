"""What people choose about the sharing of bills."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from billing.forms.charge_codes import RuleCodeField
from billing.forms.fields import DayField, always
from billing.forms.rule_fields import NumberField, OptionalDollarsField, WeightsField
from billing.forms.rule_reading import as_rule, needs_assumption
from billing.models import Method, VacancyPolicy
from billing.operations.share_rules import ShareRuleEntry, entry_for
from billing.rubs import CommonAreaBase, Proration, RuleInput
from billing.rubs.rule_checks import rule_problems

MIX_ROWS = (1, 2, 3, 4)

_PRORATIONS = [
    (Proration.DAYS.value, "By the days lived in, in each unit's weight"),
    (Proration.BY_DAY.value, "Day by day: each day's part among those who are there"),
    (Proration.START_OF_PERIOD.value, "Against what stands on the period's first day"),
]
_BASES = [
    (CommonAreaBase.BILL.value, "The whole bill"),
    (CommonAreaBase.SHARED_LINES.value, "What is left of it after fixed charges"),
]
_LIMITS_COUNT = [
    ("by_days", "For the days lived in"),
    ("in_full", "In full, however few the days"),
]
_SINGLE_METHODS = [choice for choice in Method.choices if choice[0] != Method.MIX]

# Where the engine's name for what is wrong is not the name of a field.
_FIELD_OF = {
    "mix": "mix_method_1",
    "common_area_cents": "common_area_dollars",
    "admin_fee": "fee_percent",
}
_SECTIONS = {
    "mix": tuple(
        f"mix_{part}_{row}" for row in MIX_ROWS for part in ("method", "percent", "least")
    ),
    "limits": ("minimum", "cap", "flat", "limits_count"),
    "fee": ("fee_percent", "fee_flat", "fee_at_most", "fee_at_most_percent"),
    "advanced": (
        "bedroom_factor",
        "bathroom_factor",
        "studio_bedrooms",
        "occupancy_ratios",
        "occupancy_more",
        "bedroom_ratios",
        "bedroom_more",
        "denominator_at_least",
        "strict_floor",
    ),
}


def _choice(label: str, choices: list[tuple[str, str]], usual: str, help_text: str = "") -> Any:
    """Make a choice that is taken as usual when nothing is sent."""
    return forms.TypedChoiceField(
        label=label,
        choices=choices,
        required=False,
        empty_value=usual,
        help_text=help_text,
        error_messages=always(f"{label} must be chosen from the list."),
    )


def _number(label: str, what: str = "a number from 0 up", **more: Any) -> NumberField:
    return NumberField(label=label, sentence=f"{label} must be {what}, such as 1.5 or 1/3.", **more)


class ShareRuleForm(forms.Form):
    """How a property's bills for one utility are shared."""

    method = forms.ChoiceField(
        choices=Method.choices,
        label="Shared by",
        help_text="For a mix, name its methods below.",
        error_messages=always("Shared by must be chosen from the list."),
    )
    vacancy = forms.ChoiceField(
        choices=VacancyPolicy.choices,
        label="Who pays for vacant days",
        help_text="The owner keeps the share of a vacant unit, or its neighbours pay more.",
        error_messages=always("Who pays for vacant days must be chosen from the list."),
    )
    vacancy_owner_percent = NumberField(
        label="Owner's part of vacant days in percent",
        sentence="Owner's part of vacant days must be a percentage from 0 to 100.",
        most=100,
        help_text="Only where the owner pays a part: how much of a vacant unit's share.",
    )
    vacant_unit_occupants = forms.IntegerField(
        required=False,
        label="People assumed in a vacant unit",
        min_value=1,
        max_value=30,
        help_text="Only for sharing by people while the owner pays vacant days or a part of them: "
        "nobody lives there to be counted, so the rule has to say how many would.",
        error_messages=always(
            "People assumed in a vacant unit must be a whole number from 1 to 30."
        ),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
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
    common_area_base = _choice("Percentage taken of", _BASES, "bill")
    common_area_dollars = OptionalDollarsField(
        label="Common area in dollars", help_text="A fixed amount of every bill."
    )
    common_area_usage = _number("Usage of common areas", help_text="What their own meter counted.")
    total_usage = _number(
        "Usage of the whole property",
        "a number above 0",
        positive=True,
        help_text="What the master meter counted, in the same unit.",
    )
    proration = _choice("How days count", _PRORATIONS, "days")
    minimum = OptionalDollarsField(label="Minimum in dollars", help_text="Per unit and bill.")
    cap = OptionalDollarsField(label="Cap in dollars", help_text="Per unit and bill.")
    flat = OptionalDollarsField(
        label="Flat amount in dollars", help_text="Instead of a share; without minimum or cap."
    )
    limits_count = _choice("Limits count", _LIMITS_COUNT, "by_days")
    fee_percent = NumberField(
        label="Fee in percent",
        sentence="Fee in percent must be a percentage from 0 to 100.",
        most=100,
        help_text="Of the charge. At most 15, unless a limit in dollars is beside it.",
    )
    fee_flat = OptionalDollarsField(label="Fee in dollars", help_text="For every charge.")
    fee_at_most = OptionalDollarsField(label="Fee at most, in dollars")
    fee_at_most_percent = NumberField(
        label="Fee at most, in percent",
        sentence="Fee at most, in percent, must be a percentage from 0 to 100.",
        most=100,
        help_text="Of the charge.",
    )
    bedroom_factor = _number("A bedroom counts", help_text="1 unless set.")
    bathroom_factor = _number("A bathroom counts", help_text="0.5 unless set.")
    studio_bedrooms = _number("Bedrooms of a studio", help_text="1 unless set.")
    occupancy_ratios = WeightsField(
        label="Weights by people",
        help_text="For one person, two, three and so on. Texas's table unless set: 1, 1.6, 2.2.",
    )
    occupancy_more = _number("Each further person adds", help_text="0.4 unless set.")
    bedroom_ratios = WeightsField(
        label="Weights by bedrooms",
        help_text="For a studio, one bedroom, two and so on. Texas's table unless set: 1, 1.6, "
        "2.8, 4.",
    )
    bedroom_more = _number("Each further bedroom adds", help_text="1.2 unless set.")
    denominator_at_least = _number(
        "Divide by at least",
        "a number above 0",
        positive=True,
        help_text="The weight of the whole building: what the units do not make up of it is the "
        "owner's. In a mix, set it beside the method.",
    )
    strict_floor = forms.BooleanField(
        label="Cut every tenant's share to the cent, and leave the cents left over to the owner",
        required=False,
    )
    charge_code = RuleCodeField()
    effective_from = DayField(
        label="Counts for bills from",
        help_text="Optional. Bills whose service begins before this day keep the version before.",
    )

    def __init__(
        self, *args: Any, codes: Sequence[tuple[str, str]] = (), kept_code: str = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        charge_code = self.fields["charge_code"]
        assert isinstance(charge_code, RuleCodeField)  # noqa: S101 - declared so above
        charge_code.offer(codes, kept=kept_code)
        self.fields["effective_from"].required = False
        for row in MIX_ROWS:
            self.fields |= _mix_fields(row)

    def clean(self) -> dict[str, Any]:
        """Check what the fields say together, as the arithmetic itself would."""
        cleaned = super().clean() or {}
        self._check_mix_rows(cleaned)
        if not self.errors:
            self._check_assumption(cleaned)
        if not self.errors:
            for problem in rule_problems(as_rule(cleaned, MIX_ROWS)):
                self.add_error(self._field_of(problem.field, cleaned), problem.message)
        return cleaned

    def _check_mix_rows(self, cleaned: dict[str, Any]) -> None:
        for row in MIX_ROWS:
            method, percent = cleaned.get(f"mix_method_{row}"), cleaned.get(f"mix_percent_{row}")
            least = cleaned.get(f"mix_least_{row}")
            if method and percent is None and f"mix_percent_{row}" not in self.errors:
                self.add_error(
                    f"mix_percent_{row}", f"Percent of method {row} must be given with its method."
                )
            elif not method and (percent is not None or least is not None):
                self.add_error(
                    f"mix_method_{row}", f"Method {row} must be chosen, or its figures left out."
                )

    def _check_assumption(self, cleaned: dict[str, Any]) -> None:
        field = "vacant_unit_occupants"
        if needs_assumption(cleaned, MIX_ROWS) and cleaned.get(field) is None:
            self.add_error(
                field,
                "People assumed in a vacant unit must be given: the owner pays for vacant units, "
                "and nobody lives in them to be counted.",
            )

    def _field_of(self, name: str, cleaned: dict[str, Any]) -> str:
        if name == "limits":
            return "flat" if cleaned.get("flat") is not None else "minimum"
        field = _FIELD_OF.get(name, name)
        return field if field in self.fields else "method"

    @property
    def mix_rows(self) -> list[tuple[BoundField, BoundField, BoundField]]:
        """Give the fields of each method of a mix."""
        return [
            (self[f"mix_method_{row}"], self[f"mix_percent_{row}"], self[f"mix_least_{row}"])
            for row in MIX_ROWS
        ]

    @property
    def opened(self) -> dict[str, bool]:
        """Tell which sections have something to show at once."""
        return {
            section: any(self._is_set(name) for name in names)
            for section, names in _SECTIONS.items()
        }

    def _is_set(self, name: str) -> bool:
        usual = {"limits_count": "by_days"}.get(name, "")
        return bool(self.errors.get(name)) or str(self[name].value() or usual) != usual

    def rule(self) -> RuleInput:
        """Give the rule as the arithmetic takes it; for a valid form."""
        return as_rule(self.cleaned_data, MIX_ROWS)

    def entry(self) -> ShareRuleEntry:
        """Give the rule that was chosen; for a valid form."""
        return entry_for(
            self.rule(),
            charge_code=self.cleaned_data["charge_code"],
            effective_from=self.cleaned_data["effective_from"],
        )


def _mix_fields(row: int) -> dict[str, forms.Field]:
    return {
        f"mix_method_{row}": forms.ChoiceField(
            label=f"Method {row}",
            choices=[("", "None"), *_SINGLE_METHODS],
            required=False,
            error_messages=always(f"Method {row} must be chosen from the list."),
        ),
        f"mix_percent_{row}": NumberField(
            label=f"Percent of method {row}",
            sentence=f"Percent of method {row} must be a percentage above 0, up to 100.",
            most=100,
            positive=True,
        ),
        f"mix_least_{row}": _number(
            f"Method {row} divides by at least", "a number above 0", positive=True
        ),
    }

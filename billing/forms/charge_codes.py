"""What people say about charge codes: which there are, and what they are in a chart of accounts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html

from billing.charge_codes import CodeNotMapped, CodeStanding, pick_code
from billing.forms.fields import always
from billing.models import ChargeCode, Utility
from billing.models.charge_code import LONGEST_CODE
from billing.operations.charge_code_mappings import Target
from integrations.models import AccountKind, ChartAccount
from portfolios.models import Portfolio, Property

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/&-]*")
_CODE_SENTENCE = (
    f"Charge code must be 1 to {LONGEST_CODE} letters, digits, spaces and . _ / & - such as WATER; "
    "it begins with a letter or digit."
)
_LONGEST_NAME = 100


class _NameField(forms.CharField):
    def __init__(self) -> None:
        super().__init__(
            label="Name",
            max_length=_LONGEST_NAME,
            help_text="What it is for, such as Water.",
            error_messages={
                "required": "Name must be given, such as Water.",
                "max_length": f"Name may have {_LONGEST_NAME} characters at most.",
            },
        )


class NewChargeCodeForm(forms.Form):
    """A code that the portfolio is to have."""

    code = forms.CharField(
        label="Charge code",
        max_length=LONGEST_CODE,
        help_text="It cannot be changed later, as posted charges are known by it.",
        error_messages={"required": _CODE_SENTENCE, "max_length": _CODE_SENTENCE},
    )
    name = _NameField()

    def clean_code(self) -> str:
        """Keep codes to what a chart of accounts may have."""
        code: str = self.cleaned_data["code"]
        if not _CODE.fullmatch(code):
            raise ValidationError(_CODE_SENTENCE, code="invalid")
        return code


class ChargeCodeForm(forms.Form):
    """What of a code can change."""

    name = _NameField()
    in_use = forms.BooleanField(
        label="In use",
        required=False,
        help_text="A code that is not in use is offered nowhere; what was posted under it stays.",
    )


class UsualCodesForm(forms.Form):
    """Under which code each utility's charges are posted unless somebody says otherwise."""

    def __init__(self, *args: Any, codes: Sequence[ChargeCode], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._codes = {code.code: code for code in codes}
        choices = [(code.code, f"{code.code}, {code.name}") for code in codes]
        for utility in Utility:
            self.fields[utility.value] = forms.ChoiceField(
                label=utility.label,
                choices=choices,
                error_messages=always(f"{utility.label} must be chosen from the list."),
            )

    def chosen(self) -> dict[Utility, ChargeCode]:
        """Give the choice; for a valid form."""
        return {utility: self._codes[self.cleaned_data[utility.value]] for utility in Utility}


class MappingForm(forms.Form):
    """What a code is in a property's chart of accounts."""

    def __init__(
        self, *args: Any, place: Property, needed: frozenset[AccountKind], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for kind in AccountKind:
            if kind in needed:
                self.fields[kind.value] = _account_field(place, kind)

    def target(self, before: Target) -> Target:
        """Give the choice; for a valid form. What was not asked for stays as it was."""
        chosen = self.cleaned_data
        return Target(
            chosen.get(AccountKind.CHARGE_CODE.value)
            if AccountKind.CHARGE_CODE.value in self.fields
            else before.pms_charge_code,
            chosen.get(AccountKind.FINANCIAL_ACCOUNT.value)
            if AccountKind.FINANCIAL_ACCOUNT.value in self.fields
            else before.financial_account,
        )


def _account_field(place: Property, kind: AccountKind) -> forms.Field:
    accounts = ChartAccount.objects.filter(property=place, kind=kind, missing_since=None)
    return forms.ModelChoiceField(
        queryset=accounts,
        label=kind.label,
        required=False,
        error_messages={
            "invalid_choice": f"{kind.label} must be chosen from the property's chart of accounts."
        },
    )


class RuleCodeField(forms.ChoiceField):
    """A code of the portfolio for a rule, or none for the utility's usual one."""

    def __init__(self) -> None:
        super().__init__(
            label="Charge code",
            required=False,
            help_text="What is suggested when the charges are posted to the PMS.",
            error_messages=always(
                "Charge code must be chosen from the list of the portfolio's charge codes."
            ),
        )

    def offer(self, codes: Sequence[tuple[str, str]], *, kept: str) -> None:
        """Offer the portfolio's codes, and the one that the rule has now even if it is retired."""
        offered = [("", "The utility's usual one"), *codes]
        if kept and kept not in dict(offered):
            offered.append((kept, f"{kept} (not among the charge codes any more)"))
        self.choices = offered


class MappedCodeField(forms.CharField):
    """A code that charges can be posted under at a property.

    Shape: the list shows the mapped ones only; whatever else is sent is answered by what is amiss
        with it, and where that is put right.
    """

    def __init__(self) -> None:
        super().__init__(
            label="Charge code",
            widget=forms.Select,
            error_messages={"required": "Charge code must be given: choose one from the list."},
        )

    def offer(
        self, standings: Sequence[CodeStanding], *, suggested: str, url: str, portfolio: Portfolio
    ) -> None:
        """Offer what is mapped; say so where the suggested code is not."""
        mapped = [standing.charge_code for standing in standings if standing.is_mapped]
        self.widget = forms.Select(
            choices=[
                ("", "Choose a charge code"),
                *((code.code, f"{code.code}, {code.name}") for code in mapped),
            ]
        )
        self.widget.is_required = True
        self._standings, self._url, self._portfolio = tuple(standings), url, portfolio
        self.help_text = self._advice(suggested)

    def clean(self, value: Any) -> Any:
        """Find the code."""
        text = super().clean(value)
        try:
            return pick_code(self._standings, text, portfolio=self._portfolio).charge_code.code
        except CodeNotMapped as refusal:
            sentence = format_html('{} <a href="{}">Charge codes</a>', str(refusal), self._url)
            raise ValidationError(sentence, code="not_mapped") from None

    def _advice(self, suggested: str) -> str:
        amiss = {
            standing.charge_code.code: standing.problem
            for standing in self._standings
            if not standing.is_mapped
        }
        first = amiss.get(suggested, "")
        return format_html(
            '{} What each code is in the PMS: <a href="{}">Charge codes</a>', first, self._url
        )

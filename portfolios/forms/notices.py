"""What people choose about notices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from portfolios import access
from portfolios.models import NoticeKind, NoticeWhen, Portfolio, User
from portfolios.notices.choices import (
    DIGEST_WHEN,
    EVENT_KINDS,
    EVENT_WHEN,
    NoDigest,
    check_choices,
    wishes_of,
)

_HELP: Mapping[NoticeKind, str] = {
    NoticeKind.APPROVAL_WAITING: "To accountants, when somebody else submits a calculation.",
    NoticeKind.SENT_BACK: "To whoever prepared or submitted it, with the reason.",
    NoticeKind.JOB_FAILED: "To whoever posted the job and to accountants, once it has ended.",
    NoticeKind.LOGIN_NEEDED: "To property managers, when the PMS refuses Propexo's login.",
    NoticeKind.BILLS_MISSING: "To property managers, once a month's bills are overdue.",
    NoticeKind.DIGEST: "Failed charges by cause, and all else above that waits for you and is not "
    "set to “never”. Nothing is sent when nothing waits.",
}


class NoticeChoicesForm(forms.Form):
    """When to be told of what, and of which portfolios not at all."""

    muted = forms.ModelMultipleChoiceField(
        label="Nothing of these portfolios",
        queryset=Portfolio.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "invalid_choice": "Choose among the portfolios that you are in.",
            "invalid_pk_value": "Choose among the portfolios that you are in.",
            "invalid_list": "Choose among the portfolios that you are in.",
        },
    )

    def __init__(self, data: Any = None, *, user: User) -> None:
        """Start with what the person has chosen so far."""
        wishes = wishes_of([user])[user.pk]
        super().__init__(data, initial={"muted": list(wishes.muted)})
        portfolios = self.fields.pop("muted")
        for kind in NoticeKind:
            self.fields[kind.value] = _choice(kind, wishes.of(kind))
        assert isinstance(portfolios, forms.ModelMultipleChoiceField)  # noqa: S101 - declared above
        portfolios.queryset = access.rows(Portfolio, user=user)
        self.fields["muted"] = portfolios

    def clean(self) -> dict[str, Any]:
        """Refuse a digest that is to bring something and is never sent."""
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                check_choices(self.choices())
            except NoDigest as refusal:
                self.add_error(NoticeKind.DIGEST.value, str(refusal))
        return cleaned

    def choices(self) -> dict[NoticeKind, NoticeWhen]:
        """Give what was chosen."""
        return {kind: NoticeWhen(self.cleaned_data[kind.value]) for kind in NoticeKind}


def _choice(kind: NoticeKind, chosen: NoticeWhen) -> forms.ChoiceField:
    when = EVENT_WHEN if kind in EVENT_KINDS else DIGEST_WHEN
    sentence = "Choose one of: " + ", ".join(f"“{each.label}”" for each in when) + "."
    return forms.ChoiceField(
        label=kind.label,
        choices=[(each.value, each.label) for each in when],
        initial=chosen.value,
        help_text=_HELP[kind],
        error_messages=dict.fromkeys(("required", "invalid_choice"), sentence),
    )

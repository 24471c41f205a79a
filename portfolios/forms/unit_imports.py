"""Choosing a file with values of units, and confirming what it would change."""

from __future__ import annotations

from typing import Any

from django import forms

from portfolios.unit_files.limits import LARGEST_BYTES, MOST_ROWS

_ALLOWED = f"a CSV file or an XLSX workbook of at most {LARGEST_BYTES // 1024 // 1024} MB"
_NONE = f"Choose {_ALLOWED}."


class UnitFileForm(forms.Form):
    """A file with values of units."""

    file = forms.FileField(
        label="File",
        help_text=f"{_ALLOWED[0].upper()}{_ALLOWED[1:]} and {MOST_ROWS:,} rows.",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
        error_messages={
            "required": _NONE,
            "missing": _NONE,
            "invalid": _NONE,
            "empty": f"The file is empty; choose {_ALLOWED}.",
        },
    )

    def clean_file(self) -> Any:
        """Refuse what is too large before anybody reads it."""
        file = self.cleaned_data["file"]
        if file.size > LARGEST_BYTES:
            raise forms.ValidationError(f"The file must be {_ALLOWED}.", code="too_large")
        return file


class ConfirmImportForm(forms.Form):
    """The yes to an import's preview; `seen` tells which preview the person looked at."""

    seen = forms.CharField(widget=forms.HiddenInput)
    take_odd = forms.BooleanField(required=False)
    again = forms.BooleanField(
        required=False, label="Import this file again, although it was imported before"
    )

    def __init__(self, *args: Any, odd: int, is_repeat: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        them = "the value that stands out" if odd == 1 else f"the {odd} values that stand out"
        self.fields["take_odd"].label = f"Take {them} too"
        self.fields["take_odd"].help_text = "Values that are hard to believe are left out if not."
        if not odd:
            del self.fields["take_odd"]
        if not is_repeat:
            del self.fields["again"]

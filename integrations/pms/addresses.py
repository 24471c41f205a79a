"""States and ZIP codes as PMSs really write them, brought to one form."""

from __future__ import annotations

import re

_STATES = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA",
    "colorado": "CO", "connecticut": "CT", "delaware": "DE", "district of columbia": "DC",
    "florida": "FL", "georgia": "GA", "hawaii": "HI", "idaho": "ID", "illinois": "IL",
    "indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY", "louisiana": "LA",
    "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN",
    "mississippi": "MS", "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV",
    "new hampshire": "NH", "new jersey": "NJ", "new mexico": "NM", "new york": "NY",
    "north carolina": "NC", "north dakota": "ND", "ohio": "OH", "oklahoma": "OK", "oregon": "OR",
    "pennsylvania": "PA", "puerto rico": "PR", "rhode island": "RI", "south carolina": "SC",
    "south dakota": "SD", "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT",
    "virginia": "VA", "virgin islands": "VI", "washington": "WA", "west virginia": "WV",
    "wisconsin": "WI", "wyoming": "WY", "guam": "GU",
}  # fmt: skip
_CODES = frozenset(_STATES.values())

# Where ZIP codes start with a zero, so that a number written without it can be completed.
_ZERO_STATES = frozenset({"CT", "MA", "ME", "NH", "NJ", "RI", "VT", "PR", "VI"})


def two_letter_state(text: str) -> str:
    """Find the two-letter code of a state; empty when it is none that is known."""
    cleaned = " ".join(text.replace("\N{NO-BREAK SPACE}", " ").replace(".", "").split())
    code = cleaned.upper()
    return code if code in _CODES else _STATES.get(cleaned.casefold(), "")


def five_digit_zip(text: str, *, state: str) -> str:
    """Find the five digits of a ZIP code; empty when there are none to be sure of.

    Shape: `state` is the two-letter code; a lost leading zero is put back only where it fits.
    """
    cleaned = re.sub(r"\.0+$", "", text.strip())
    written = re.fullmatch(r"(\d{5})(?:[- ]?\d{1,4})?", cleaned)
    if written:
        return "" if written[1] == "00000" else written[1]
    if re.fullmatch(r"\d{3,4}", cleaned) and state in _ZERO_STATES:
        return cleaned.zfill(5)
    return ""

"""What a PMS complains about in its own words, sorted into MeterBase's codes.

Propexo hands the text of the PMS on as it is and has no list of codes of its own.
"""

from __future__ import annotations

import re

_DUPLICATE = (
    r"duplicate|exists? already|already (?:exists|posted|been posted)"
    r"|(?:was|been|already) (?:posted|used) before"
)
_CHARGE_CODE = (
    r"\b(?:charge|transaction|income|ar)[ _-]?(?:codes?|types?|categor(?:y|ies))"
    r"|\b(?:gl|g/l|financial|ledger|income)[ _-]?accounts?"
)
_LEASE = (
    r"(?:lease|tenan|resident|occupan|household|unit|person)\w*\b.*\b(?:expired|inactive|past|former"
    r"|moved out|has left|no longer|not (?:found|active|current|in an active|a current))\b"
    r"|no (?:active|current) (?:lease|tenan|resident)"
)
_PERIOD = (
    r"\b(?:post(?:ing|ed)?|accounting|fiscal|financial|gl|ledger)[ _-]?(?:year|date)s?"
    r"|(?:period|(?<!-to-)month(?!-to))s?|\bbooks?"
)
_CLOSED = r"\b(?:closed|locked|not (?:currently |yet )?open|no longer open|isn't open)\b"
_CLOSED_PERIOD = (
    rf"(?:{_PERIOD})\b[^.;]{{0,80}}{_CLOSED}"
    rf"|\bclosed\b[^.;]{{0,20}}\b(?:{_PERIOD})\b"
    r"|(?:before|prior to|earlier than)\b[^.;]{0,40}\b(?:open|current) (?:\w+ )?(?:period|month)\b"
)
_LOGIN = (
    r"credential|password|log[ -]?in\b|unauthori[sz]ed|forbidden|authenticat"
    r"|(?:status|http|error|code)\W{0,3}40[13]\b"
)

# The answer of the PMS itself is lost or makes no sense: the charge may be there.
_LOST = (
    r"time[ds]?[ -]?out|time limit|gateway|connection|econn|socket|reset by|hang up"
    r"|internal (?:server )?error|unexpected error|unavailable"
    r"|(?:status|http|error|code)\W{0,3}50[0-9]\b"
)

# The first that fits counts.
_WORDS = {
    "OUTCOME_UNKNOWN": re.compile(_LOST, re.IGNORECASE),
    "DUPLICATE_CHARGE": re.compile(_DUPLICATE, re.IGNORECASE),
    "PERIOD_CLOSED": re.compile(_CLOSED_PERIOD, re.IGNORECASE),
    "INVALID_CHARGE_CODE": re.compile(_CHARGE_CODE, re.IGNORECASE),
    "LEASE_NOT_FOUND": re.compile(_LEASE, re.IGNORECASE | re.DOTALL),
    "AUTHORIZATION_FAILED": re.compile(_LOGIN, re.IGNORECASE),
    "RATE_LIMITED": re.compile(
        r"rate limit|too many requests|(?:status|http|error|code)\W{0,3}429\b", re.IGNORECASE
    ),
    "NOT_SUPPORTED": re.compile(r"(?:not|un)[ -]?supported", re.IGNORECASE),
}


def code_of_text(text: str) -> str:
    """Give MeterBase's code for a complaint; PMS_REJECTED when nothing in it is known."""
    for code, words in _WORDS.items():
        if words.search(text):
            return code
    return "PMS_REJECTED"


_REFUSED_LOGIN = re.compile(
    r"(?:status|http|error|code)\W{0,3}40[13]\b|\b40[13]\W{1,3}(?:forbidden|unauthori[sz]ed)\b",
    re.IGNORECASE,
)


def is_refused_login(text: str) -> bool:
    """Tell whether the PMS refused Propexo's credentials, by the status that stands for that.

    Shape: True only for the status itself, after which nothing was changed in the PMS; words about
        a password or a login alone prove nothing.
    """
    return _REFUSED_LOGIN.search(text) is not None

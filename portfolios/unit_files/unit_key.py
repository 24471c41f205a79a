"""What a unit is called, brought to a form in which two spellings can be compared.

The keys serve to find a unit and for nothing else: the text itself is kept and shown as it came,
and two units are never taken for one because their keys are the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

_PREFIX = re.compile(r"(?:#|№|(?:APT|UNIT)(?![^\W_])\.?|NO\.)\s*")
_BUILDING_PREFIX = re.compile(r"(?:#|(?:BUILDING|BLDG)(?![^\W_])\.?)\s*")
_WHOLE_AS_DECIMAL = re.compile(r"([0-9]+)\.0+")
_REWRITTEN_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?E[+-]?[0-9]+")
_SEPARATORS = re.compile(r"[\s\-–—.,:;_#'\"()]+")
_DIGITS_MEET_LETTERS = re.compile(r"(?<=[0-9])(?=[^0-9\s])|(?<=[^0-9\s])(?=[0-9])")
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")


def one_line(text: str) -> str:
    """Trim a text, make every run of white space one space, and compose its accents."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def plain_text(text: str) -> str:
    """Bring a text to the form in which case and white space no longer count."""
    # Upper case can take a letter apart: composed again, a second pass changes nothing.
    return one_line(one_line(text).upper())


def match_key(text: str) -> str:
    """Bring a unit's text to its key: `#A-202`, `Apt A-202` and `unit a-202` share one.

    Shape: a number that a spreadsheet wrote as 101.0 is 101; zeros in front stay.
    """
    key = _without_prefix(plain_text(text), _PREFIX)
    whole = _WHOLE_AS_DECIMAL.fullmatch(key)
    return whole[1] if whole else key


def loose_key(text: str) -> str:
    """Bring a unit's text to a key in which separators do not count: `4-A`, `4 A` and `4A.`.

    Shape: the parts stay apart, so that `23B` and `2/3B`, or `10-1A` and `101-A`, never meet.
    """
    key = match_key(text)
    parts = _DIGITS_MEET_LETTERS.sub(" ", _SEPARATORS.sub(" ", key))
    return " ".join(parts.split()) or key


def key_without_zeros(text: str) -> str:
    """Bring a unit's text to a key without the zeros that a spreadsheet may have cut."""
    return _LEADING_ZEROS.sub("", loose_key(text))


def building_key(text: str) -> str:
    """Bring a building's name to its key: `Bldg 3`, `Building 3` and `3` share one."""
    key = _without_prefix(plain_text(text), _BUILDING_PREFIX)
    whole = _WHOLE_AS_DECIMAL.fullmatch(key)
    return whole[1] if whole else key


def looks_rewritten(text: str) -> bool:
    """Tell whether a spreadsheet may have taken the text for a number and rewritten it: 1E2."""
    return bool(_REWRITTEN_NUMBER.fullmatch(plain_text(text)))


def find_collisions(texts: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Find the texts that differ, yet share a key.

    Shape: groups of two or more, each text as it came.
    """
    by_key: defaultdict[str, set[str]] = defaultdict(set)
    for text in texts:
        by_key[loose_key(text)].add(text)
    return tuple(tuple(sorted(group)) for group in by_key.values() if len(group) > 1)


def _without_prefix(text: str, prefix: re.Pattern[str]) -> str:
    """Take words such as APT away from the front, as long as something is left."""
    while (found := prefix.match(text)) and found.end() < len(text):
        text = text[found.end() :]
    return text

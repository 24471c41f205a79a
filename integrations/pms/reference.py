"""The posting reference: MeterBase's own mark on a charge, by which it is found again."""

from __future__ import annotations

import hashlib
import re

# Base 32 without I, L, O and U: nothing that is misread on paper, no accidental words.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS = 13
_BITS = 5 * _CHARACTERS
_REFERENCE = re.compile(
    rf"(?<![0-9A-Z])MB-[{_ALPHABET}]{{{_CHARACTERS}}}(?![0-9A-Z])", re.IGNORECASE | re.ASCII
)


def reference_for(business_key: str, generation: int = 0) -> str:
    """Make the reference of what is billed; the same key and generation give the same reference.

    Shape: `MB-` and 13 base-32 characters, 65 bits of SHA-256. A generation above 0 is for a charge
        that is made anew on purpose after an earlier one was settled.
    Errors: ValueError when the key is empty or the generation negative.
    """
    if not business_key or generation < 0:
        raise ValueError("a reference needs a business key and a generation of 0 or more")
    digest = hashlib.sha256(f"{business_key}\x1f{generation}".encode()).digest()
    number = int.from_bytes(digest, "big") >> (8 * len(digest) - _BITS)
    places = range(_BITS - 5, -1, -5)
    return "MB-" + "".join(_ALPHABET[number >> place & 31] for place in places)


def find_reference(description: str) -> str | None:
    """Find the reference in a description or reference field; the last one counts.

    Shape: brackets around it may be missing and letters may be small, as some systems store them.
    """
    found = _REFERENCE.findall(description)
    return found[-1].upper() if found else None

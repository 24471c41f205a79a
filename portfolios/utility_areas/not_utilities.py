"""Names that sources list as electric utilities although no wire of theirs reaches a building."""

from __future__ import annotations

import re

_NOT_ELECTRIC = (
    (re.compile(r"southern california gas|socalgas"), "a gas utility listed as electric"),
    (re.compile(r"designated equity communit"), "no utility, listed as electric"),
    (re.compile(r"\bsteam\b"), "a steam utility listed as electric"),
    (re.compile(r"tennessee valley authority"), "sells to other utilities only"),
)

# Ownership, as OpenEI writes it, of sellers whose power comes over somebody else's wires.
SUPPLIERS = frozenset({"retail power marketer", "community choice aggregator"})


def why_not_electric(name: str) -> str:
    """Tell why a name among the electric utilities is none; empty when it may be one."""
    folded = name.casefold()
    return next((reason for words, reason in _NOT_ELECTRIC if words.search(folded)), "")

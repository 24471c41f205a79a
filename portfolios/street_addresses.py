"""A street address written in one piece, and parted into number and street."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER_FIRST = re.compile(r"(\d[\w/-]*)\s+(\S.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class StreetAddress:
    """A number and its street; the number is empty where nobody can tell it."""

    number: str
    street: str

    def __str__(self) -> str:
        return f"{self.number} {self.street}".strip()


def part_address(address: str, *, number: str = "") -> StreetAddress:
    """Part an address that is written in one piece.

    Shape: `number` is how somebody wrote it apart; it counts as long as the address begins so.
    """
    street = address.removeprefix(f"{number} ")
    if number and street != address:
        return StreetAddress(number, street)
    found = _NUMBER_FIRST.fullmatch(address)
    return StreetAddress(found[1], found[2]) if found else StreetAddress("", address)

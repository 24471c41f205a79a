"""What a statement says, word by word, as it is frozen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

Json = dict[str, Any]
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperLine:
    """A line of the utility's bill.

    Units: cents.
    """

    name: str
    who_pays: str
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One utility of a statement, from the bill to the cent.

    Shape: `rows` and `steps` are (label, text) pairs; a share or fee of None is not charged;
        `references` name the charges; `document` is the name of the copy of the bill, if one is
        kept, and `document_sha256` what it is known by.
    Units: cents.
    """

    utility: str
    bill_id: int
    calculation_id: int
    bill_cents: int
    share_cents: int | None
    fee_cents: int | None
    references: tuple[str, ...]
    rows: tuple[Pair, ...]
    lines: tuple[PaperLine, ...]
    steps: tuple[Pair, ...]
    sum: str
    document: str
    document_sha256: str

    @property
    def total_cents(self) -> int:
        """Add the fee to the share.

        Units: cents.
        """
        return (self.share_cents or 0) + (self.fee_cents or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Everything that a statement says.

    Shape: `month` such as March 2026; `contacts` are (label, text) pairs; `gaps` name what the
        place asks for and MeterBase does not know; days are written out.
    """

    property_name: str
    address: str
    unit: str
    resident: str
    month: str
    issued_on: str
    due_on: str
    sections: tuple[Section, ...]
    contacts: tuple[Pair, ...]
    sentences: tuple[str, ...]
    gaps: tuple[str, ...]

    @property
    def total_cents(self) -> int:
        """Add up all utilities.

        Units: cents.
        """
        return sum(section.total_cents for section in self.sections)


def content_to_json(content: Content) -> Json:
    """Write a statement as it is stored."""
    stored: Json = json.loads(_canonical(asdict(content)))
    return stored


def content_from_json(stored: Json) -> Content:
    """Read a statement as it was stored."""
    sections = tuple(_section(section) for section in stored["sections"])
    return Content(
        **{
            **stored,
            "sections": sections,
            "contacts": _pairs(stored["contacts"]),
            "sentences": tuple(stored["sentences"]),
            "gaps": tuple(stored["gaps"]),
        }
    )


def digest_of(stored: Json) -> str:
    """Give the SHA-256 of a statement as it is stored, whatever order the database keeps it in."""
    return hashlib.sha256(_canonical(stored).encode()).hexdigest()


def _canonical(value: Json) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _section(stored: Json) -> Section:
    return Section(
        **{
            **stored,
            "references": tuple(stored["references"]),
            "rows": _pairs(stored["rows"]),
            "lines": tuple(PaperLine(**line) for line in stored["lines"]),
            "steps": _pairs(stored["steps"]),
        }
    )


def _pairs(stored: list[list[str]]) -> tuple[Pair, ...]:
    return tuple((label, text) for label, text in stored)

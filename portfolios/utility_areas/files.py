"""Opening reference files: plain or gzip, UTF-8, a header that says what is in them."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from portfolios.utility_areas.rows import Kind, Problems, UnreadableReference

LARGEST_BYTES = 200 * 1024 * 1024

COLUMNS: dict[Kind, tuple[str, ...]] = {
    Kind.ZIP_CODES: ("zip", "city", "state", "county", "county_fips", "lat", "lon"),
    Kind.UTILITIES: (
        "utility_key",
        "commodity",
        "name",
        "state",
        "ownership",
        "eiaid",
        "eiaid_match",
        "pwsid",
        "population_served",
        "service_area_type",
        "zip_count",
        "source",
    ),
    Kind.ZIP_UTILITIES: ("zip", "commodity", "utility_key", "rank", "confidence", "source"),
    # Both OpenEI files have one header; whose rows they are is seen in the rows. Their rates are
    # averages of a past year and are not read.
    Kind.OPENEI_IOU: ("zip", "eiaid", "utility_name", "state", "service_type", "ownership"),
}


class NotReference(Exception):
    """A file holds something else."""


Line = tuple[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ReferenceText:
    """The text of a file whose header was recognised."""

    name: str
    sha256: str
    kind: Kind
    header: tuple[str, ...]
    text: str

    def lines(self, problems: Problems) -> Iterator[Line]:
        """Read the rows below the header, each with its line and the columns of its kind."""
        reader = csv.reader(io.StringIO(self.text, newline=""), strict=True)
        next(reader)
        picked: Callable[[Sequence[str]], tuple[str, ...]] = itemgetter(
            *(self.header.index(column) for column in COLUMNS[self.kind])
        )
        width = len(self.header)
        try:
            for cells in reader:
                if len(cells) == width:
                    yield reader.line_num, picked(cells)
                elif cells:
                    reason = f"the header names {width} columns, this row has {len(cells)}"
                    problems.add(self.name, reader.line_num, reason)
        except csv.Error as error:
            problems.add(self.name, reader.line_num, f"cannot be read as CSV: {error}")


def open_reference(path: Path, problems: Problems) -> ReferenceText | None:
    """Read a file and find out what it holds.

    Shape: None when it cannot be used; what is wrong with it is among the problems then.
    Errors: UnreadableReference when it is not there or cannot be read; NotReference when its header
        is that of something else.
    """
    content, sha256 = _content(path, problems)
    text = _text(path.name, content, problems)
    if text is None:
        return None
    try:
        first = next(csv.reader(io.StringIO(text, newline="")), [])
    except csv.Error:
        first = []
    header = tuple(name.strip().casefold() for name in first)
    kind = _kind(header)
    if kind is None:
        wanted = "; ".join(", ".join(columns) for columns in COLUMNS.values())
        raise NotReference(f"is no reference file; a header has the columns {wanted}")
    missing = [column for column in COLUMNS[kind] if column not in header]
    for column in missing:
        problems.add(path.name, 1, f"the column “{column}” is missing")
    return None if missing else ReferenceText(path.name, sha256, kind, header, text)


def _content(path: Path, problems: Problems) -> tuple[bytes, str]:
    try:
        raw = path.read_bytes()
        content = raw
        if raw[:2] == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
                content = packed.read(LARGEST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UnreadableReference(f"{path} cannot be read: {why}.") from error
    if len(content) > LARGEST_BYTES:
        problems.add(path.name, 1, f"is larger than {LARGEST_BYTES // 1024 // 1024} MB")
        content = b""
    return content, hashlib.sha256(raw).hexdigest()


def _text(name: str, content: bytes, problems: Problems) -> str | None:
    if not content.strip():
        problems.add(name, 1, "is empty")
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.add(name, content.count(b"\n", 0, error.start) + 1, "is not UTF-8")
        return None
    if "\0" in text:
        problems.add(name, text.count("\n", 0, text.index("\0")) + 1, "has a NUL character")
        return None
    return text


def _kind(header: Sequence[str]) -> Kind | None:
    """Find the kind that shares most columns with a header, and at least half of its own."""
    shared = {kind: len(set(columns) & set(header)) for kind, columns in COLUMNS.items()}
    best = max(shared, key=lambda kind: shared[kind] / len(COLUMNS[kind]))
    return best if 2 * shared[best] >= len(COLUMNS[best]) else None

"""Zip files that come out the same whenever and wherever they are made."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from types import TracebackType
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from meterbase.lib.sheets import Sheet
from meterbase.lib.sheets.csv_file import csv_chunks

# The oldest day that the format knows: what is inside says when it was made.
_NO_DAY = (1980, 1, 1, 0, 0, 0)
_READABLE_BY_ALL = 0o644 << 16
_LONGEST_NAME = 80


class Archive:
    """A zip file that is written entry by entry, in the order in which it is told."""

    def __init__(self, path: Path) -> None:
        self._zip = ZipFile(path, "w", ZIP_DEFLATED)

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def add(self, name: str, content: bytes | str) -> None:
        """Add an entry; folders are parted by slashes and made of safe names."""
        entry = ZipInfo(name, _NO_DAY)
        entry.compress_type = ZIP_DEFLATED
        entry.create_system = 3  # the same on every system
        entry.external_attr = _READABLE_BY_ALL
        self._zip.writestr(entry, content)

    def add_table(self, name: str, table: Sheet) -> None:
        """Add a table as CSV."""
        self.add(name, "".join(csv_chunks(table)))


def safe_name(text: str) -> str:
    """Make a name for a file out of any text: no folder, no sign that a system stumbles over."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")
    return name[:_LONGEST_NAME] or "file"

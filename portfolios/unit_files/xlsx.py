"""Reading XLSX workbooks, which anybody may have made, without trusting them."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from portfolios.unit_files.limits import MOST_COLUMNS, MOST_ROWS, MOST_SHEETS
from portfolios.unit_files.sheets import Sheet, UnreadableFile, Workbook, refuse_extent

LARGEST_UNPACKED: Final = 100 * 1024 * 1024
_MOST_PARTS: Final = 1_000
_MEMORY_MB: Final = 1_024
_SECONDS: Final = 20
_CHILD: Final = Path(__file__).with_name("xlsx_child.py")
_DAMAGED = "The file is not an XLSX workbook that can be read. Open it, save it anew, or use CSV."


def read_xlsx(content: bytes) -> Workbook:
    """Read the visible sheets of a workbook.

    Errors: UnreadableFile.
    Effects: runs a short-lived process.
    """
    _refuse_bomb(content)
    read = _run(content)
    notices = []
    if read["more"]:
        notices.append(f"Only the first {MOST_SHEETS} sheets were looked at.")
    return Workbook(tuple(_sheet(found) for found in read["sheets"]), tuple(notices))


def _refuse_bomb(content: bytes) -> None:
    """Refuse by what the archive says of itself; where it lies, the limits of memory catch it."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise UnreadableFile(_DAMAGED) from None
    if any(part.flag_bits & 1 for part in parts):
        raise UnreadableFile("The file is locked by a password. Save it without one.")
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        megabytes = LARGEST_UNPACKED // 1024 // 1024
        raise UnreadableFile(
            f"The file would unpack to more than {megabytes} MB, so it was not opened."
        )


def _run(content: bytes) -> dict[str, Any]:
    limits = (_MEMORY_MB, _SECONDS, MOST_SHEETS, MOST_ROWS, MOST_COLUMNS)
    command = [sys.executable, "-I", str(_CHILD), *map(str, limits)]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=_SECONDS * 2, check=True
        )
    except subprocess.TimeoutExpired:
        raise UnreadableFile("The file takes too long to read.") from None
    except subprocess.CalledProcessError:
        raise UnreadableFile(_DAMAGED) from None
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def _sheet(found: dict[str, Any]) -> Sheet:
    if "extent" in found:
        refuse_extent(*found["extent"], sheet=found["name"])
    return Sheet(found["name"], tuple(map(tuple, found["rows"])))

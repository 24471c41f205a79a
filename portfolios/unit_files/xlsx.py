"""Reading XLSX workbooks, which anybody may have made, without trusting them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Final

from portfolios.unit_files.limits import MOST_COLUMNS, MOST_ROWS, MOST_SHEETS
from portfolios.unit_files.sheets import Sheet, UnreadableFile, Workbook, refuse_extent

LARGEST_UNPACKED: Final = 100 * 1024 * 1024
_MOST_PARTS: Final = 1_000
_MEMORY_MB: Final = 1_024
_SECONDS: Final = 20
_MOST_TEXT: Final = 50 * 1024 * 1024
# What xlsx_child.py ends with when there is more; it is run, not imported: it limits its process.
_TOO_MUCH_TEXT: Final = 3
_CHILD: Final = Path(__file__).with_name("xlsx_child.py")
_DAMAGED = "The file is not an XLSX workbook that can be read. Open it, save it anew, or use CSV."


def read_xlsx(content: bytes) -> Workbook:
    """Read the visible sheets of a workbook.

    Errors: UnreadableFile.
    Effects: runs a short-lived process.
    """
    _refuse_bomb(content)
    lines = iter(_run(content).splitlines())
    more: bool = json.loads(next(lines))["more"]
    notices = (f"Only the first {MOST_SHEETS} sheets were looked at.",) if more else ()
    return Workbook(_sheets(lines), notices)


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


def _run(content: bytes) -> bytes:
    limits = (_MEMORY_MB, _SECONDS, _MOST_TEXT, MOST_SHEETS, MOST_ROWS, MOST_COLUMNS)
    command = [sys.executable, "-I", str(_CHILD), *map(str, limits)]
    with tempfile.TemporaryFile() as answer:
        try:
            subprocess.run(
                command,
                input=content,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS * 2,
                check=True,
            )
        except subprocess.TimeoutExpired:
            raise UnreadableFile("The file takes too long to read.") from None
        except subprocess.CalledProcessError as failure:
            raise _refusal(failure.returncode) from None
        answer.seek(0)
        read = answer.read(_MOST_TEXT + 1)
    if len(read) > _MOST_TEXT:
        raise _refusal(_TOO_MUCH_TEXT)
    return read


def _refusal(exit_code: int) -> UnreadableFile:
    if exit_code != _TOO_MUCH_TEXT:
        return UnreadableFile(_DAMAGED)
    return UnreadableFile(
        f"The file holds more than {_MOST_TEXT // 1024 // 1024} MB of text, the most that is read. "
        "Keep only the sheet and the columns with the units."
    )


def _sheets(lines: Iterable[bytes]) -> tuple[Sheet, ...]:
    """Put sheets together: an object begins one, an array is a row of it."""
    found: list[tuple[str, list[tuple[str, ...]]]] = []
    for line in lines:
        read = json.loads(line)
        if isinstance(read, list):
            found[-1][1].append(tuple(read))
        else:
            if "extent" in read:
                refuse_extent(*read["extent"], sheet=read["name"])
            found.append((read["name"], []))
    return tuple(Sheet(name, tuple(rows)) for name, rows in found)

"""Reading the files of one load together, and refusing all of them when one is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

from portfolios.utility_areas.compact import read_areas, read_utilities, read_zip_codes
from portfolios.utility_areas.files import NotReference, ReferenceText, open_reference
from portfolios.utility_areas.openei import read_openei
from portfolios.utility_areas.rows import (
    COMPACT,
    AreaRow,
    BadRelease,
    Kind,
    Problems,
    Release,
    SourceFile,
    Tally,
    UnreadableReference,
    UtilityKey,
    UtilityRow,
    ZipRow,
)

StoredKeys = Callable[[], Collection[UtilityKey]]
Say = Callable[[str], None]

# Utilities come before the areas that name them.
_ORDER = (Kind.ZIP_CODES, Kind.UTILITIES, Kind.ZIP_UTILITIES, Kind.OPENEI_IOU)
_SUMS = "SHA256SUMS"


def read_release(
    paths: Sequence[Path], *, folder: Path | None = None, stored: StoredKeys, say: Say
) -> Release:
    """Read files of reference data, whatever they are called.

    Shape: the files named, and those of a folder, where other CSV files are left aside; `stored`
        gives the keys of utilities known from an earlier load, and is asked only where no file
        brings the utilities.
    Errors: UnreadableReference; BadRelease with everything that is wrong.
    """
    problems = Problems()
    opened = [_named(path, problems) for path in paths]
    opened += _of_folder(folder, problems, say) if folder else []
    reading = _Reading(problems, stored)
    files = [file for file in opened if file is not None]
    for file in sorted(files, key=lambda file: _ORDER.index(file.kind)):
        say(f"Reading {file.name}")
        reading.take(file)
    if problems.count:
        raise BadRelease(problems)
    return reading.release()


class _Reading:
    """What the files said so far."""

    def __init__(self, problems: Problems, stored: StoredKeys) -> None:
        self._problems = problems
        self._stored = stored
        self._files: dict[Kind, SourceFile] = {}
        self._zip_codes: list[ZipRow] | None = None
        self._utilities: dict[str, list[UtilityRow]] = {}
        self._areas: dict[str, list[AreaRow]] = {}
        self._left_out: frozenset[UtilityKey] = frozenset()
        self._tallies = {name: Tally() for name in ("zip_codes", "utilities", "zip_utilities")}

    def take(self, file: ReferenceText) -> None:
        """Read one file."""
        if file.kind is Kind.ZIP_CODES:
            self._zip_codes = read_zip_codes(file, self._problems, self._tallies["zip_codes"])
            self._note(file, file.kind, len(self._zip_codes), ())
        elif file.kind is Kind.UTILITIES:
            self._take_utilities(file)
        elif file.kind is Kind.ZIP_UTILITIES:
            self._take_areas(file)
        else:
            self._take_openei(file)

    def release(self) -> Release:
        """Sum up."""
        return Release(
            files=tuple(self._files.values()),
            zip_codes=self._zip_codes,
            utilities=self._utilities,
            areas=self._areas,
            tallies=self._tallies,
        )

    def _take_utilities(self, file: ReferenceText) -> None:
        read = read_utilities(file, self._problems, self._tallies["utilities"])
        self._utilities[COMPACT] = read.rows
        self._left_out = read.left_out
        self._note(file, file.kind, len(read.rows), (row.source for row in read.rows))

    def _take_areas(self, file: ReferenceText) -> None:
        brought = self._utilities.get(COMPACT)
        known = (
            self._stored()
            if brought is None
            else {(row.commodity, row.utility_key) for row in brought}
        )
        rows = read_areas(
            file,
            self._problems,
            self._tallies["zip_utilities"],
            known=known,
            left_out=self._left_out,
        )
        self._areas[COMPACT] = rows
        self._note(file, file.kind, len(rows), (row.source for row in rows))

    def _take_openei(self, file: ReferenceText) -> None:
        read = read_openei(file, self._problems, self._tallies["zip_utilities"])
        self._utilities[read.kind] = read.utilities
        self._areas[read.kind] = read.areas
        self._note(file, read.kind, read.row_count, (read.kind,))

    def _note(self, file: ReferenceText, kind: Kind, rows: int, sources: Iterable[str]) -> None:
        before = self._files.get(kind)
        if before is not None:
            reason = f"holds the same as {before.name}: load one release of it at a time"
            self._problems.add(file.name, 1, reason)
        elif not rows and not self._problems.count:
            self._problems.add(file.name, 1, "has no rows that count")
        self._files[kind] = SourceFile(
            kind, file.name, file.sha256, rows, tuple(sorted({*sources}))
        )


def _named(path: Path, problems: Problems) -> ReferenceText | None:
    try:
        return open_reference(path, problems)
    except NotReference as error:
        problems.add(path.name, 1, str(error))
        return None


def _of_folder(folder: Path, problems: Problems, say: Say) -> list[ReferenceText | None]:
    opened: list[ReferenceText | None] = []
    paths = find_files(folder)
    for path in paths:
        try:
            opened.append(open_reference(path, problems))
        except NotReference:
            say(f"{path.name} is no reference data: left aside")
    if not opened:
        raise UnreadableReference(
            f"None of the {len(paths)} CSV files in {folder} is reference data."
        )
    return opened


def find_files(folder: Path) -> list[Path]:
    """Find the CSV files of a folder.

    Errors: UnreadableReference when there are none; BadRelease when the folder has a list of
        checksums, and a file does not agree with it.
    """
    try:
        names = sorted(folder.iterdir())
    except OSError as error:
        raise UnreadableReference(f"{folder} cannot be read: {error.strerror}.") from error
    found = [path for path in names if path.name.casefold().endswith((".csv", ".csv.gz"))]
    if not found:
        raise UnreadableReference(f"There is no .csv or .csv.gz file in {folder}.")
    _verify(folder / _SUMS, found)
    return found


def _verify(sums: Path, found: Sequence[Path]) -> None:
    if not sums.is_file():
        return
    problems = Problems()
    here = {path.name: path for path in found}
    try:
        lines = sums.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, start=1):
            digest, _, name = line.partition(" ")
            path = here.get(name.strip().removeprefix("*"))
            if path and hashlib.sha256(path.read_bytes()).hexdigest() != digest.casefold():
                problems.add(_SUMS, number, f"{path.name} is not the file of this checksum")
    except OSError as error:
        raise UnreadableReference(f"{error.filename} cannot be read: {error.strerror}.") from error
    if problems.count:
        raise BadRelease(problems)

"""Loading reference data: all of a release or nothing of it, and what is gone is retired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from portfolios.models import (
    Dataset,
    Property,
    ReferenceFile,
    ReferenceRelease,
    User,
    UtilityArea,
    UtilityProvider,
    ZipCode,
)
from portfolios.operations.audit import record_event
from portfolios.operations.reference_tables import Say, TableChange, change_table
from portfolios.operations.utilities import link_utilities
from portfolios.utility_areas.reading import read_release
from portfolios.utility_areas.rows import AreaRow, Release, UtilityRow, ZipRow
from portfolios.utility_look_up import current_files

# Any number that no other lock of ours has; two loads at once take turns.
_LOCK = 7_301_894_512

_UTILITY_COLUMNS = (
    "dataset",
    "name",
    "state",
    "source",
    "ownership",
    "eia_id",
    "eia_id_match",
    "pwsid",
    "population_served",
    "service_area_type",
    "zip_count",
)
_ZIP_COLUMNS = ("city", "state", "county", "county_fips", "latitude", "longitude")
_AREA_COLUMNS = ("dataset", "rank", "confidence", "source")


@dataclass(frozen=True, slots=True)
class TableReport:
    """What a load did, or would do, to one table."""

    created: int
    updated: int
    unchanged: int
    retired: int
    rejected: int
    repeated: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did, or would do.

    Shape: `release` is None for a dry run, and where no file brought anything new.
    """

    tables: Mapping[str, TableReport]
    release: ReferenceRelease | None
    is_dry_run: bool
    properties_changed: int


def load_reference(
    *,
    paths: Sequence[Path],
    folder: Path | None = None,
    dry_run: bool = False,
    by: User | None,
    now: datetime,
    say: Say = lambda _text: None,
) -> LoadReport:
    """Load files of reference data, and look all properties up again.

    Errors: UnreadableReference, BadRelease; nothing is stored then.
    Effects: in one transaction rows of ZIP codes, utilities and areas, a release, what properties
        are linked to without a person's word, an audit event. A dry run has none.
    """
    read = read_release(paths, folder=folder, stored=_stored_keys, say=say)
    with transaction.atomic():
        _take_turns()
        changes = _Load(read, now=now, say=say, dry_run=dry_run).run()
        tables = {name: _report(read, name, change) for name, change in changes.items()}
        release, linked = None, 0
        if not dry_run and (_is_new(read) or any(map(_has_changes, tables.values()))):
            release = _record(read, tables, by=by, now=now)
        if not dry_run:
            say("Looking the properties up")
            linked = link_utilities(places=_places(), now=now)
    return LoadReport(tables, release, dry_run, linked)


def _places() -> list[Property]:
    return list(Property.objects.select_related("portfolio").order_by("pk"))


def _stored_keys() -> set[tuple[str, str]]:
    compact = UtilityProvider.objects.filter(dataset=Dataset.COMPACT, retired_at=None)
    return set(compact.values_list("commodity", "utility_key"))


def _take_turns() -> None:
    """Let no second load in before this one's transaction ends; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


class _Load:
    """Bringing three tables to what a release says."""

    def __init__(self, read: Release, *, now: datetime, say: Say, dry_run: bool) -> None:
        self._read = read
        self._now = now
        self._say = say
        self._dry_run = dry_run

    def run(self) -> dict[str, TableChange]:
        """Change the tables that the release has rows of."""
        changes: dict[str, TableChange] = {}
        if self._read.zip_codes is not None:
            changes["zip_codes"] = self._zip_codes(self._read.zip_codes)
        for dataset, rows in self._read.utilities.items():
            _add(changes, "utilities", self._utilities(dataset, rows))
        for dataset, areas in self._read.areas.items():
            _add(changes, "zip_utilities", self._areas(dataset, areas))
        return changes

    def _zip_codes(self, rows: Sequence[ZipRow]) -> TableChange:
        return change_table(
            ZipCode.objects.all(),
            key=("zip_code",),
            columns=_ZIP_COLUMNS,
            rows={
                (row.zip_code,): tuple(getattr(row, column) for column in _ZIP_COLUMNS)
                for row in rows
            },
            now=self._now,
            say=self._say,
            dry_run=self._dry_run,
        )

    def _utilities(self, dataset: str, rows: Sequence[UtilityRow]) -> TableChange:
        columns = _UTILITY_COLUMNS[1:]
        return change_table(
            UtilityProvider.objects.filter(dataset=dataset),
            key=("commodity", "utility_key"),
            columns=_UTILITY_COLUMNS,
            rows={
                (row.commodity, row.utility_key): (
                    str(dataset),
                    *(getattr(row, column) for column in columns),
                )
                for row in rows
            },
            now=self._now,
            say=self._say,
            dry_run=self._dry_run,
        )

    def _areas(self, dataset: str, rows: Sequence[AreaRow]) -> TableChange:
        key_of = {
            (commodity, key): pk
            for commodity, key, pk in UtilityProvider.objects.filter(dataset=dataset).values_list(
                "commodity", "utility_key", "pk"
            )
        }
        if self._dry_run:
            # A new utility has no row then; whatever stands for it is new as well.
            new = self._new_keys(dataset, key_of)
            key_of |= {key: -number for number, key in enumerate(new, 1)}
        return change_table(
            UtilityArea.objects.filter(dataset=dataset),
            key=("zip_code", "commodity", "utility_id"),
            columns=_AREA_COLUMNS,
            rows={
                (row.zip_code, row.commodity, key_of[row.commodity, row.utility_key]): (
                    str(dataset),
                    row.rank,
                    row.confidence,
                    str(row.source),
                )
                for row in rows
            },
            now=self._now,
            say=self._say,
            dry_run=self._dry_run,
        )

    def _new_keys(
        self, dataset: str, known: Mapping[tuple[str, str], int]
    ) -> list[tuple[str, str]]:
        brought = self._read.utilities.get(dataset, ())
        keys = ((row.commodity, row.utility_key) for row in brought)
        return [key for key in keys if key not in known]


def _add(changes: dict[str, TableChange], name: str, change: TableChange) -> None:
    changes[name] = changes[name] + change if name in changes else change


def _report(read: Release, name: str, change: TableChange) -> TableReport:
    tally = read.tallies[name]
    return TableReport(
        **asdict(change),
        rejected=sum(tally.rejected.values()),
        repeated=tally.repeated,
        reasons=tally.rejected,
    )


def _has_changes(report: TableReport) -> bool:
    return bool(report.created or report.updated or report.retired)


def _is_new(read: Release) -> bool:
    """Tell whether a file is another than the one of its kind that was loaded last."""
    current = current_files()
    return any(
        file.kind not in current or current[file.kind].sha256 != file.sha256 for file in read.files
    )


def _record(
    read: Release, tables: Mapping[str, TableReport], *, by: User | None, now: datetime
) -> ReferenceRelease:
    counts = {name: asdict(report) for name, report in tables.items()}
    release = ReferenceRelease.objects.create(loaded_at=now, loaded_by=by, counts=counts)
    ReferenceFile.objects.bulk_create(
        ReferenceFile(
            release=release,
            kind=str(file.kind),
            name=file.name[:200],
            sha256=file.sha256,
            row_count=file.row_count,
            sources=[str(source) for source in file.sources],
        )
        for file in read.files
    )
    names = [file.name for file in read.files]
    after: dict[str, object] = {"files": names, "counts": counts}
    record_event(verb="reference.loaded", subject=release, by=by, now=now, after=after)
    return release

from __future__ import annotations

import json
import shutil
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from portfolios.models import (
    AuditEvent,
    ReferenceFile,
    ReferenceRelease,
    UtilityArea,
    UtilityProvider,
    ZipCode,
)
from portfolios.tests.reference_files import (
    AREA_HEADER,
    AREAS,
    UTILITIES,
    ZIPS,
    write_compact,
    write_csv,
    write_openei,
)

pytestmark = pytest.mark.django_db

REFERENCE = settings.BASE_DIR.parent / "shared" / "data" / "reference"


Json = dict[str, Any]


def load(*paths: Path | str, **options: object) -> Json:
    said = StringIO()
    call_command(
        "load_utilities", *map(str, paths), as_json=True, stdout=said, stderr=StringIO(), **options
    )
    found: Json = json.loads(said.getvalue())
    return found


def counts(report: Json, table: str) -> tuple[int, int, int, int]:
    found = report["tables"][table]
    return (found["created"], found["updated"], found["unchanged"], found["retired"])


def refused(*paths: Path | str, **options: object) -> CommandError:
    with pytest.raises(CommandError) as caught:
        load(*paths, **options)
    return caught.value


def stored_rows() -> list[list[tuple[object, ...]]]:
    models = (ZipCode, UtilityProvider, UtilityArea, ReferenceRelease, ReferenceFile)
    return [list(model.objects.order_by("pk").values_list()) for model in models]


def test_it_loads_the_compact_set(tmp_path):
    report = load(*write_compact(tmp_path))
    assert counts(report, "zip_codes") == (6, 0, 0, 0)
    assert counts(report, "utilities") == (8, 0, 0, 0)
    assert counts(report, "zip_utilities") == (11, 0, 0, 0)
    assert ZipCode.objects.get(zip_code="02139").city == "Cambridge"
    assert UtilityProvider.objects.get(utility_key="pws-tx1").population_served == 980_000
    area = UtilityArea.objects.get(zip_code="98122", rank=1)
    assert (area.utility.name, area.confidence) == ("Seattle City Light", "medium")


def test_a_release_tells_its_files_counts_and_who_loaded_it(tmp_path, cast):
    report = load(*write_compact(tmp_path), by="manager")
    release = ReferenceRelease.objects.get(pk=report["release"])
    assert release.loaded_by == cast.manager
    assert release.counts["zip_utilities"]["created"] == 11
    file = release.files.get(kind="zip_utilities")
    assert (file.name, file.row_count) == ("zip_utilities.csv", 11)
    assert file.sources == ["hand-1", "hand-w"]
    assert len(file.sha256) == 64
    assert AuditEvent.objects.get(verb="reference.loaded").actor == cast.manager


def test_a_second_load_changes_nothing(tmp_path):
    paths = [*write_compact(tmp_path), *write_openei(tmp_path)]
    load(*paths)
    before = stored_rows()
    report = load(*paths)
    assert counts(report, "zip_codes") == (0, 0, 6, 0)
    assert counts(report, "utilities") == (0, 0, 8 + 3 + 3, 0)
    assert counts(report, "zip_utilities") == (0, 0, 11 + 3 + 3, 0)
    assert report["release"] is None
    assert stored_rows() == before


def test_what_is_missing_from_a_new_release_is_retired_and_comes_back(tmp_path):
    load(*write_compact(tmp_path))
    fewer = write_compact(
        tmp_path / "new",
        zips=ZIPS[1:],
        utilities=[row for row in UTILITIES if "Puget" not in row],
        areas=[row for row in AREAS if "wa-pse" not in row],
    )
    report = load(*fewer)
    assert counts(report, "zip_codes") == (0, 0, 5, 1)
    assert counts(report, "utilities") == (0, 0, 7, 1)
    assert counts(report, "zip_utilities") == (0, 0, 10, 1)
    assert UtilityProvider.objects.get(utility_key="wa-pse").retired_at is not None
    assert counts(load(*fewer), "utilities") == (0, 0, 7, 0)
    assert counts(load(*write_compact(tmp_path)), "utilities") == (0, 1, 7, 0)
    assert not UtilityProvider.objects.exclude(retired_at=None).exists()


def test_a_changed_row_is_updated(tmp_path):
    load(*write_compact(tmp_path))
    renamed = [row.replace("Austin Energy", "City of Austin Energy") for row in UTILITIES]
    swapped = [
        row.replace("wa-scl,1,medium", "wa-scl,2,").replace("wa-pse,2,", "wa-pse,1,low")
        for row in AREAS
    ]
    report = load(*write_compact(tmp_path, utilities=renamed, areas=swapped))
    assert counts(report, "utilities") == (0, 1, 7, 0)
    assert counts(report, "zip_utilities") == (0, 2, 9, 0)
    assert UtilityProvider.objects.get(utility_key="tx-austin").name == "City of Austin Energy"


def test_openeis_files_are_told_apart_by_their_rows(tmp_path):
    iou, non_iou = write_openei(tmp_path)
    report = load(non_iou.rename(tmp_path / "a.csv"), iou.rename(tmp_path / "b.csv"))
    assert set(ReferenceFile.objects.values_list("kind", "name")) == {
        ("openei_iou", "b.csv"),
        ("openei_non_iou", "a.csv"),
    }
    table = report["tables"]["zip_utilities"]
    assert table["reasons"] == {
        "sells energy over the wires of others": 2,
        "sells to other utilities only": 1,
    }
    assert (table["created"], table["rejected"], table["repeated"]) == (6, 3, 2)
    assert UtilityArea.objects.filter(zip_code="02139").exists()


def test_one_of_openeis_files_does_not_retire_the_others_rows(tmp_path):
    iou, non_iou = write_openei(tmp_path)
    load(iou)
    report = load(non_iou)
    assert counts(report, "zip_utilities") == (3, 0, 0, 0)
    assert not UtilityArea.objects.exclude(retired_at=None).exists()


def test_a_dry_run_counts_and_stores_nothing(tmp_path):
    report = load(*write_compact(tmp_path), dry_run=True)
    assert counts(report, "zip_utilities") == (11, 0, 0, 0)
    assert report["release"] is None
    assert not any(stored_rows())


def test_a_load_that_breaks_off_leaves_nothing_behind(tmp_path, monkeypatch):
    def break_off(**_what: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("portfolios.operations.utility_reference.link_utilities", break_off)
    with pytest.raises(KeyboardInterrupt):
        load(*write_compact(tmp_path))
    assert not any(stored_rows())


def test_a_folder_is_loaded_whole_and_other_files_in_it_are_left_aside(tmp_path):
    write_compact(tmp_path)
    write_csv(tmp_path / "buildings.csv", "id,name,address", ["1,A,B"])
    report = load(folder=tmp_path)
    assert counts(report, "zip_utilities") == (11, 0, 0, 0)
    assert ReferenceFile.objects.count() == 3


def test_every_problem_is_named_by_file_and_line_and_nothing_is_stored(tmp_path):
    paths = write_compact(
        tmp_path,
        zips=[*ZIPS, "2139,Cambridge,MA,Middlesex,25017,42,-71", "10001,New York,NY,,,91,-74"],
        areas=[
            *AREAS,
            "78704,electric,tx-nobody,2,,hand-1",
            "78704,steam,tx-austin,2,,hand-1",
            "98122,electric,co-xcel,2,,hand-1",
            "98122,electric,wa-pse,3,,hand-1",
            "98122,electric,co-xcel,0,,hand-1",
            "98122,electric,co-xcel,4,sure,hand-1",
            "98122,electric",
        ],
    )
    error = refused(*paths)
    assert error.returncode == 1
    lines = str(error).splitlines()
    assert lines[:2] == [
        "zip_codes.csv:8: ZIP code “2139” is not five digits",
        "zip_codes.csv:9: lat 91 is not between -90 and 90",
    ]
    assert lines[2:9] == [
        "zip_utilities.csv:13: electric utility “tx-nobody” is not known",
        "zip_utilities.csv:14: commodity “steam” is none of electric, gas, water",
        "zip_utilities.csv:15: rank 2 of electric of 98122 is taken already",
        "zip_utilities.csv:16: “wa-pse” stands twice for electric of 98122",
        "zip_utilities.csv:17: rank “0” is not a number from 1 to 999",
        "zip_utilities.csv:18: confidence “sure” is none of high, low, medium",
        "zip_utilities.csv:19: the header names 6 columns, this row has 2",
    ]
    assert lines[9] == "9 found; nothing was stored."
    assert not any(stored_rows())


def test_only_the_first_fifty_problems_are_written_out(tmp_path):
    bad = [f"x{number},electric,tx-austin,1,high,hand-1" for number in range(70)]
    lines = str(refused(*write_compact(tmp_path, areas=bad))).splitlines()
    assert len(lines) == 52
    assert lines[50:] == ["and 20 more", "70 found; nothing was stored."]


def test_the_problems_can_be_had_as_json(tmp_path):
    said = StringIO()
    paths = write_compact(tmp_path, zips=["1,A,MA,B,1,1,1"])
    with pytest.raises(CommandError):
        call_command(
            "load_utilities", *map(str, paths), as_json=True, stdout=said, stderr=StringIO()
        )
    found = json.loads(said.getvalue())
    assert found["error_count"] == 1
    assert found["errors"] == ["zip_codes.csv:2: ZIP code “1” is not five digits"]


def test_a_file_that_is_not_there_cannot_be_read(tmp_path):
    error = refused(tmp_path / "none.csv")
    assert error.returncode == 2
    assert "none.csv cannot be read: No such file" in str(error)
    assert refused(folder=tmp_path).returncode == 2
    assert refused(folder=tmp_path / "nowhere").returncode == 2
    assert refused().returncode == 2


def test_a_broken_gzip_file_cannot_be_read(tmp_path):
    paths = write_compact(tmp_path)
    packed = paths[1].read_bytes()
    paths[1].write_bytes(packed[: len(packed) // 2])
    assert refused(*paths).returncode == 2
    assert not any(stored_rows())


def test_areas_alone_need_utilities_that_are_stored(tmp_path):
    _zips, utilities, areas = write_compact(tmp_path)
    assert "is not known" in str(refused(areas))
    load(utilities)
    assert counts(load(areas), "zip_utilities") == (11, 0, 0, 0)


def test_two_files_of_one_kind_are_refused(tmp_path):
    paths = write_compact(tmp_path)
    again = write_csv(tmp_path / "zip_utilities_old.csv", AREA_HEADER, AREAS)
    error = refused(*paths, again)
    assert "zip_utilities_old.csv:1: holds the same as zip_utilities.csv" in str(error)


def test_a_checksum_that_differs_is_refused(tmp_path):
    write_compact(tmp_path)
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  zip_codes.csv\n")
    error = refused(folder=tmp_path)
    assert error.returncode == 1
    assert str(error).startswith("SHA256SUMS:1: zip_codes.csv is not the file")


def test_the_words_for_people_name_what_changed(tmp_path):
    said, progress = StringIO(), StringIO()
    paths = [*write_compact(tmp_path), *write_openei(tmp_path)]
    call_command("load_utilities", *map(str, paths), stdout=said, stderr=progress)
    assert "Utilities by ZIP code           17         0         0         0" in said.getvalue()
    assert "rejected, sells to other utilities only: 1" in said.getvalue()
    assert "Reading zip_codes.csv" in progress.getvalue()
    assert "ZIP codes: 6 of 6" in progress.getvalue()


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the public reference files are not here")
def test_the_full_set_loads_within_a_minute_and_a_second_time_unchanged(tmp_path):
    for name in ("zip_codes", "utilities", "zip_utilities"):
        shutil.copy(REFERENCE / f"{name}.csv.gz", tmp_path)
    started = time.monotonic()
    report = load(folder=tmp_path)
    took = time.monotonic() - started
    assert sum(table["created"] for table in report["tables"].values()) == 211_187
    assert took < 60
    report = load(folder=tmp_path)
    assert sum(table["unchanged"] for table in report["tables"].values()) == 211_187
    assert report["release"] is None

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from portfolios.utility_areas import files
from portfolios.utility_areas.reading import read_release
from portfolios.utility_areas.rows import BadRelease, Kind, Release, UnreadableReference
from portfolios.utility_areas.zips import restored_zip_code

ZIPS = "zip,city,state,county,county_fips,lat,lon\n78704,Austin,TX,Travis,48453,30.2,-97.7\n"
UTILITIES = (
    "utility_key,commodity,name,state,ownership,eiaid,eiaid_match,pwsid,population_served,"
    "service_area_type,zip_count,source\n"
)
OPENEI = "zip,eiaid,utility_name,state,service_type,ownership\n"


def read(*paths: Path) -> Release:
    return read_release(paths, stored=frozenset, say=lambda _text: None)


def written(tmp_path: Path, text: str | bytes, name: str = "x.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problem_of(*paths: Path) -> str:
    with pytest.raises(BadRelease) as caught:
        read(*paths)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "state", "expected"),
    [
        ("78704", "TX", "78704"),
        ("2139", "MA", "02139"),
        ("501", "NY", "00501"),
        ("6390", "NY", "06390"),
        ("601", "PR", "00601"),
        ("5501", "MA", "05501"),
        ("5501", "VT", None),
        ("2139", "TX", None),
        ("12", "MA", None),
        ("", "MA", None),
        ("2139.0", "MA", None),
        ("٢١٣٩", "MA", None),
    ],
)
def test_a_lost_zero_comes_back_only_where_the_state_has_such_codes(text, state, expected):
    assert restored_zip_code(text, state=state) == expected


def test_columns_may_stand_in_any_order_with_others_between(tmp_path):
    text = "lon,zip,extra,State,city,county,county_fips,lat\n-97.7,78704,?,TX,Austin,T,1,30\n"
    release = read(written(tmp_path, text))
    assert release.zip_codes is not None
    assert (release.zip_codes[0].zip_code, release.zip_codes[0].state) == ("78704", "TX")


def test_a_byte_order_mark_and_carriage_returns_do_no_harm(tmp_path):
    release = read(written(tmp_path, "\ufeff" + ZIPS.replace("\n", "\r\n")))
    assert [file.kind for file in release.files] == [Kind.ZIP_CODES]


def test_a_packed_file_is_known_by_its_content(tmp_path):
    assert read(written(tmp_path, gzip.compress(ZIPS.encode()), "zips.csv")).zip_codes


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "x.csv:1: is empty"),
        (ZIPS.split("\n")[0].encode(), "x.csv:1: has no rows that count"),
        (ZIPS.replace(",", "\t").encode(), "x.csv:1: is no reference file"),
        (ZIPS.replace("county,", "", 1).encode(), "x.csv:1: the column “county” is missing"),
        (ZIPS.encode() + b"78705,\xff,TX,,,,\n", "x.csv:3: is not UTF-8"),
        (ZIPS.encode() + b"78705,\0,TX,,,,\n", "x.csv:3: has a NUL character"),
        (ZIPS.encode() + b'78705,"Aus"tin,TX,,,,\n', "x.csv:3: cannot be read as CSV"),
        (ZIPS.encode() * 2, "x.csv:3: ZIP code “zip” is not five digits"),
        (ZIPS.encode() + ZIPS.split("\n")[1].encode(), "x.csv:3: ZIP code 78704 stands there"),
        (ZIPS.replace("TX", "Texas").encode(), "x.csv:2: state “Texas” is not two letters"),
        (ZIPS.replace("30.2", "nan").encode(), "x.csv:2: lat nan is not between -90 and 90"),
        (ZIPS.replace("Austin", "A" * 101).encode(), "x.csv:2: city is longer than 100"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, content, complaint):
    assert complaint in problem_of(written(tmp_path, content))


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGEST_BYTES", 1024 * 1024)
    packed = gzip.compress(b"0" * 2 * 1024 * 1024)
    assert "is larger than 1 MB" in problem_of(written(tmp_path, packed))


def test_a_folder_in_place_of_a_file_cannot_be_read(tmp_path):
    with pytest.raises(UnreadableReference):
        read(tmp_path)


def test_a_pseudo_zip_code_is_left_out(tmp_path):
    release = read(written(tmp_path, ZIPS + "00002,Nowhere,AK,,,,\n"))
    assert release.tallies["zip_codes"].rejected == {"no real ZIP code": 1}


def test_what_is_listed_as_electric_and_is_not_is_left_out_with_its_areas(tmp_path):
    utilities = written(
        tmp_path,
        UTILITIES
        + "ca-sce,electric,Southern California Edison,CA,,,,,,,,s\n"
        + "ca-scg,electric,Southern California Gas (SoCalGas),CA,,,,,,,,s\n"
        + "ca-scg,gas,Southern California Gas (SoCalGas),CA,,,,,,,,s\n"
        + "ma-dec,electric,MA Designated Equity Communities,MA,,,,,,,,s\n"
        + "wa-steam,electric,Seattle Steam Co,WA,,,,,,,,s\n"
        + "co-ss,electric,Steamboat Springs Electric,CO,,,,,,,,s\n",
        "u.csv",
    )
    areas = written(
        tmp_path,
        "zip,commodity,utility_key,rank,confidence,source\n"
        "90001,electric,ca-scg,1,high,s\n90001,electric,ca-sce,2,,s\n90001,gas,ca-scg,1,high,s\n",
        "a.csv",
    )
    release = read(areas, utilities)
    kept = [(row.commodity, row.utility_key) for row in release.utilities["compact"]]
    assert kept == [("electric", "ca-sce"), ("gas", "ca-scg"), ("electric", "co-ss")]
    assert sum(release.tallies["utilities"].rejected.values()) == 3
    assert release.tallies["zip_utilities"].rejected == {"its utility is left out": 1}


def test_a_water_system_without_a_name_is_called_by_its_id(tmp_path):
    row = "pws-1,water,,TX,,,,TX0000001,500,,,s\n"
    release = read(written(tmp_path, UTILITIES + row))
    assert release.utilities["compact"][0].name == "Water system TX0000001"


def test_openeis_bundled_and_delivery_rows_are_one(tmp_path):
    rows = "".join(
        f"60614,4110,ComEd,IL,{service},Investor Owned\n" for service in ("Bundled", "Delivery")
    )
    release = read(written(tmp_path, OPENEI + rows))
    assert len(release.areas["openei_iou"]) == 1
    assert release.tallies["zip_utilities"].repeated == 1
    assert release.utilities["openei_iou"][0].zip_count == 1


def test_a_short_zip_code_of_another_state_is_refused(tmp_path):
    row = "2139,1,Some Power,TX,Bundled,Municipal\n"
    assert "x.csv:2: ZIP code “2139” is not five digits, and no ZIP code of TX" in problem_of(
        written(tmp_path, OPENEI + row)
    )

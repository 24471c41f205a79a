from __future__ import annotations

import csv
from collections import Counter

import pytest
from django.conf import settings
from django.utils import timezone

from integrations.pms.addresses import five_digit_zip
from portfolios.models import Commodity, LookUpStatus, UtilityArea, UtilityProvider, ZipCode
from portfolios.operations.utility_reference import load_reference
from portfolios.tests.reference_files import ZIPS, write_compact, write_openei
from portfolios.utility_look_up import LookUp, Question, look_up, look_up_all

pytestmark = pytest.mark.django_db

SHARED = settings.BASE_DIR.parent / "shared" / "data"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the public reference files are not here"
)


def load(paths) -> None:
    load_reference(paths=paths, by=None, now=timezone.now())


@pytest.fixture
def compact(tmp_path) -> None:
    load(write_compact(tmp_path))


def names(found: LookUp) -> list[str]:
    return [candidate.name for candidate in found.candidates]


def test_one_sure_candidate_is_a_match(compact):
    found = look_up("78704", "electric")
    assert found.status == LookUpStatus.MATCHED
    (candidate,) = found.candidates
    assert (candidate.name, candidate.confidence, candidate.source) == (
        "Austin Energy",
        "high",
        "hand-1",
    )


def test_several_candidates_are_a_ranked_choice(compact):
    found = look_up("98122", "electric")
    assert found.status == LookUpStatus.CHOOSE
    assert names(found) == ["Seattle City Light", "Puget Sound Energy"]


def test_one_candidate_that_is_not_sure_is_a_choice(compact):
    UtilityArea.objects.filter(zip_code="78704", commodity="electric").update(confidence="low")
    assert look_up("78704", "electric").status == LookUpStatus.CHOOSE


def test_a_candidate_of_another_state_is_never_a_match(compact):
    UtilityProvider.objects.filter(utility_key="tx-austin").update(state="OK")
    found = look_up("78704", "electric")
    assert found.status == LookUpStatus.CHOOSE
    assert found.candidates[0].is_cross_state


def test_no_data_for_a_state_is_told_apart_from_no_data_for_a_zip_code(compact):
    in_texas = look_up("78704", "gas")
    assert (in_texas.status, in_texas.has_commodity, in_texas.covers_state) == (
        LookUpStatus.NOT_COVERED,
        True,
        False,
    )
    UtilityArea.objects.filter(commodity="gas").delete()
    in_colorado = look_up("80203", "gas")
    assert (in_colorado.status, in_colorado.covers_state) == (LookUpStatus.NOT_COVERED, True)


def test_a_commodity_that_no_file_brought_is_not_covered(tmp_path):
    load(write_openei(tmp_path))
    found = look_up("60614", "water")
    assert (found.status, found.has_commodity) == (LookUpStatus.NOT_COVERED, False)


@pytest.mark.parametrize(
    "text", ["", "0", "00000", "2139", "98101.0", "K1A 0B1", "٦٠٦١٤", "606145"]
)
def test_what_is_no_zip_code_is_not_looked_up(compact, text):
    assert look_up(text, "electric").status == LookUpStatus.INVALID_ZIP


@pytest.mark.parametrize("text", ["78704-1234", "787041234", " 78704 "])
def test_the_last_four_digits_of_a_zip_code_do_not_count(compact, text):
    assert look_up(text, "electric").zip_code == "78704"


def test_a_leading_zero_counts(compact):
    assert names(look_up("02139", "electric")) == ["Eversource"]


def test_a_zip_code_that_is_nowhere_is_unknown(compact):
    assert look_up("60627", "electric").status == LookUpStatus.UNKNOWN_ZIP


def test_never_loaded_is_told_apart_from_everything_else(tmp_path):
    assert look_up("78704", "electric").status == LookUpStatus.NO_REFERENCE_DATA
    load(write_compact(tmp_path)[:2])
    assert ZipCode.objects.exists()
    assert look_up("78704", "electric").status == LookUpStatus.NO_REFERENCE_DATA


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (None, LookUpStatus.MATCHED),
        ("TX", LookUpStatus.MATCHED),
        ("", LookUpStatus.CHOOSE),
        ("CA", LookUpStatus.STATE_DIFFERS),
    ],
)
def test_a_property_of_another_state_is_no_match(compact, state, status):
    found = look_up("78704", "electric", state)
    assert found.status == status
    assert names(found) == ["Austin Energy"]


def test_a_zip_code_without_a_state_agrees_with_none(compact):
    ZipCode.objects.filter(zip_code="78704").update(state="")
    assert look_up("78704", "electric", "TX").status == LookUpStatus.CHOOSE


def test_what_is_retired_is_no_candidate(compact, tmp_path, now):
    UtilityArea.objects.filter(utility__utility_key="wa-scl").update(retired_at=now)
    assert names(look_up("98122", "electric")) == ["Puget Sound Energy"]
    UtilityProvider.objects.filter(utility_key="wa-pse").update(retired_at=now)
    assert look_up("98122", "electric").status == LookUpStatus.NOT_COVERED
    load(write_compact(tmp_path, zips=ZIPS[1:]))
    assert look_up("78704", "electric", "TX").status == LookUpStatus.MATCHED


def test_water_without_an_area_takes_a_hint_from_the_nearest_zip_code_of_the_city(compact):
    found = look_up("78755", "water")
    assert (found.status, found.candidates) == (LookUpStatus.NOT_COVERED, ())
    assert found.neighbour_zip == "78731"
    assert [neighbour.name for neighbour in found.neighbours] == ["Austin Water"]
    assert look_up("78755", "gas").neighbours == ()


def test_one_of_openeis_files_alone_is_never_sure(tmp_path):
    iou, non_iou = write_openei(tmp_path)
    load([iou])
    assert look_up("94110", "electric").status == LookUpStatus.CHOOSE
    assert look_up("60614", "electric").status == LookUpStatus.CHOOSE
    load([non_iou])
    assert look_up("60614", "electric", "IL").status == LookUpStatus.MATCHED
    assert names(look_up("94110", "electric")) == [
        "City & County of San Francisco",
        "Pacific Gas & Electric Co.",
    ]
    assert look_up("94110", "electric").status == LookUpStatus.CHOOSE


def test_a_company_in_both_of_openeis_files_is_one_candidate(tmp_path):
    row = "60614,4110,Commonwealth Edison Co,IL,Bundled,{},0,0,0"
    others = tuple(row.replace("60614", f"6070{n}").format("Municipal") for n in range(3))
    load(
        write_openei(
            tmp_path, iou=[row.format("Investor Owned")], non_iou=[row.format("State"), *others]
        )
    )
    assert look_up("60614", "electric", "IL").status == LookUpStatus.MATCHED


def test_sellers_without_wires_are_no_candidates(tmp_path):
    load(write_openei(tmp_path))
    assert names(look_up("37203", "electric")) == ["Nashville Electric Service"]
    assert look_up("73344", "electric").status == LookUpStatus.UNKNOWN_ZIP
    assert names(look_up("02139", "electric")) == ["Town of Somewhere"]


def test_the_compact_set_is_asked_before_openei(tmp_path):
    iou = ("78704,99,Some Power Co,TX,Bundled,Investor Owned,0,0,0",)
    load([*write_compact(tmp_path), *write_openei(tmp_path, iou=iou)])
    assert names(look_up("78704", "electric")) == ["Austin Energy"]
    assert names(look_up("94110", "electric")) == ["City & County of San Francisco"]


def test_many_are_looked_up_with_few_statements(compact, django_assert_max_num_queries):
    questions = [Question(row[:5], commodity, "TX") for row in ZIPS * 10 for commodity in Commodity]
    with django_assert_max_num_queries(20):
        found = look_up_all(questions)
    assert [answer.zip_code for answer in found] == [question.zip_code for question in questions]


@needs_shared
def test_real_buildings_of_chicago_and_seattle_find_their_utilities():
    load_reference(paths=[], folder=SHARED / "reference", by=None, now=timezone.now())
    chicago = _electric("chicago_2014_2017_multifamily_buildings.csv", "ZIP Code", "IL")
    assert chicago == {("matched", "Commonwealth Edison"): 3049, ("unknown_zip", ""): 3}
    seattle = _electric("seattle_2016_multifamily_buildings.csv", "ZipCode", "WA")
    right = sum(count for (_status, name), count in seattle.items() if "Seattle City" in name)
    assert right == 1704
    floats = _electric("seattle_2016_multifamily_floatzip_variant.csv", "ZipCode", "WA")
    assert floats == seattle
    odd = _electric("chicago_nonstandard_zip_rows.csv", "ZIP Code", "IL")
    assert sum(odd.values()) == 54
    assert {name for _status, name in odd if name} == {name for _status, name in chicago if name}


def _electric(file: str, column: str, state: str) -> Counter[tuple[str, str]]:
    with (SHARED / "realworld" / file).open(encoding="utf-8-sig", newline="") as lines:
        codes = [five_digit_zip(row[column], state=state) for row in csv.DictReader(lines)]
    different = sorted(set(codes))
    answers = look_up_all([Question(code, Commodity.ELECTRIC, state) for code in different])
    first = {
        code: (str(answer.status), names(answer)[0] if answer.candidates else "")
        for code, answer in zip(different, answers, strict=True)
    }
    return Counter(first[code] for code in codes)

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portfolios.unit_files.findings import Weight
from portfolios.unit_files.matching import Matched, UnitName, match_rows
from portfolios.unit_files.rows import FileRow


def units(*names: str, building: str = "") -> list[UnitName]:
    return [
        UnitName(pk=number, propexo_unit_id=f"unit_{number}", unit_number=name, building=building)
        for number, name in enumerate(names, start=1)
    ]


def row(number: int, unit: str = "", **more: object) -> FileRow:
    values = {"values": {"sqft": "800"}, **more}
    return FileRow(number=number, unit=unit, **values)  # type: ignore[arg-type] # values by name


def found(matched: Matched) -> dict[int, str]:
    return {number: unit.unit_number for number, unit in matched.units.items()}


def left_out(matched: Matched) -> dict[int, str]:
    return {
        finding.row: finding.message
        for finding in matched.findings
        if finding.weight == Weight.LEFT_OUT
    }


def test_units_are_found_by_their_numbers_however_they_are_written():
    rows = [row(2, "Apt 101"), row(3, "#A-202 "), row(4, "3 b"), row(5, "104.0")]
    matched = match_rows(rows, units("101", "A-202", "3B", "104"))
    assert found(matched) == {2: "101", 3: "A-202", 4: "3B", 5: "104"}
    notes = [finding.message for finding in matched.findings]
    assert notes == ["“3 b” is taken for unit 3B, whose number the PMS writes otherwise."]


def test_the_very_same_text_wins_over_one_that_is_like_it():
    matched = match_rows([row(2, "4"), row(3, "Apt 4")], units("4", "Apt 4"))
    assert found(matched) == {2: "4", 3: "Apt 4"}
    assert (
        matched.findings[0].message == "Only their spelling tells the units “4” and “Apt 4” apart."
    )


def test_a_row_that_could_mean_two_units_is_left_to_a_person():
    matched = match_rows([row(2, "4 A")], units("4-A", "4A"))
    assert found(matched) == {}
    assert left_out(matched) == {
        2: "“4 A” can be “4-A” and “4A”: give the id in a column of its own."
    }


def test_what_differs_by_more_than_separators_never_meets():
    matched = match_rows(
        [row(2, "23B"), row(3, "101-A"), row(4, "34")], units("2/3B", "10-1A", "3+4")
    )
    assert found(matched) == {}
    assert left_out(matched)[4] == "No unit of this property has the number “34”."


def test_the_building_tells_equal_numbers_apart():
    east, west = units("12", building="East"), units("12", "14", building="Bldg West")
    both = [*east, *(UnitName(u.pk + 10, f"w{u.pk}", u.unit_number, u.building) for u in west)]
    rows = [
        row(2, "12", building="Building East"),
        row(3, "12", building="west"),
        row(4, "12"),
        row(5, "14"),
        row(6, "12", building="North"),
    ]
    matched = match_rows(rows, both)
    assert {number: str(unit) for number, unit in matched.units.items()} == {
        2: "East 12",
        3: "Bldg West 12",
        5: "Bldg West 14",
    }
    assert left_out(matched) == {
        4: "“12” can be “East 12” and “Bldg West 12”: give the building in a column of its own.",
        6: "No unit of this property has the number “12” in building “North”.",
    }


def test_a_building_is_no_matter_where_the_pms_has_none():
    assert found(match_rows([row(2, "12", building="A")], units("12"))) == {2: "12"}


def test_the_pms_id_counts_before_the_number():
    rows = [
        row(2, "one", unit_id="unit_1"),
        row(3, unit_id="unit_2"),
        row(4, "0103", unit_id="unit_3"),
        row(5, "101", unit_id="unit_4"),
        row(6, "105", unit_id="unit_9"),
    ]
    matched = match_rows(rows, units("101", "102", "103", "104", "105"))
    assert found(matched) == {2: "101", 3: "102", 4: "103"}
    assert left_out(matched) == {
        5: "The id is that of unit 104, the number that of 101.",
        6: "No unit of this property has the id “unit_9”.",
    }
    notes = [finding for finding in matched.findings if finding.weight == Weight.NOTE]
    assert [note.row for note in notes] == [2]


def test_ids_of_another_system_are_given_up_with_a_note():
    rows = [row(2, "101", unit_id="7781"), row(3, unit_id="102")]
    matched = match_rows(rows, units("101", "102"))
    assert found(matched) == {2: "101", 3: "102"}
    assert matched.findings[0].message.startswith("None of the unit ids is one of this property's")


def test_a_unit_that_left_the_pms_takes_no_values():
    gone = UnitName(1, "unit_1", "101", missing=True)
    for each in (row(2, "101"), row(2, unit_id="unit_1")):
        assert left_out(match_rows([each], [gone])) == {2: "Unit 101 is no longer in the PMS."}


def test_rows_that_say_the_same_count_once():
    rows = [row(2, "101"), row(5, "Apt 101")]
    matched = match_rows(rows, units("101"))
    assert [each.number for each in matched.rows] == [2]
    assert matched.findings[0].message == "The row says the same of unit 101 as row 2."


def test_rows_that_contradict_one_another_are_all_left_out():
    rows = [row(2, "101"), row(5, "101", values={"sqft": "900"}), row(7, "102")]
    matched = match_rows(rows, units("101", "102"))
    assert found(matched) == {7: "102"}
    assert left_out(matched) == {
        2: "Row 5 speaks of unit 101 too and says something else; leave only one.",
        5: "Row 2 speaks of unit 101 too and says something else; leave only one.",
    }


def test_it_asks_about_zeros_and_numbers_that_a_spreadsheet_changed():
    matched = match_rows([row(2, "101"), row(3, "1E2")], units("0101", "0100"))
    assert left_out(matched) == {
        2: "No unit of this property has the number “101”. If “0101” is meant, write it so: "
        "zeros in front count.",
        3: "No unit of this property has the number “1E2”. A spreadsheet may have taken it for a "
        "number; write it as text.",
    }


NUMBERS = st.text(st.sampled_from("#Apt 014-/AB."), min_size=1, max_size=6).filter(str.strip)


@given(st.lists(NUMBERS, unique=True, max_size=6), st.lists(NUMBERS, max_size=6))
def test_every_row_is_matched_or_named_and_no_unit_has_two(numbers, written):
    rows = [row(number, text.strip()) for number, text in enumerate(written, start=2)]
    matched = match_rows(rows, units(*numbers))
    pks = [unit.pk for unit in matched.units.values()]
    assert len(pks) == len(set(pks))
    named = {finding.row for finding in matched.findings}
    assert {each.number for each in rows} <= named | matched.units.keys()


@given(st.lists(NUMBERS, unique_by=str.upper, max_size=6))
def test_a_list_with_the_numbers_as_the_pms_writes_them_finds_each_unit(numbers):
    rows = [row(number, text) for number, text in enumerate(numbers, start=2)]
    same = {plain: plain for plain in (" ".join(text.upper().split()) for text in numbers)}
    matched = match_rows(rows, units(*numbers))
    if len(same) == len(numbers):
        assert list(found(matched).values()) == numbers

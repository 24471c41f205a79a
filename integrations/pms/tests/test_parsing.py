from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.pms.parsing import Fields, read_row
from integrations.pms.records import MalformedRecord
from integrations.pms.unified_records import lease_from, payment_from, property_from, unit_from
from integrations.pms.values import tidy
from meterbase.lib.exact_json import read_json, write_json

HUGE = Decimal("1E+999999999")
READERS = (
    "identifier",
    "optional_identifier",
    "text",
    "label",
    "required_label",
    "whole",
    "square_feet",
    "decimal",
    "rooms",
    "amount",
    "day",
    "required_day",
    "moment",
    "flag",
    "inner",
    "cents",
    "optional_cents",
    "calendar_day",
    "texts",
)


def read(kind: str, value: object) -> tuple[object, list[str]]:
    fields = Fields({"field": value})
    return getattr(fields, kind)("field"), fields.problems


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("identifier", "unit_1", "unit_1"),
        ("cents", 14250, Decimal("142.50")),
        ("cents", Decimal("-14250.0"), Decimal("-142.50")),
        ("optional_cents", None, None),
        ("calendar_day", "2026-04-30T00:00:00.000Z", date(2026, 4, 30)),
        ("calendar_day", "2026-04-30T23:30:00-05:00", date(2026, 4, 30)),
        ("calendar_day", "2026-04-30 05:00:00", date(2026, 4, 30)),
        ("calendar_day", "2026-04-30", date(2026, 4, 30)),
        ("calendar_day", "", None),
        ("texts", ["a", 1, {"b": None}], ("a", "1", '{"b":null}')),
        ("texts", None, ()),
        ("identifier", " 7 é", " 7 é"),
        ("optional_identifier", None, None),
        ("text", "  1600\xa0Museum   Park \n", "1600 Museum Park"),
        ("text", "Cafe\u0301", "Caf\xe9"),
        ("text", "a\x00b\ud800", "a b"),
        ("text", "=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("text", None, ""),
        ("label", "0101", "0101"),
        ("label", "1E2", "1E2"),
        ("label", 101, "101"),
        ("label", Decimal("98101.0"), "98101"),
        ("label", None, ""),
        ("required_label", "A-202", "A-202"),
        ("whole", 3, 3),
        ("whole", "3", 3),
        ("whole", Decimal("3.0"), 3),
        ("whole", 0, 0),
        ("whole", "1,250", 1250),
        ("whole", None, None),
        ("square_feet", 742, 742),
        ("square_feet", "1,050", 1050),
        ("square_feet", "1,050 SF", 1050),
        ("square_feet", "1050 sq. ft.", 1050),
        ("square_feet", "1050.00", 1050),
        ("square_feet", Decimal("1050.5"), 1051),
        ("square_feet", 0, None),
        ("square_feet", Decimal("0E+999999999"), None),
        ("square_feet", "0.00", None),
        ("square_feet", "-", None),
        ("square_feet", "null", None),
        ("square_feet", "", None),
        ("square_feet", None, None),
        ("decimal", "1.5", Decimal("1.5")),
        ("decimal", Decimal("2.5"), Decimal("2.5")),
        ("rooms", "Studio", Decimal(0)),
        ("rooms", " STU ", Decimal(0)),
        ("rooms", 0, Decimal(0)),
        ("rooms", "1.5", Decimal("1.5")),
        ("rooms", None, None),
        ("amount", Decimal("142.5"), Decimal("142.50")),
        ("amount", Decimal("-0.05"), Decimal("-0.05")),
        ("amount", 100, Decimal("100.00")),
        ("amount", "1,142.50", Decimal("1142.50")),
        ("day", "2026-04-01", date(2026, 4, 1)),
        ("day", "2025-05-31T00:00:00Z", date(2025, 5, 31)),
        ("day", "2025-05-31T00:00:00.000Z", date(2025, 5, 31)),
        ("day", "2025-05-31T00:00:00+00:00", date(2025, 5, 31)),
        ("day", None, None),
        ("day", "", None),
        ("required_day", "2026-04-01", date(2026, 4, 1)),
        ("moment", "2026-04-01T12:00:00Z", datetime(2026, 4, 1, 12, tzinfo=UTC)),
        ("moment", "2026-04-01T12:00:00", datetime(2026, 4, 1, 12, tzinfo=UTC)),
        (
            "moment",
            "2026-04-01T12:00:00.5-05:00",
            datetime(2026, 4, 1, 12, 0, 0, 500_000, tzinfo=timezone(timedelta(hours=-5))),
        ),
        ("moment", None, None),
        ("flag", False, False),
        ("flag", None, None),
    ],
)
def test_it_reads_what_systems_really_send(kind: str, value: object, expected: object) -> None:
    found, problems = read(kind, value)
    assert problems == []
    assert found == expected
    assert type(found) is type(expected)


def test_an_amount_always_has_two_decimals() -> None:
    assert str(read("amount", 7)[0]) == "7.00"
    assert str(read("amount", Decimal("1.5"))[0]) == "1.50"


@pytest.mark.parametrize(
    ("kind", "value", "allowed"),
    [
        ("identifier", None, "text that names a record"),
        ("identifier", "", "text that names a record"),
        ("identifier", "  ", "text that names a record"),
        ("identifier", 7, "text that names a record"),
        ("identifier", "a\x00", "text that names a record"),
        ("optional_identifier", [], "text that names a record"),
        ("text", 7, "text or null"),
        ("text", {}, "text or null"),
        ("identifier", "x" * 101, "text of at most 100 characters that names a record"),
        ("text", "x" * 201, "text of at most 200 characters"),
        ("whole", 3_000_000_000, "a whole number of at most 100,000,000, or null"),
        ("square_feet", "3,000,000,000", "a number of square feet of at most 100,000,000, or null"),
        ("rooms", 100, 'a number from 0 to 99, "Studio" or null'),
        ("label", True, "text, a whole number or null"),
        ("label", Decimal("1.5"), "text, a whole number or null"),
        ("label", HUGE, "text, a whole number or null"),
        ("required_label", "", "text that is not empty"),
        ("required_label", None, "text that is not empty"),
        ("whole", Decimal("2.5"), "a whole number of 0 or more, or null"),
        ("whole", -1, "a whole number of 0 or more, or null"),
        ("whole", True, "a whole number of 0 or more, or null"),
        ("whole", "two", "a whole number of 0 or more, or null"),
        ("whole", HUGE, "a whole number of 0 or more, or null"),
        ("square_feet", "big", "a number of square feet, or null"),
        ("square_feet", -5, "a number of square feet, or null"),
        ("square_feet", "1,05", "a number of square feet, or null"),
        ("square_feet", HUGE, "a number of square feet, or null"),
        ("decimal", "1.5.2", "a number of 0 or more, or null"),
        ("decimal", "\u0661", "a number of 0 or more, or null"),
        ("rooms", "many", 'a number from 0 to 99, "Studio" or null'),
        ("amount", None, "an amount in dollars"),
        ("amount", "ten", "an amount in dollars with at most two decimals"),
        ("amount", Decimal("1.005"), "an amount in dollars with at most two decimals"),
        ("amount", HUGE, "an amount in dollars with at most two decimals"),
        ("amount", True, "an amount in dollars with at most two decimals"),
        ("day", "04/01/2026", "a day as YYYY-MM-DD, or null"),
        ("day", "2026-02-30", "a day as YYYY-MM-DD, or null"),
        ("day", "20260401", "a day as YYYY-MM-DD, or null"),
        ("day", "2026-04-01T05:00:00Z", "a day as YYYY-MM-DD, or null"),
        ("day", 20260401, "a day as YYYY-MM-DD, or null"),
        ("required_day", None, "a day as YYYY-MM-DD"),
        ("required_day", "soon", "a day as YYYY-MM-DD, or null"),
        ("moment", "yesterday", "a moment as ISO 8601, or null"),
        ("moment", 1775044800, "a moment as ISO 8601, or null"),
        ("flag", "true", "true, false or null"),
        ("flag", 1, "true, false or null"),
        ("inner", "street", "an object or null"),
    ],
)
def test_a_wrong_field_is_named_with_what_it_may_be(kind: str, value: object, allowed: str) -> None:
    _, problems = read(kind, value)
    assert problems == [
        f"field is {write_json(value).decode()[:60]}; it must be {allowed}.",
    ]


@pytest.mark.parametrize("kind", READERS)
@given(
    value=st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text()
        | st.decimals(allow_nan=False, allow_infinity=False),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    )
)
def test_no_value_stops_a_reader(kind: str, value: object) -> None:
    _, problems = read(kind, value)
    assert len(problems) <= 1


def test_all_problems_of_a_row_are_found_at_once() -> None:
    row = {
        "id": "unit_1",
        "property_id": "prop_2",
        "unit_number": "101",
        "sqft": "large",
        "current_lease": {"id": "lease_1", "occupant_count": -2},
        "updated_at": "today",
    }
    found = read_row(row, kind="unit", build=lambda fields: unit_from(fields, property_id="prop_1"))
    assert isinstance(found, MalformedRecord)
    assert (found.kind, found.remote_id) == ("unit", "unit_1")
    assert [problem.split()[0] for problem in found.problems] == [
        "property_id",
        "sqft",
        "current_lease.occupant_count",
        "updated_at",
    ]
    assert read_json(found.raw.encode()) == row


@pytest.mark.parametrize("row", [None, [], "unit_1", 7])
def test_a_row_that_is_no_object_is_kept(row: object) -> None:
    found = read_row(row, kind="lease", build=lease_from)
    assert found == MalformedRecord(
        "lease", "", ("The row is not an object.",), write_json(row).decode()
    )


def test_a_row_that_is_nested_without_end_is_survived() -> None:
    deep: object = "end"
    for _ in range(900):
        deep = [deep]
    found = read_row({"id": "p", "name": deep}, kind="property", build=property_from)
    assert isinstance(found, MalformedRecord)
    assert found.raw


@pytest.mark.parametrize("build", [lease_from, property_from, payment_from])
def test_fields_that_nobody_asked_for_are_ignored(build: Callable[[Fields], object]) -> None:
    row = {
        "id": "x_1",
        "unit_id": "unit_1",
        "lease_id": "lease_1",
        "amount": 5,
        "received_on": "2026-04-01",
        "surprise": [{"deep": 1}],
    }
    assert not isinstance(read_row(row, kind="lease", build=build), MalformedRecord)


def test_tidy_keeps_every_letter() -> None:
    assert tidy("Łukasz O’Neill 🙂 Ñuñez") == "Łukasz O’Neill 🙂 Ñuñez"

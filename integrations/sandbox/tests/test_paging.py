from __future__ import annotations

import pytest

from integrations.sandbox.tests.client import CHARGE


def test_pages_are_counted_and_complete(full):
    pages = [full.get(f"/v1/units?property_id=prop_001&per_page=20&page={n}") for n in (1, 2, 3)]
    assert [len(page.ids) for page in pages] == [20, 20, 8]
    assert len({unit_id for page in pages for unit_id in page.ids}) == 48
    assert pages[1].body["pagination"] == {
        "total": 48,
        "page": 2,
        "per_page": 20,
        "total_pages": 3,
    }


def test_a_page_after_the_last_is_empty(full):
    assert full.get("/v1/units?property_id=prop_001&page=99").ids == []


def test_fifty_records_are_a_page_unless_asked_otherwise(full):
    assert len(full.get("/v1/units").ids) == 50


def test_a_cursor_walks_through_everything_once(full):
    walked = full.all_ids("/v1/units?property_id=prop_001", per_page=7)
    assert walked == full.get("/v1/units?property_id=prop_001&per_page=200").ids


def test_a_list_that_fits_has_no_next_cursor(full):
    answer = full.get("/v1/units?property_id=prop_001&per_page=48&cursor=")
    assert answer.body["pagination"] == {"next_cursor": None, "has_more": False, "per_page": 48}


def test_a_cursor_is_not_shifted_by_rows_that_come_in_between(client):
    first = [client.post("/v1/charges", CHARGE).body["id"] for _ in range(3)]
    page = client.get("/v1/charges?per_page=2&cursor=")
    later = client.post("/v1/charges", CHARGE).body["id"]
    cursor = page.body["pagination"]["next_cursor"]
    rest = client.get(f"/v1/charges?per_page=2&cursor={cursor}")
    assert page.ids + rest.ids == [*first, later]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("per_page=201", "per_page"),
        ("per_page=0", "per_page"),
        ("per_page=ten", "per_page"),
        ("per_page=%D9%A1", "per_page"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=", "page"),
        ("page=99999999999999999999", "page"),
        ("page=1&page=2", "page"),
        ("page=1&cursor=", "cursor"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%F0%9F%98%80", "cursor"),
        ("cursor=bGlzdGVkX2xlYXNlczo1", "cursor"),
        ("updated_since=yesterday", "updated_since"),
        ("updated_since=2026-01-01T00:00:00+02:00", "updated_since"),
    ],
)
def test_a_wrong_parameter_is_named(full, query, field):
    answer = full.get(f"/v1/units?{query}")
    assert (answer.status, answer.code) == (422, "VALIDATION_FAILED")
    assert list(answer.details) == [field]
    assert all(isinstance(message, str) for message in answer.details[field])


def test_a_wrong_effective_date_is_named(full):
    assert full.get("/v1/charges?effective_date=2026-W01-1").details.keys() == {"effective_date"}

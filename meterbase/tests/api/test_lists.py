"""Every list of the API is read page by page, in one manner."""

from __future__ import annotations

import pytest

from meterbase.tests.api.matrix import MATRIX
from meterbase.tests.api.routes import all_routes

# What the PMS offers is read from it as a whole.
_WHOLE = {"list_connection_properties"}


@pytest.mark.once("what a list is asked is the same on every database")
def test_every_list_has_pages_and_refuses_what_is_no_page(rows, sandbox, programs):
    lists = [
        route
        for route in all_routes()
        if route.name.startswith("list_") and route.name not in _WHOLE
    ]
    for route in lists:
        row = MATRIX[route.name]
        address = f"{route.url(row.values(rows))}{row.query(rows) or '?'}"
        program = programs["manager"]

        pagination = program.get(f"{address}&page=2&limit=1").json()["pagination"]
        pages = "totalPages" if route.path.startswith("/api/v1") else "total_pages"
        assert set(pagination) == {"total", "page", "limit", pages}, route.name
        assert (pagination["page"], pagination["limit"]) == (2, 1)
        assert pagination[pages] == pagination["total"], "one row on each page"
        usual = program.get(address).json()["pagination"]
        assert (usual["page"], usual["limit"]) == (1, 20)
        for wrong in ("limit=0", "limit=101", "limit=x", "page=0", "page=-1"):
            refused = program.get(f"{address}&{wrong}")
            assert refused.status_code == 422, (route.name, wrong)
            assert list(refused.json()["error"]["details"]) == [wrong.partition("=")[0]]

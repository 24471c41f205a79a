from __future__ import annotations

import json

import pytest
from django.core.management import call_command


@pytest.mark.once("templates take the time, whatever the database")
@pytest.mark.processes
def test_pages_are_measured_beside_smaller_ones_and_beside_constants(capsys) -> None:
    call_command("bench", "pages", "--json", "--quick")

    figures = json.loads(capsys.readouterr().out)
    pages = {page["name"]: page for page in figures["pages"]}
    assert pages.keys() == {"review", "property_list", "failures", "home"}
    # Wide of the mark, for other tests may run at the same time.
    assert all(page["growth"] < 5 for page in pages.values())
    assert all(0.5 < page["ratio_to_constant"] < 30 for page in pages.values())

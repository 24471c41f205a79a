from __future__ import annotations

import json

import pytest
from django.core.management import call_command


@pytest.mark.processes
def test_a_small_portfolio_is_measured_and_nothing_new_costs_next_to_nothing(capsys) -> None:
    sizes = ("--properties", "6", "--units", "20", "--minutes", "0")
    call_command("bench", "sync", "--json", *sizes)
    figures = json.loads(capsys.readouterr().out)
    assert figures["records"] > 6 * 20 * 2
    assert figures["pages"] == 6 * 3
    assert figures["ratio_to_floor"] > 1
    assert figures["second_to_first"] < 1 / 5
    assert figures["peak_rss_mb"] < 400
    assert figures["limit_used"] is None

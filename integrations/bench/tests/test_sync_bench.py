from __future__ import annotations

import json

import pytest
from django.core.management import call_command


@pytest.mark.once("it compares two ways on one database, whichever it is")
@pytest.mark.processes
def test_a_small_portfolio_is_measured_and_nothing_new_costs_next_to_nothing(capsys) -> None:
    sizes = ("--properties", "20", "--units", "100", "--minutes", "0")
    call_command("bench", "sync", "--json", *sizes)
    figures = json.loads(capsys.readouterr().out)
    assert figures["records"] > 20 * 100 * 2
    assert figures["pages"] > 20 * 3
    assert figures["ratio_to_floor"] > 1
    # Of CPU times, since they hardly depend on what else the machine does. At this size it is about
    # 5, as a first sync pays for its start here; 8 means that each record costs twice as much.
    assert 1 < figures["cpu_ratio_to_floor"] < 8
    assert figures["second_to_first"] < 1 / 5
    assert figures["peak_rss_mb"] < 400
    assert figures["limit_used"] is None

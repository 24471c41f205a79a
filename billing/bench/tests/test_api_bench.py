from __future__ import annotations

import json

import pytest
from django.core.management import call_command


@pytest.mark.once("what it measures is the same on both databases")
@pytest.mark.processes
def test_calls_are_measured_beside_a_bare_view_in_the_same_server(capsys) -> None:
    call_command("bench", "api", "--json", "--quick")

    figures = json.loads(capsys.readouterr().out)
    assert [call["name"] for call in figures["calls"]] == ["job status", "property list"]
    for call in figures["calls"]:
        assert call["per_s"] > 0
        # How fast it is says nothing here: other tests may run at the same time.
        assert call["constant_per_s"] > 0
        assert call["ratio_to_constant_view"] > 0

from __future__ import annotations

import json

import pytest
from django.core.management import call_command


@pytest.mark.once("it makes databases of its own")
@pytest.mark.processes
def test_the_engine_is_measured_in_every_way_on_databases_of_their_own(capsys) -> None:
    call_command("bench", "posting", "--json", "--quick")

    figures = json.loads(capsys.readouterr().out)
    # Wide of the mark, for other tests may run at the same time.
    assert figures["ratio_to_unsafe_loop"] > 0.1
    assert figures["speedup_4_workers"] > 2
    assert figures["cost_growth"] < 1.5
    assert figures["limit_used"] is None
    assert figures["throttled"] is None

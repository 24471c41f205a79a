from __future__ import annotations

import json

import pytest
from django.core.management import call_command


@pytest.mark.once("the paper takes the time, whatever the database")
@pytest.mark.processes
def test_statements_are_measured_beside_a_bare_pdf_on_a_database_of_their_own(capsys) -> None:
    call_command("bench", "statements", "--json", "--quick")

    figures = json.loads(capsys.readouterr().out)
    assert figures["statements"] > 10
    assert figures["pages"] >= figures["statements"]
    # Wide of the mark, for other tests may run at the same time and twenty are few.
    assert 0.5 < figures["ratio_to_bare_pdf"] < 4

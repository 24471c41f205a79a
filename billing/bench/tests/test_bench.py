from __future__ import annotations

import json
from fractions import Fraction

from django.core.management import call_command

from billing.bench.buildings import make_bill
from billing.bench.float_loop import share_by_float
from billing.rubs import allocate


def test_both_ways_do_the_same_job() -> None:
    bill = make_bill(500)
    allocation = allocate(bill)
    exact: dict[tuple[object, object], Fraction] = {
        (line.unit_label, line.lease_key): line.exact_cents for line in allocation.lines
    }
    vacant = (line for line in allocation.owner if line.unit is not None)
    exact |= {(line.unit_label, line.lease_key): line.exact_cents for line in vacant}
    by_float = {(row["unit"], row["lease"]): row["share"] for row in share_by_float(bill)}
    assert exact.keys() == by_float.keys()
    for line, share in by_float.items():
        wanted = exact[line] / allocation.basis.pool_cents
        assert abs(Fraction(str(share)) - wanted) < Fraction(1, 10**9)


def test_it_prints_its_figures_as_json(capsys) -> None:
    call_command("bench", "allocate", "--json", "--units", "200", "--rounds", "1")
    figures = json.loads(capsys.readouterr().out)
    assert figures["units"] == 200
    assert figures["seconds"] > 0
    assert figures["ratio_to_float_loop"] > 0
    assert figures["growth_10x"] > 0


def test_it_prints_its_figures_for_people_too(capsys) -> None:
    call_command("bench", "allocate", "--units", "200", "--rounds", "1")
    assert "ratio to float loop: " in capsys.readouterr().out

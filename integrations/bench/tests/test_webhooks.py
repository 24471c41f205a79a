from __future__ import annotations

import pytest

from integrations.bench.webhooks import measure

_ENOUGH = 0.7


@pytest.mark.once("it compares two views on one database, whichever it is")
@pytest.mark.processes
def test_receiving_keeps_up_with_a_view_that_does_one_insert():
    # What else runs on the machine can only make it look slower than it is.
    for _ in range(3):
        measured = measure(requests=150, rounds=5)
        assert measured.refused == 0
        assert measured.received_per_s > 0
        if measured.ratio_to_insert_view >= _ENOUGH:
            return
    assert measured.ratio_to_insert_view >= _ENOUGH

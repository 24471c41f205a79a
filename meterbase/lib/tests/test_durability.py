from __future__ import annotations

import pytest
from django.db import connection, transaction

from meterbase.lib.durability import quick_commits

ASK = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}
USUAL, QUICK = {2, "on"}, {1, "off"}


def commits() -> object:
    with connection.cursor() as cursor:
        cursor.execute(ASK[connection.vendor])
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_commits_are_quick_inside_the_block_only():
    with quick_commits():
        assert commits() in QUICK
    assert commits() in USUAL


@pytest.mark.django_db(transaction=True)
def test_commits_are_as_usual_again_after_an_error():
    with pytest.raises(KeyError), quick_commits():
        raise KeyError
    assert commits() in USUAL


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_closed_meanwhile_starts_anew():
    with quick_commits():
        connection.close()
    assert commits() in USUAL


@pytest.mark.django_db(transaction=True)
def test_somebody_elses_transaction_stays_as_it_is():
    with transaction.atomic(), quick_commits():
        assert commits() in USUAL

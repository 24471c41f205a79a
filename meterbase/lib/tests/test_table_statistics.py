"""SQLite is told how its tables are filled; PostgreSQL looks for itself."""

from __future__ import annotations

import pytest
from django.db import connection

from meterbase.lib.table_statistics import refresh_statistics
from portfolios.models import User

pytestmark = pytest.mark.django_db


def rows_that_sqlite_expects(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE tbl = %s", [table])
        return int(cursor.fetchone()[0].split()[0])


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL looks for itself.")
def test_sqlite_knows_how_many_rows_there_are_and_looks_again():
    for people in (10, 30):
        User.objects.bulk_create(User(username=f"{people}-{each}") for each in range(people))
        refresh_statistics()
        assert rows_that_sqlite_expects("portfolios_user") == User.objects.count()


def test_postgresql_is_left_alone(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(connection, "vendor", "postgresql")
    with django_assert_num_queries(0):
        refresh_statistics()

"""What a database knows of how its tables are filled, by which it chooses its ways to rows.

PostgreSQL looks for itself when many rows have changed. SQLite only looks when it is told to, and
guesses until then: with a hundred thousand charges, a page then takes several times as long.
"""

from __future__ import annotations

from django.db import connection

# So many rows of each index tell enough, however large the table is.
_ROWS_LOOKED_AT = 1_000


def refresh_statistics() -> None:
    """Let SQLite look anew how its tables are filled; PostgreSQL does so by itself.

    Effects: SQLite's statistics, which each connection reads when it is opened.
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit = {_ROWS_LOOKED_AT}")
        cursor.execute("ANALYZE")

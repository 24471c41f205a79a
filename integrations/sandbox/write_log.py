"""The log of writes: the only trace of a job whose answer was lost."""

from __future__ import annotations

import json
from datetime import timedelta

from integrations.sandbox.exchange import Sandbox
from integrations.sandbox.listing import Row
from integrations.sandbox.moments import stamp
from integrations.sandbox.v1_query import choice_in, query_of, window_of
from meterbase.lib.exact_json import JsonValue, read_json

_LARGEST_LIMIT = 100
_RANGES = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}
_NAMES = {
    "resident_charges": "Create Resident Charge",
    "resident_credits": "Create Resident Credit",
}


def list_writes(sandbox: Sandbox, query_text: str) -> list[dict[str, JsonValue]]:
    """List the writes that have come to an end, newest first.

    Shape: whether anybody has looked at their status makes no difference here.
    Errors: Problem 400 for wrong parameters.
    """
    query = query_of(query_text)
    window = window_of(query, sortable=("created_at",), largest=_LARGEST_LIMIT)
    conditions, values = ["j.settles_at <= ?"], [sandbox.now()]
    if "integration_id" in query:
        conditions.append("j.connection_id = ?")
        values.append(query["integration_id"])
    if "status" in query:
        succeeded = choice_in("status", query["status"], ("SUCCESS", "FAILURE")) == "SUCCESS"
        conditions.append("j.outcome = 'SUCCESS'" if succeeded else "j.outcome <> 'SUCCESS'")
    if "write_category" in query:
        conditions.append("j.category = ?")
        values.append(query["write_category"])
    if "time_range" in query:
        back = _RANGES[choice_in("time_range", query["time_range"], tuple(_RANGES))]
        conditions.append("j.created_at >= ?")
        values.append(stamp(sandbox.clock() - back))
    sql = (
        "SELECT j.*, c.vendor FROM write_jobs j JOIN connections c ON c.id = j.connection_id"  # noqa: S608  own words
        f" WHERE {' AND '.join(conditions)} ORDER BY j.seq DESC LIMIT ? OFFSET ?"
    )
    with sandbox.store.reading() as connection:
        rows = connection.execute(sql, [*values, window.limit, window.offset]).fetchall()
    return [_written(row) for row in rows]


def _written(row: Row) -> dict[str, JsonValue]:
    errors = json.loads(row["errors"])
    return {
        "id": f"log_{row['seq']}",
        "created_at": row["created_at"],
        "job_id": row["id"],
        "job_log_id": f"joblog_{row['seq']}",
        "status": "SUCCESS" if row["outcome"] == "SUCCESS" else "FAILURE",
        "integration_id": row["connection_id"],
        "job_type": f"WRITE_{row['category'].upper()}",
        "parameters": read_json(row["body"].encode()),
        "error": errors[0] if errors else None,
        "name": _NAMES[row["category"]],
        "vendor": row["vendor"],
    }

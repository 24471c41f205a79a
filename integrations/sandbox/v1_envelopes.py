"""The envelopes of contract v1 around what the database has written."""

from __future__ import annotations

from integrations.sandbox.exchange import Reply, Sandbox
from integrations.sandbox.json_replies import json_reply
from integrations.sandbox.listing import Selection, read_page
from integrations.sandbox.v1_query import Window


def list_reply(sandbox: Sandbox, selection: Selection, window: Window) -> Reply:
    """Answer a part of a list."""
    with sandbox.store.reading() as connection:
        page = read_page(
            connection, selection, order=window.sql(), limit=window.limit, offset=window.offset
        )
    meta = window.meta(count=page.count, total=page.total or 0)
    return json_reply(f'{{"meta":{meta},"results":[{page.rows}]}}')


def record_reply(sandbox: Sandbox, selection: Selection, window: Window) -> Reply | None:
    """Answer one record, an object in the place of the list; None when there is none."""
    with sandbox.store.reading() as connection:
        page = read_page(connection, selection, order="seq", limit=1, offset=0)
    if not page.count:
        return None
    return json_reply(f'{{"meta":{window.meta(count=1, total=1)},"results":{page.rows}}}')


def result_reply(body: str | None) -> Reply:
    """Answer a change: `result` and nothing else."""
    return json_reply(f'{{"result":{body or "null"}}}')

"""Answers whose JSON the database has written already."""

from __future__ import annotations

from integrations.sandbox.exchange import Reply


def json_reply(text: str, *, status: int = 200) -> Reply:
    """Answer with JSON text as it is."""
    return Reply(status, None, raw=text.encode())

"""The two paginations of contract `unified`: by page number and by cursor."""

from __future__ import annotations

import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from integrations.sandbox.listing import Selection, count_rows, select_rows
from integrations.sandbox.problems import Problem, invalid
from integrations.sandbox.unified_records import Writer
from meterbase.lib.exact_json import JsonValue

_DEFAULT_PER_PAGE = 50
_LARGEST_PER_PAGE = 200
_LARGEST_PAGE = 1_000_000


@dataclass(frozen=True, slots=True)
class Paging:
    """Which part of a list is wanted.

    Shape: `cursor` is None for page numbers; an empty cursor is the beginning.
    """

    page: int
    per_page: int
    cursor: str | None


def paging_of(query: Mapping[str, str]) -> Paging:
    """Read the paging parameters.

    Errors: Problem 422; too much per page is refused and never silently capped.
    """
    if "page" in query and "cursor" in query:
        raise invalid({"cursor": ["cannot be given together with page"]})
    return Paging(
        page=_number(query, "page", default=1, largest=_LARGEST_PAGE),
        per_page=_number(query, "per_page", default=_DEFAULT_PER_PAGE, largest=_LARGEST_PER_PAGE),
        cursor=query.get("cursor"),
    )


def list_page(
    connection: sqlite3.Connection, selection: Selection, paging: Paging, *, write: Writer
) -> JsonValue:
    """Read and write the wanted part of a list."""
    if paging.cursor is not None:
        return _by_cursor(connection, selection, paging.per_page, paging.cursor, write=write)
    total = count_rows(connection, selection)
    offset = (paging.page - 1) * paging.per_page
    rows = select_rows(connection, selection, limit=paging.per_page, offset=offset)
    return {
        "data": [write(row) for row in rows],
        "pagination": {
            "total": total,
            "page": paging.page,
            "per_page": paging.per_page,
            "total_pages": -(-total // paging.per_page),
        },
    }


def _by_cursor(
    connection: sqlite3.Connection,
    selection: Selection,
    per_page: int,
    cursor: str,
    *,
    write: Writer,
) -> JsonValue:
    """Continue after the row that the cursor names, so that new rows never shift old ones."""
    after = _seq_of(cursor, selection.view) if cursor else 0
    rows = select_rows(connection, selection, limit=per_page + 1, after_seq=after)
    has_more = len(rows) > per_page
    shown = rows[:per_page]
    return {
        "data": [write(row) for row in shown],
        "pagination": {
            "next_cursor": _cursor_to(selection.view, shown[-1]["seq"]) if has_more else None,
            "has_more": has_more,
            "per_page": per_page,
        },
    }


def _cursor_to(view: str, seq: int) -> str:
    return urlsafe_b64encode(f"{view}:{seq}".encode()).decode().rstrip("=")


def _seq_of(cursor: str, view: str) -> int:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name, _, seq = urlsafe_b64decode(padded.encode("ascii")).decode("ascii").partition(":")
    except ValueError:
        raise _bad_cursor() from None
    if name != view or not seq.isdigit() or len(seq) > len("999999999999"):
        raise _bad_cursor()
    return int(seq)


def _bad_cursor() -> Problem:
    return invalid({"cursor": ["is not a cursor of this list"]})


def _number(query: Mapping[str, str], name: str, *, default: int, largest: int) -> int:
    text = query.get(name, str(default))
    readable = text.isascii() and text.isdigit() and len(text) <= len(str(largest))
    if not readable or not 1 <= int(text) <= largest:
        raise invalid({name: [f"must be a whole number from 1 to {largest}"]})
    return int(text)

"""The two paginations of contract `unified`: by page number and by cursor."""

from __future__ import annotations

import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from integrations.sandbox.listing import Selection, has_more_after, read_after, read_page
from integrations.sandbox.problems import Problem, invalid

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


def list_page(connection: sqlite3.Connection, selection: Selection, paging: Paging) -> str:
    """Read the wanted part of a list as JSON."""
    if paging.cursor is not None:
        return _by_cursor(connection, selection, paging.per_page, paging.cursor)
    page = read_page(
        connection,
        selection,
        order="seq",
        limit=paging.per_page,
        offset=(paging.page - 1) * paging.per_page,
    )
    total = page.total or 0
    return (
        f'{{"data":[{page.rows}],"pagination":{{"total":{total},"page":{paging.page},'
        f'"per_page":{paging.per_page},"total_pages":{-(-total // paging.per_page)}}}}}'
    )


def _by_cursor(
    connection: sqlite3.Connection, selection: Selection, per_page: int, cursor: str
) -> str:
    """Continue after the row that the cursor names, so that new rows never shift old ones."""
    after = _seq_of(cursor, selection.listing.table) if cursor else 0
    page = read_after(connection, selection, after_seq=after, limit=per_page)
    following = "null"
    if page.count == per_page and has_more_after(connection, selection, after_seq=page.last_seq):
        following = f'"{_cursor_to(selection.listing.table, page.last_seq)}"'
    has_more = "false" if following == "null" else "true"
    return (
        f'{{"data":[{page.rows}],"pagination":{{"next_cursor":{following},'
        f'"has_more":{has_more},"per_page":{per_page}}}}}'
    )


def _cursor_to(table: str, seq: int) -> str:
    return urlsafe_b64encode(f"{table}:{seq}".encode()).decode().rstrip("=")


def _seq_of(cursor: str, table: str) -> int:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        name, _, seq = urlsafe_b64decode(padded.encode("ascii")).decode("ascii").partition(":")
    except ValueError:
        raise _bad_cursor() from None
    if name != table or not seq.isdigit() or len(seq) > len("999999999999"):
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
